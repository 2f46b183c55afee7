//! The common case: a key that the database generates.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "flight")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub flight_no: String,
    pub gate: String,
    pub delay_minutes: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A flight that the database has yet to number.
pub fn departure(flight_no: &str) -> ActiveModel {
    ActiveModel {
        flight_no: Set(flight_no.to_owned()),
        gate: Set("A4".to_owned()),
        delay_minutes: Set(0),
        ..Default::default()
    }
}

/// A flight with a number of our own.
pub fn numbered(id: i32, flight_no: &str) -> ActiveModel {
    ActiveModel { id: Set(id), ..departure(flight_no) }
}

/// A change of one column.
pub fn delay(id: i32, minutes: i32) -> ActiveModel {
    ActiveModel { id: Set(id), delay_minutes: Set(minutes), ..Default::default() }
}

/// A change of another column.
pub fn gate(id: i32, gate: &str) -> ActiveModel {
    ActiveModel { id: Set(id), gate: Set(gate.to_owned()), ..Default::default() }
}
