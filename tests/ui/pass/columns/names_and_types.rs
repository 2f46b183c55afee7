//! Whatever SeaORM lets a column be called and be; nothing of it derives serde.

mod odd_names {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "odd names", schema_name = "air", rename_all = "camelCase", comment = "a, (b) = c")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub r#type: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "no.", enum_name = "Number")]
        #[write_through(exact)]
        pub flight_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub _odd_: String,
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub r2_d2: String,
        #[sea_orm(unique, indexed, default_value = "a, b", column_type = "Decimal(Some((16, 4)))")]
        pub price: Decimal,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod types {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "types")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub newtype: Name,
        pub newtype_or_null: Option<Name>,
        pub active_enum: Kind,
        pub json: Json,
        pub json_struct: Extras,
        pub float: f64,
        pub bytes: Vec<u8>,
        pub date: Date,
        pub time: Time,
        pub zoned: DateTimeWithTimeZone,
        pub list: Vec<i32>,
        #[sea_orm(ignore)]
        pub in_no_table: Vec<std::sync::Arc<str>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
    pub struct Name(pub String);

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "i32", db_type = "Integer")]
    pub enum Kind {
        #[sea_orm(num_value = 0)]
        Passenger,
        #[sea_orm(num_value = 1)]
        Cargo,
    }

    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, sea_orm::FromJsonQueryResult)]
    pub struct Extras {
        pub meals: Vec<String>,
    }
}

#[test]
fn columns_are_told_by_the_names_seaorm_gives_them() {
    use odd_names::Column;
    use writethrough::CachedEntity;

    assert!(matches!(odd_names::Entity::exact_columns(), [Column::Type, Column::Number, Column::Odd, Column::R2D2]));
    assert!(types::Entity::exact_columns().is_empty());
}
