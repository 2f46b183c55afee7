//! The row that is inserted: its key is generated, as most are.

use sea_orm::ActiveValue;
use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "booking")]
#[write_through(ttl = "1h")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub flight_id: i64,
    pub passenger: String,
    pub seat: String,
    pub price: f64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A new row.
pub(crate) fn new(flight_id: i64, number: i64) -> ActiveModel {
    ActiveModel {
        id: ActiveValue::NotSet,
        flight_id: ActiveValue::Set(flight_id),
        passenger: ActiveValue::Set(format!("Passenger No. {number} of {flight_id}")),
        seat: ActiveValue::Set(format!("{}{}", number / 6 + 1, char::from(b'A' + (number % 6) as u8))),
        price: ActiveValue::Set(99.5),
    }
}
