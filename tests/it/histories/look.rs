//! What the database itself says in the end, written down like a load of a client of its own.

use sea_orm::{DatabaseConnection, EntityTrait};

use super::call::done;
use super::client::CLIENTS;
use super::operation::Effect;
use super::record::{CallId, Record, Records};
use super::row::{Entity, Values};

/// Looks at each of these rows; the client that did.
pub async fn look(records: &mut Records, plain: &DatabaseConnection, rows: Vec<i32>) -> u32 {
    let (process, file) = records.next();
    let (client, record) = (process * CLIENTS, Record::create(&file));
    for (number, row) in (0..).zip(rows) {
        let call = CallId { client, number };
        record.begun(call, "look", Vec::new());
        let model = Entity::find_by_id(row).one(plain).await.expect("the database answers");
        record.ended(call, done(vec![(row, Effect::Loaded(model.map(Values::from)))]));
    }
    client
}
