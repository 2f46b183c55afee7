//! Indexes, of every kind of column and in every format.

mod values {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(1))")]
    pub enum Cabin {
        #[sea_orm(string_value = "E")]
        Economy,
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
    pub struct Code(pub String);
}

mod compact {
    use super::values::{Cabin, Code};
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "compact")]
    #[write_through(index(r#type, cabin), index(number, type, id,))]
    #[allow(clippy::duplicated_attributes)]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(index, exact)]
        pub r#type: String,
        #[write_through(exact)]
        pub cabin: Cabin,
        #[sea_orm(column_name = "no.", enum_name = "FlightNumber")]
        pub number: i64,
        #[write_through(index, exact)]
        pub code: Option<Code>,
        #[write_through(index)]
        pub gate: Option<u8>,
        #[write_through(index)]
        pub uuid: std::option::Option<Uuid>,
        #[write_through(index)]
        pub bytes: std::vec::Vec<u8>,
        #[write_through(index)]
        pub s: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Every column is in an index, and a part of the primary key is one.
mod expanded {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Seats;

    impl EntityName for Seats {
        fn table_name(&self) -> &'static str {
            "seat"
        }
    }

    // `DeriveActiveModel` and `DerivePrimaryKey` know it by this name only.
    use Seats as Entity;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel, WriteThrough)]
    #[sea_orm(entity = Seats)]
    #[write_through(index(flight_id))]
    pub struct Model {
        pub flight_id: i32,
        #[write_through(index, exact)]
        pub number: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        FlightId,
        Number,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        FlightId,
        Number,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = (i32, String);

        fn auto_increment() -> bool {
            false
        }
    }

    impl ColumnTrait for Column {
        type EntityName = Seats;

        fn def(&self) -> ColumnDef {
            match self {
                Self::FlightId => ColumnType::Integer.def(),
                Self::Number => ColumnType::String(StringLen::None).def(),
            }
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter)]
    pub enum Relation {}

    impl RelationTrait for Relation {
        fn def(&self) -> RelationDef {
            match *self {}
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::prelude::Uuid;
use values::{Cabin, Code};
use writethrough::{CachedEntity, Result, Session};

#[test]
fn indexes_are_the_columns_in_the_order_of_their_names() {
    use compact::Column;

    let [type_and_cabin, number_and_type_and_id, r#type, rest @ ..] = compact::Entity::indexes() else {
        panic!("three and more");
    };
    assert!(matches!(type_and_cabin, [Column::Type, Column::Cabin]));
    assert!(matches!(number_and_type_and_id, [Column::FlightNumber, Column::Type, Column::Id]));
    assert!(matches!(r#type, [Column::Type]));
    assert!(matches!(rest, [[Column::Code], [Column::Gate], [Column::Uuid], [Column::Bytes], [Column::S]]));
    assert!(matches!(expanded::Seats::indexes(), [[expanded::Column::FlightId], [expanded::Column::Number]]));
}

#[allow(dead_code)]
async fn load_all(s: &impl Session) -> Result<()> {
    use compact::{Entity, Model};

    let _: Vec<Model> = Entity::load_all_cached_by_type("A320", s).await?;
    let _: Vec<Model> = Entity::load_all_cached_by_type_and_cabin("A320".to_owned(), Cabin::Economy, s).await?;
    let _: Vec<Model> = Entity::load_all_cached_by_number_and_type_and_id(454, "A320", 115, s).await?;
    let _: Vec<Model> = Entity::load_all_cached_by_code(Code("LH".to_owned()), s).await?;
    let _: Vec<Model> = Entity::load_all_cached_by_gate(7, s).await?;
    let _: Vec<Model> = Entity::load_all_cached_by_uuid(Uuid::nil(), s).await?;
    let _: Vec<Model> = Entity::load_all_cached_by_bytes([0_u8, 255], s).await?;
    let _: Vec<Model> = Entity::load_all_cached_by_s(true, s).await?;
    let _: Vec<expanded::Model> = expanded::Seats::load_all_cached_by_flight_id(115, s).await?;
    let _: Vec<expanded::Model> = expanded::Seats::load_all_cached_by_number("12A", s).await?;
    Ok(())
}
