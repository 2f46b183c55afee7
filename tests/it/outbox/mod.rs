//! The outbox: what a process leaves behind is repaired by another, and what others change is noticed.

mod by_others;

mod migrations;

mod recorded;
mod relays;

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use writethrough::{OutboxOptions, StoreBuilder};

use crate::support::stage::Stage;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than any test: what happens nevertheless, happens for another reason.
const NEVER: Duration = Duration::from_secs(3600);

/// A relay that works fast enough for a test to wait for it.
fn quick() -> OutboxOptions {
    OutboxOptions::new().interval(Duration::from_millis(100))
}

/// A builder on this stage with an outbox, whose table is there.
async fn builder(stage: &Stage, outbox: OutboxOptions) -> StoreBuilder {
    outbox.create_table(&stage.plain().await).await.expect("the table can be created");
    stage.builder().outbox(outbox)
}

/// Rows that stand in the outbox.
async fn recorded(db: &DatabaseConnection) -> i64 {
    let count = Statement::from_string(db.get_database_backend(), "SELECT COUNT(*) FROM writethrough_outbox");
    let row = db.query_one_raw(count).await.expect("the table is there").expect("a count is a row");
    row.try_get_by_index(0).expect("a count is a number")
}

/// Waits until the outbox is empty.
async fn emptied(db: &DatabaseConnection) {
    until("the outbox is empty", async || recorded(db).await == 0).await;
}

/// Waits until something holds that no event tells.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
