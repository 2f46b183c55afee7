//! Entities for tests.

macro_rules! entity {
    (
        $(#[$attr:meta])*
        mod $name:ident { $($fields:tt)* }
        policy: $policy:expr, exact: $exact:expr $(, keys: $keys:expr)? $(, indexes: $indexes:expr)?
    ) => {
        #[allow(unreachable_pub, reason = "SeaORM's derives make everything public")]
        pub(crate) mod $name {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            $(#[$attr])*
            pub struct Model { $($fields)* }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            impl $crate::entity::CachedEntity for Entity {
                const POLICY: $crate::policy::EntityPolicy = $policy;

                fn exact_columns() -> &'static [Column] {
                    $exact
                }

                $(fn unique_keys() -> &'static [&'static [Column]] {
                    $keys
                })?

                $(fn indexes() -> &'static [&'static [Column]] {
                    $indexes
                })?
            }
        }
    };
    ($(#[$attr:meta])* mod $name:ident { $($fields:tt)* }) => {
        $crate::entity::samples::entity! {
            $(#[$attr])*
            mod $name { $($fields)* }
            policy: $crate::policy::EntityPolicy::new(), exact: &[]
        }
    };
}
pub(crate) use entity;

entity! {
    #[sea_orm(table_name = "flight")]
    mod flight {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(column_name = "flightNo")]
        pub flight_no: String,
        pub r#type: Option<String>,
    }
}

entity! {
    #[sea_orm(table_name = "seat")]
    mod seat {
        #[sea_orm(primary_key, auto_increment = false)]
        pub flight_id: i32,
        #[sea_orm(primary_key, auto_increment = false, column_name = "number")]
        pub seat_number: String,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[Column::SeatNumber]
}

entity! {
    #[sea_orm(table_name = "text")]
    mod text {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub value: Option<String>,
    }
}

entity! {
    #[sea_orm(table_name = "ticket")]
    mod ticket {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub code: Option<i64>,
        #[sea_orm(column_name = "holderMail")]
        pub mail: Option<String>,
        pub flight_id: i32,
        #[sea_orm(column_name = "seat")]
        pub seat_number: String,
        pub price: i32,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[Column::SeatNumber],
    keys: &[&[Column::Code], &[Column::Mail], &[Column::FlightId, Column::SeatNumber]],
    indexes: &[&[Column::FlightId], &[Column::Code, Column::SeatNumber], &[Column::Mail]]
}

/// Entities that differ from the plain ones in one thing.
pub(crate) mod odd {
    entity! {
        #[sea_orm(table_name = "a")]
        mod plus {
            #[sea_orm(primary_key, auto_increment = false)]
            pub a: String,
            #[sea_orm(primary_key, auto_increment = false)]
            pub b: String,
            #[sea_orm(column_name = "a+b")]
            pub a_plus_b: String,
            #[sea_orm(column_name = "a@b")]
            pub a_at_b: String,
        }
        policy: crate::policy::EntityPolicy::new(), exact: &[],
        keys: &[
            &[Column::A],
            &[Column::B],
            &[Column::A, Column::B],
            &[Column::B, Column::A],
            &[Column::APlusB],
            &[Column::AAtB],
        ],
        indexes: &[&[Column::A], &[Column::A, Column::B]]
    }

    entity! {
        #[sea_orm(table_name = "exact")]
        mod exact_plus {
            #[sea_orm(primary_key, auto_increment = false)]
            pub a: String,
            #[sea_orm(primary_key, auto_increment = false)]
            pub b: String,
        }
        policy: crate::policy::EntityPolicy::new(), exact: &[Column::A, Column::B],
        indexes: &[&[Column::A], &[Column::B]]
    }

    entity! {
        #[sea_orm(table_name = "a@a")]
        mod at {
            #[sea_orm(primary_key, auto_increment = false)]
            pub a: String,
            #[sea_orm(primary_key, auto_increment = false)]
            pub b: String,
        }
        policy: crate::policy::EntityPolicy::new(), exact: &[],
        keys: &[&[Column::B]]
    }

    entity! {
        #[sea_orm(table_name = "fli.ght", schema_name = "pub.lic")]
        mod schema {
            #[sea_orm(primary_key)]
            pub id: i32,
        }
    }

    entity! {
        #[sea_orm(table_name = "renamed")]
        mod renamed {
            #[sea_orm(primary_key)]
            pub id: i32,
        }
        policy: crate::policy::EntityPolicy::new().rename("old.name"), exact: &[]
    }

    entity! {
        #[sea_orm(table_name = "flight")]
        mod wider_flight {
            #[sea_orm(primary_key)]
            pub id: i64,
            #[sea_orm(column_name = "flightNo")]
            pub flight_no: String,
            pub r#type: Option<String>,
        }
    }

    entity! {
        #[sea_orm(table_name = "flight")]
        mod newer_flight {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub gate: Option<String>,
            pub r#type: Option<String>,
            #[sea_orm(column_name = "flightNo")]
            pub flight_no: String,
        }
    }

    entity! {
        #[sea_orm(table_name = "voyage")]
        mod other_table {
            #[sea_orm(primary_key)]
            pub id: i32,
            #[sea_orm(column_name = "flightNo")]
            pub flight_no: String,
            pub r#type: Option<String>,
        }
        policy: crate::policy::EntityPolicy::new().rename("flight"), exact: &[]
    }

    entity! {
        #[sea_orm(table_name = "flight")]
        mod other_key {
            #[sea_orm(primary_key)]
            pub number: i32,
        }
    }

    entity! {
        #[sea_orm(table_name = "bytes_key")]
        mod bytes_key {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Vec<u8>,
        }
    }

    entity! {
        #[sea_orm(table_name = "char_key")]
        mod char_key {
            #[sea_orm(primary_key, auto_increment = false, column_type = "Char(Some(4))")]
            pub id: String,
        }
    }

    entity! {
        #[sea_orm(table_name = "text_key")]
        mod text_key {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: String,
        }
    }

    entity! {
        #[sea_orm(table_name = "nullable_key")]
        mod nullable_key {
            #[sea_orm(primary_key, auto_increment = false, nullable)]
            pub id: i32,
        }
    }

    entity! {
        #[sea_orm(table_name = "half_exact")]
        mod half_exact {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: i32,
            #[sea_orm(primary_key, auto_increment = false)]
            pub code: String,
        }
    }
}
