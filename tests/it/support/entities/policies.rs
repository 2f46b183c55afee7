//! One entity for every policy.

macro_rules! ticket {
    ($(#[$doc:meta])* $module:ident, [$($table:tt)*], [$($policy:tt)*]) => {
        $(#[$doc])*
        pub mod $module {
            use sea_orm::ActiveValue::Set;
            use sea_orm::entity::prelude::*;
            use writethrough::WriteThrough;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
            #[sea_orm($($table)*)]
            #[write_through($($policy)*)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: i32,
                pub price: i32,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            pub fn priced(id: i32, price: i32) -> ActiveModel {
                ActiveModel { id: Set(id), price: Set(price) }
            }

            /// Cheap tickets are not worth an entry.
            #[allow(dead_code)]
            fn is_dear(model: &Model) -> bool {
                model.price >= 100
            }
        }
    };
}

ticket! {
    /// The default: the entry is the new row when the call returns.
    refresh, [table_name = "ticket_refresh"], [on_write = "refresh"]
}
ticket! {
    /// Reply first.
    refresh_later, [table_name = "ticket_refresh_later"], [on_write = "refresh_later"]
}
ticket! {
    /// Only what was in the cache.
    refresh_if_cached, [table_name = "ticket_refresh_if_cached"], [on_write = "refresh_if_cached"]
}
ticket! {
    /// The next read fills.
    invalidate, [table_name = "ticket_invalidate"], [on_write = "invalidate"]
}
ticket! {
    /// Only dear ones are kept.
    cache_if, [table_name = "ticket_cache_if"], [cache_if = "is_dear"]
}
ticket! {
    /// Times of its own.
    times, [table_name = "ticket_times"], [ttl = "100s", negative_ttl = "20s"]
}
ticket! {
    /// Absence is not remembered.
    no_absence, [table_name = "ticket_no_absence"], [negative_ttl = "off"]
}
ticket! {
    /// Another name in keys.
    renamed, [table_name = "ticket_renamed"], [rename = "old ticket"]
}
ticket! {
    /// A table in a schema.
    in_schema, [schema_name = "sales", table_name = "ticket"], [ttl = "1h"]
}
ticket! {
    /// No fence, no write.
    fail, [table_name = "ticket_fail"], [on_cache_failure = "fail"]
}
