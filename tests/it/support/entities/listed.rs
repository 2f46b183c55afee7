//! Entities with indexes.

/// A number, one that may be missing, and two columns together.
pub mod leg {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "leg")]
    #[write_through(index(airline_id, day))]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[write_through(index)]
        pub airline_id: i32,
        pub day: i32,
        #[write_through(index)]
        pub gate: Option<i64>,
        pub minutes: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// Numbers of the indexes.
    pub const BY_DAY: usize = 0;
    pub const BY_AIRLINE: usize = 1;
    pub const BY_GATE: usize = 2;

    pub fn flown(id: i32, airline_id: i32) -> ActiveModel {
        ActiveModel {
            id: Set(id),
            airline_id: Set(airline_id),
            day: Set(1),
            gate: Set(Some(i64::from(airline_id) * 10)),
            minutes: Set(60),
        }
    }

    /// Another airline, and nothing else.
    pub fn moved(id: i32, airline_id: i32) -> ActiveModel {
        ActiveModel { id: Set(id), airline_id: Set(airline_id), ..Default::default() }
    }

    pub fn ids(legs: &[Model]) -> Vec<i32> {
        legs.iter().map(|leg| leg.id).collect()
    }
}

/// Holds whoever reads the values of its index: a reader between its query for lists and its fills.
pub mod held_leg {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;
    use sea_orm::{QueryResult, Value};
    use writethrough::__private::value_at;
    use writethrough::{CachedEntity, EntityPolicy};

    use crate::support::entities::gated;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "held_leg")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub airline_id: i32,
        pub minutes: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl CachedEntity for Entity {
        const POLICY: EntityPolicy = EntityPolicy::new();

        fn indexes() -> &'static [&'static [Column]] {
            &[&[Column::AirlineId]]
        }

        fn index_values(_: usize, row: &QueryResult, first: usize) -> Result<Vec<Value>, DbErr> {
            gated::stop();
            Ok(vec![value_at::<i32>(row, first)?])
        }
    }

    pub fn flown(id: i32, airline_id: i32) -> ActiveModel {
        ActiveModel { id: Set(id), airline_id: Set(airline_id), minutes: Set(60) }
    }

    pub fn moved(id: i32, airline_id: i32) -> ActiveModel {
        ActiveModel { id: Set(id), airline_id: Set(airline_id), ..Default::default() }
    }
}

/// Text that compares by bytes, a row that is not to be kept, and text of which nobody says how it compares.
pub mod fare {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;
    use sea_orm::{QueryResult, Value};
    use writethrough::__private::value_at;
    use writethrough::{CachedEntity, EntityPolicy};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "fare")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub code: String,
        pub route: String,
        pub price: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// Numbers of the indexes.
    pub const BY_CODE: usize = 0;
    pub const BY_ROUTE: usize = 1;

    impl CachedEntity for Entity {
        const POLICY: EntityPolicy = EntityPolicy::new();

        /// What costs nothing is not remembered.
        fn keep(model: &Model) -> bool {
            model.price > 0
        }

        fn indexes() -> &'static [&'static [Column]] {
            &[&[Column::Code], &[Column::Route]]
        }

        fn index_values(_: usize, row: &QueryResult, first: usize) -> Result<Vec<Value>, DbErr> {
            Ok(vec![value_at::<String>(row, first)?])
        }

        fn exact_columns() -> &'static [Column] {
            &[Column::Code]
        }
    }

    /// The database chooses the primary key.
    pub fn of(code: &str, route: &str, price: i32) -> ActiveModel {
        ActiveModel {
            code: Set(code.to_owned()),
            route: Set(route.to_owned()),
            price: Set(price),
            ..Default::default()
        }
    }
}
