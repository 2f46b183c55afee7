//! One entity for every kind of primary key.

use sea_orm::sea_query::StringLen;

/// Numbers, text and so on as keys: a module with an entity of one `name` column.
macro_rules! named_thing {
    ($(#[$doc:meta])* $module:ident, $table:tt, $key:ty, [$($key_attr:tt)*] $(, $exact:tt)?) => {
        $(#[$doc])*
        pub mod $module {
            #[allow(unused_imports)]
            use super::*;
            use sea_orm::ActiveValue::Set;
            use sea_orm::entity::prelude::*;
            use writethrough::WriteThrough;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false $($key_attr)*)]
                $(#[write_through($exact)])?
                pub id: $key,
                pub name: String,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            pub fn named(id: $key, name: &str) -> ActiveModel {
                ActiveModel { id: Set(id), name: Set(name.to_owned()) }
            }
        }
    };
}

named_thing! {
    /// Text, which many a collation compares otherwise than by bytes.
    airport, "airport", String, []
}
named_thing! {
    /// Text that is declared to compare by bytes.
    airline, "airline", String, [], exact
}
named_thing! {
    /// A UUID that the application chooses.
    passenger, "passenger", Uuid, []
}
named_thing! {
    /// Bytes.
    token, "token", Vec<u8>, [, column_type = "VarBinary(StringLen::N(64))"]
}
named_thing! {
    /// An enum.
    cabin_price, "cabin_price", Cabin, []
}
named_thing! {
    /// A type of the application's own.
    crew, "crew", CrewId, []
}
named_thing! {
    /// The widest number.
    baggage, "baggage", i64, []
}
named_thing! {
    /// A number below zero and above.
    gate, "gate", bool, []
}

named_thing! {
    /// An enum of the database, which has an order of its own.
    class, "class", Class, []
}

/// What a passenger is known by.
pub type PassengerId = sea_orm::prelude::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, sea_orm::EnumIter, sea_orm::DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Cabin {
    #[sea_orm(string_value = "economy")]
    Economy,
    #[sea_orm(string_value = "business")]
    Business,
}

/// Not in the order of the alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sea_orm::EnumIter, sea_orm::DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "class_kind")]
pub enum Class {
    #[sea_orm(string_value = "first")]
    First,
    #[sea_orm(string_value = "business")]
    Business,
    #[sea_orm(string_value = "economy")]
    Economy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, sea_orm::DeriveValueType)]
pub struct CrewId(pub i32);

/// Two columns, of which one is text.
pub mod seat {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "seat")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub flight_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub number: String,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    pub fn named(id: (i32, String), name: &str) -> ActiveModel {
        ActiveModel { flight_id: Set(id.0), number: Set(id.1), name: Set(name.to_owned()) }
    }
}
