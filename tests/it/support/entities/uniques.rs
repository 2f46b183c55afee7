//! Entities with unique keys.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use writethrough::{CachedEntity, EntityPolicy};

use super::gated;

/// A number that may be missing, text, and two columns together. The last have no unique index.
pub mod ticket {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket_unique")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(unique)]
        pub code: Option<i64>,
        #[sea_orm(unique)]
        pub mail: String,
        pub flight_id: i32,
        pub seat: String,
        pub price: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// Numbers of the keys.
    pub const CODE: usize = 0;
    pub const MAIL: usize = 1;
    pub const SEAT: usize = 2;

    impl CachedEntity for Entity {
        const POLICY: EntityPolicy = EntityPolicy::new();

        /// Who is given a ticket for nothing is not remembered. May hold its caller, as [`gated`] does.
        fn keep(model: &Model) -> bool {
            gated::stop();
            model.price > 0
        }

        fn unique_keys() -> &'static [&'static [Column]] {
            &[&[Column::Code], &[Column::Mail], &[Column::FlightId, Column::Seat]]
        }

        fn exact_columns() -> &'static [Column] {
            &[Column::Seat]
        }
    }

    pub fn numbered(id: i32, mail: &str) -> ActiveModel {
        ActiveModel {
            id: Set(id),
            code: Set(Some(i64::from(id) + 1000)),
            mail: Set(mail.to_owned()),
            flight_id: Set(id),
            seat: Set("12A".to_owned()),
            price: Set(10),
        }
    }

    pub fn mail(mail: &str) -> Vec<Value> {
        vec![mail.into()]
    }

    pub fn code(code: i64) -> Vec<Value> {
        vec![code.into()]
    }
}

/// Before a deployment.
pub mod old {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pass")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(unique)]
        pub code: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl CachedEntity for Entity {
        const POLICY: EntityPolicy = EntityPolicy::new();

        fn unique_keys() -> &'static [&'static [Column]] {
            &[&[Column::Code]]
        }
    }
}

/// After it: a column more, and a key before the old one.
pub mod new {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pass")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(unique, default_value = 0)]
        pub chip: i32,
        #[sea_orm(unique)]
        pub code: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl CachedEntity for Entity {
        const POLICY: EntityPolicy = EntityPolicy::new();

        fn unique_keys() -> &'static [&'static [Column]] {
            &[&[Column::Chip], &[Column::Code]]
        }
    }
}

/// After another: the primary key is of another type.
pub mod wide {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pass")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub code: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl CachedEntity for Entity {
        const POLICY: EntityPolicy = EntityPolicy::new();

        fn unique_keys() -> &'static [&'static [Column]] {
            &[&[Column::Code]]
        }
    }
}

/// An enum of the database, one of ours, and a type of ours.
pub mod steward {
    use super::*;
    use crate::support::entities::every_column::Mood;
    use crate::support::entities::keys::{Cabin, CrewId};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "steward")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(unique)]
        pub mood: Mood,
        #[sea_orm(unique)]
        pub cabin: Option<Cabin>,
        #[sea_orm(unique)]
        pub crew: CrewId,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl CachedEntity for Entity {
        const POLICY: EntityPolicy = EntityPolicy::new();

        fn unique_keys() -> &'static [&'static [Column]] {
            &[&[Column::Mood], &[Column::Cabin], &[Column::Crew]]
        }
    }
}
