//! What was done to flights, by whom. It is written often and hardly ever read, so it is not cached.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "writethrough_demo_flight_log")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub at: DateTimeUtc,
    pub flight_id: i32,
    pub minutes: i32,
    pub line: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::flight::Entity", from = "Column::FlightId", to = "super::flight::Column::Id")]
    Flight,
}

impl Related<super::flight::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Flight.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
