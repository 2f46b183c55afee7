//! A row whose table has triggers that record its changes in the outbox, with the columns that matter of [`flight`](crate::flight).

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "watched_flight")]
#[write_through(ttl = "1h")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub flight_no: String,
    pub seats_taken: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row with this id.
pub(crate) fn sample(id: i64) -> ActiveModel {
    ActiveModel { id: Set(id), flight_no: Set(format!("WT{id:05}")), seats_taken: Set(0) }
}

/// An update of one column.
pub(crate) fn change(id: i64, seats_taken: i64) -> ActiveModel {
    ActiveModel { id: Unchanged(id), seats_taken: Set(seats_taken), ..Default::default() }
}
