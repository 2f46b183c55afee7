//! The row that is loaded and saved: ten columns of the usual types, about 150 bytes in the cache.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::prelude::chrono::TimeDelta;
use sea_orm::{ActiveValue, IntoActiveModel};
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "flight")]
#[write_through(ttl = "1h")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub flight_no: String,
    pub airline_id: i64,
    pub seats_taken: i64,
    pub price: f64,
    pub delayed: bool,
    pub origin: String,
    pub destination: String,
    pub remark: Option<String>,
    pub departure: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row with this id.
pub(crate) fn sample(id: i64) -> ActiveModel {
    Model {
        id,
        flight_no: format!("WT{id:05}"),
        airline_id: id % 97,
        seats_taken: 0,
        price: 99.5,
        delayed: id % 7 == 0,
        origin: "Hamburg".to_owned(),
        destination: "Lisboa".to_owned(),
        remark: (id % 3 == 0).then(|| "gate opens half an hour before departure".to_owned()),
        departure: DateTimeUtc::UNIX_EPOCH + TimeDelta::minutes(30_000_000 + id),
    }
    .into_active_model()
    .reset_all()
}

/// An update of one column.
pub(crate) fn change(id: i64, seats_taken: i64) -> ActiveModel {
    ActiveModel { id: ActiveValue::Unchanged(id), seats_taken: ActiveValue::Set(seats_taken), ..Default::default() }
}
