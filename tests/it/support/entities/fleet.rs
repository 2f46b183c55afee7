//! Entities that refer to each other: airlines and their planes, their planes' engines, and whoever goes with them.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

/// What others belong to.
pub mod airline {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "fleet_airline")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(unique)]
        #[write_through(key)]
        pub code: i64,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::plane::Entity")]
        Plane,
    }

    impl Related<super::plane::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Plane.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn numbered(id: i32, name: &str) -> ActiveModel {
        ActiveModel { id: Set(id), code: Set(i64::from(id) + 1000), name: Set(name.to_owned()) }
    }
}

/// Goes with its airline, and with the plane that it was built after.
pub mod plane {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "fleet_plane")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[write_through(index)]
        pub airline_id: Option<i32>,
        pub model_id: Option<i32>,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::airline::Entity",
            from = "Column::AirlineId",
            to = "super::airline::Column::Id",
            on_delete = "Cascade"
        )]
        Airline,
        #[sea_orm(belongs_to = "Entity", from = "Column::ModelId", to = "Column::Id", on_delete = "Cascade")]
        Model,
        #[sea_orm(has_many = "super::engine::Entity")]
        Engine,
        #[sea_orm(has_many = "super::visit::Entity")]
        Visit,
    }

    impl Related<super::airline::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Airline.def()
        }
    }

    impl Related<super::engine::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Engine.def()
        }
    }

    impl Related<super::visit::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Visit.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn of(id: i32, airline: impl Into<Option<i32>>) -> ActiveModel {
        ActiveModel { id: Set(id), airline_id: Set(airline.into()), model_id: Set(None), name: Set("jet".to_owned()) }
    }
}

/// Goes with its plane. May hold its reader, as [`gated`](super::gated) does.
pub mod engine {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "fleet_engine")]
    #[write_through(cache_if = "pass")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[write_through(index)]
        pub plane_id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::plane::Entity",
            from = "Column::PlaneId",
            to = "super::plane::Column::Id",
            on_delete = "Cascade"
        )]
        Plane,
    }

    impl Related<super::plane::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Plane.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    fn pass(_: &Model) -> bool {
        super::super::gated::stop();
        true
    }

    pub fn of(id: i32, plane: i32) -> ActiveModel {
        ActiveModel { id: Set(id), plane_id: Set(plane) }
    }
}

/// Forgets its plane.
pub mod visit {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "fleet_visit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub plane_id: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::plane::Entity",
            from = "Column::PlaneId",
            to = "super::plane::Column::Id",
            on_delete = "SetNull"
        )]
        Plane,
    }

    impl Related<super::plane::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Plane.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn of(id: i32, plane: impl Into<Option<i32>>) -> ActiveModel {
        ActiveModel { id: Set(id), plane_id: Set(plane.into()) }
    }
}
