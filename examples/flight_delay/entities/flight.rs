//! A flight, which has an airline and two airports.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::StringLen;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "writethrough_demo_flight")]
#[write_through(ttl = "1h", rename = "flight")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub airline_id: i32,
    pub flight_no: String,
    pub origin_id: i32,
    pub destination_id: i32,
    pub gate: String,
    pub status: Status,
    /// Times are UTC.
    pub departure: DateTime,
    pub arrival: DateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Status {
    #[sea_orm(string_value = "scheduled")]
    Scheduled,
    #[sea_orm(string_value = "delayed")]
    Delayed,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::airline::Entity", from = "Column::AirlineId", to = "super::airline::Column::Id")]
    Airline,
    #[sea_orm(belongs_to = "super::airport::Entity", from = "Column::OriginId", to = "super::airport::Column::Id")]
    Origin,
    #[sea_orm(belongs_to = "super::airport::Entity", from = "Column::DestinationId", to = "super::airport::Column::Id")]
    Destination,
}

impl Related<super::airline::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Airline.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
