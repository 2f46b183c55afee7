//! Unique secondary keys, of every kind of column and in every format.

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

    impl From<&str> for Code {
        fn from(code: &str) -> Self {
            Self(code.to_owned())
        }
    }

    /// A type that is called like a type parameter.
    pub type S = i64;
}

mod compact {
    use super::values::{Cabin, Code, S};
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "compact", rename_all = "camelCase")]
    #[write_through(key(r#type, cabin), key(airline), ttl = "1h")]
    #[write_through(key(number, type, id,))]
    #[allow(clippy::duplicated_attributes)]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(key, exact)]
        pub r#type: String,
        #[write_through(exact)]
        pub cabin: Cabin,
        #[sea_orm(column_name = "no.", enum_name = "FlightNumber")]
        pub number: i64,
        #[sea_orm(unique)]
        pub airline: Code,
        #[write_through(key)]
        pub gate: Option<i32>,
        #[write_through(key)]
        pub passenger: Option<Code>,
        #[write_through(key)]
        pub uuid: std::option::Option<Uuid>,
        #[write_through(key)]
        pub s: S,
        #[write_through(key)]
        pub bytes: Vec<u8>,
        #[write_through(key)]
        pub price: f64,
        #[write_through(key)]
        pub _odd_: bool,
        #[write_through(key)]
        pub departure: DateTimeUtc,
        #[write_through(key)]
        pub meal: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod dense {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "dense")]
    #[write_through(key(previous_id, seat))]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        #[write_through(key)]
        pub email: String,
        #[sea_orm(unique_key = "place")]
        pub previous_id: i32,
        #[sea_orm(unique_key = "place")]
        pub seat: Option<String>,
        #[sea_orm(self_ref, relation_enum = "Previous", from = "previous_id", to = "id")]
        pub previous: HasOne<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod expanded {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "expanded"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel, WriteThrough)]
    #[write_through(key(city, name))]
    pub struct Model {
        #[write_through(exact)]
        pub iata_code: String,
        #[write_through(key, exact)]
        pub icao_code: Option<String>,
        #[write_through(exact)]
        pub city: String,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        IataCode,
        IcaoCode,
        City,
        Name,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        IataCode,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = String;

        fn auto_increment() -> bool {
            false
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            ColumnType::String(StringLen::None).def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use compact::Entity;
use values::{Cabin, Code};

#[allow(dead_code)]
async fn calls(store: &writethrough::Store) -> Result<(), writethrough::Error> {
    let _: Option<compact::Model> = Entity::load_cached_by_type_and_cabin("A320", Cabin::Economy, store).await?;
    Entity::load_cached_by_airline("LH", store).await?;
    Entity::load_cached_by_airline(Code("LH".into()), store).await?;
    Entity::load_cached_by_number_and_type_and_id(400, String::from("A320"), 1, store).await?;
    Entity::load_cached_by_type("A320", store).await?;
    Entity::load_cached_by_gate(12, store).await?;
    Entity::load_cached_by_passenger("Ada", store).await?;
    Entity::load_cached_by_uuid(sea_orm::prelude::Uuid::nil(), store).await?;
    Entity::load_cached_by_s(1, store).await?;
    Entity::load_cached_by_bytes(*b"LH1", store).await?;
    Entity::load_cached_by_price(1.5, store).await?;
    Entity::load_cached_by__odd_(true, store).await?;
    Entity::load_cached_by_departure(sea_orm::prelude::DateTimeUtc::UNIX_EPOCH, store).await?;
    Entity::load_cached_by_meal("soup", store).await?;
    dense::Entity::load_cached_by_email("ada@example.org", store).await?;
    dense::Entity::load_cached_by_previous_id_and_seat(400, "12A", store).await?;
    expanded::Entity::load_cached_by_icao_code("EDDF", store).await?;
    expanded::Entity::load_cached_by_city_and_name("Berlin", "Tegel", store).await?;
    Ok(())
}

#[allow(dead_code)]
fn spawned<S: writethrough::Session + 'static>(store: S) {
    tokio::spawn(async move {
        let _ = Entity::load_cached_by_type_and_cabin("A320", Cabin::Economy, &store).await;
        let _ = dense::Entity::load_cached_by_email("ada@example.org", &store).await;
    });
}

#[test]
fn keys_are_told_in_the_order_of_the_source_with_those_of_the_struct_first() {
    use compact::Column;
    use writethrough::CachedEntity;

    let [type_and_cabin, airline, number_and_type_and_id, r#type, rest @ ..] = Entity::unique_keys() else {
        panic!("there are more keys")
    };
    assert!(matches!(type_and_cabin, [Column::Type, Column::Cabin]));
    assert!(matches!(airline, [Column::Airline]));
    assert!(matches!(number_and_type_and_id, [Column::FlightNumber, Column::Type, Column::Id]));
    assert!(matches!(r#type, [Column::Type]));
    assert_eq!(rest.len(), 9);
    assert!(matches!(
        dense::Entity::unique_keys(),
        [[dense::Column::PreviousId, dense::Column::Seat], [dense::Column::Email]]
    ));
    assert!(matches!(
        expanded::Entity::unique_keys(),
        [[expanded::Column::City, expanded::Column::Name], [expanded::Column::IcaoCode]]
    ));
}

#[test]
fn columns_of_secondary_keys_may_be_exact() {
    use writethrough::CachedEntity;

    assert!(matches!(Entity::exact_columns(), [compact::Column::Type, compact::Column::Cabin]));
    assert!(matches!(
        expanded::Entity::exact_columns(),
        [expanded::Column::IataCode, expanded::Column::IcaoCode, expanded::Column::City]
    ));
}
