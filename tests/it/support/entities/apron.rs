//! Relations over other columns than a primary key of one: over two, over a unique one, over another type, and those that
//! are refused.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, IntoCondition};
use writethrough::WriteThrough;

use super::fleet::airline;

/// Has a key of two columns.
pub mod stand {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "apron_stand")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub pier: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::parking::Entity")]
        Parking,
    }

    impl Related<super::parking::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Parking.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn at(pier: i64, number: i32) -> ActiveModel {
        ActiveModel { pier: Set(pier), number: Set(number) }
    }
}

/// Refers to a stand by its two columns, and to an airline by its code.
pub mod parking {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "apron_parking")]
    #[write_through(index(stand_number, stand_pier))]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub stand_pier: Option<i64>,
        pub stand_number: Option<i32>,
        pub airline_code: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::stand::Entity",
            from = "(Column::StandPier, Column::StandNumber)",
            to = "(super::stand::Column::Pier, super::stand::Column::Number)",
            on_delete = "Cascade"
        )]
        Stand,
        #[sea_orm(
            belongs_to = "airline::Entity",
            from = "Column::AirlineCode",
            to = "airline::Column::Code",
            on_delete = "SetNull"
        )]
        Airline,
    }

    impl Related<super::stand::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Stand.def()
        }
    }

    impl Related<airline::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Airline.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn at(id: i32, stand: Option<(i64, i32)>, airline_code: Option<i64>) -> ActiveModel {
        ActiveModel {
            id: Set(id),
            stand_pier: Set(stand.map(|(pier, _)| pier)),
            stand_number: Set(stand.map(|(_, number)| number)),
            airline_code: Set(airline_code),
        }
    }
}

/// Belongs to one airline, which has no other.
pub mod license {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "apron_license")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(unique)]
        #[write_through(key)]
        pub airline_id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "airline::Entity", from = "Column::AirlineId", to = "airline::Column::Id")]
        Airline,
    }

    impl Related<airline::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Airline.def()
        }
    }

    impl Related<Entity> for airline::Entity {
        fn to() -> RelationDef {
            airline::Entity::has_one(Entity).into()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn of(id: i32, airline_id: i32) -> ActiveModel {
        ActiveModel { id: Set(id), airline_id: Set(airline_id) }
    }
}

/// Bears the number of the airline whose it is.
pub mod logo {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "apron_logo")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub airline_id: i32,
        pub colour: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "airline::Entity", from = "Column::AirlineId", to = "airline::Column::Id")]
        Airline,
    }

    impl Related<airline::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Airline.def()
        }
    }

    impl Related<Entity> for airline::Entity {
        fn to() -> RelationDef {
            airline::Entity::has_many(Entity).into()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn of(airline_id: i32, colour: &str) -> ActiveModel {
        ActiveModel { airline_id: Set(airline_id), colour: Set(colour.to_owned()) }
    }
}

/// Falls to plane 21 when its own goes.
pub mod spare {
    use super::super::fleet::plane;
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "apron_spare")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(default_value = 21)]
        #[write_through(index)]
        pub plane_id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "plane::Entity",
            from = "Column::PlaneId",
            to = "plane::Column::Id",
            on_delete = "SetDefault"
        )]
        Plane,
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn of(id: i32, plane: i32) -> ActiveModel {
        ActiveModel { id: Set(id), plane_id: Set(plane) }
    }
}

/// Not cached itself; refers to airlines in every way that is odd.
pub mod note {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "apron_note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Wider than what it refers to.
        pub airline_id: i64,
        pub airline_name: String,
        pub stand_number: i32,
        pub stand_pier: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "airline::Entity", from = "Column::AirlineId", to = "airline::Column::Id", skip_fk)]
        Airline,
    }

    impl Related<airline::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Airline.def()
        }
    }

    /// By a column that is no key.
    impl Related<super::super::fleet::plane::Entity> for Entity {
        fn to() -> RelationDef {
            use super::super::fleet::plane;
            Entity::belongs_to(plane::Entity).from(Column::AirlineName).to(plane::Column::Name).into()
        }
    }

    /// Between types that have nothing in common.
    impl Related<super::super::fleet::engine::Entity> for Entity {
        fn to() -> RelationDef {
            use super::super::fleet::engine;
            Entity::belongs_to(engine::Entity).from(Column::AirlineName).to(engine::Column::Id).into()
        }
    }

    /// With a condition.
    impl Related<super::super::fleet::visit::Entity> for Entity {
        fn to() -> RelationDef {
            use super::super::fleet::visit;
            let relation: RelationDef = Entity::belongs_to(visit::Entity).from(Column::Id).to(visit::Column::Id).into();
            relation.on_condition(|_, right| Expr::col((right, visit::Column::Id)).gt(10).into_condition())
        }
    }

    /// By two columns, the other way round than the stand has them.
    impl Related<super::stand::Entity> for Entity {
        fn to() -> RelationDef {
            use super::stand;
            let columns = (Column::StandNumber, Column::StandPier);
            Entity::belongs_to(stand::Entity).from(columns).to((stand::Column::Number, stand::Column::Pier)).into()
        }
    }

    /// Through another table.
    impl Related<super::parking::Entity> for Entity {
        fn to() -> RelationDef {
            super::stand::Relation::Parking.def()
        }

        fn via() -> Option<RelationDef> {
            Some(<Self as Related<super::stand::Entity>>::to())
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn about(id: i32, airline_id: i64) -> Model {
        Model { id, airline_id, airline_name: "WT".to_owned(), stand_number: 1, stand_pier: None }
    }
}
