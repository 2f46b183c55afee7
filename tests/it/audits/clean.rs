//! No false alarm: while everybody writes and reads through the cache an audit finds nothing, and while one writes as the
//! textbook does, it finds that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::ActiveModelTrait;
use tokio::task::JoinSet;
use writethrough::{Audit, AuditReport, Store};
use writethrough_core::entry::encode_row;

use crate::support::entities::flight;
use crate::support::probe::Probe;
use crate::support::stage::Stage;

const FLIGHTS: i32 = 40;

/// How a flight is delayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Ours,
    /// UPDATE, then SET.
    Naive,
}

/// Eight writers and readers at full speed, and audits meanwhile; then one more, when all have stopped.
async fn audited(stage: &Stage, writer: Writer, comparisons: u64) -> (AuditReport, AuditReport) {
    stage.create_table(flight::Entity).await;
    let stores = [stage.store().await, stage.store().await];
    for id in 1..=FLIGHTS {
        flight::numbered(id, "WT 1").insert_through(&stores[0]).await.unwrap();
    }
    let over = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let (store, over) = (stores[number % 2].clone(), over.clone());
        let (plain, probe) = (stage.plain().await, Probe::of(stage).await);
        tasks.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let id = rand::random_range(1..=FLIGHTS);
                match writer {
                    Writer::Ours => drop(flight::delay(id, rand::random_range(0..1_000)).update_through(&store).await),
                    Writer::Naive => {
                        let row = flight::delay(id, rand::random_range(0..1_000)).update(&plain).await;
                        tokio::time::sleep(Duration::from_millis(rand::random_range(0..5))).await;
                        if let Ok(row) = row {
                            probe
                                .put(&probe.key::<flight::Entity>(id), encode_row::<flight::Entity>(&row).unwrap())
                                .await;
                        }
                    }
                }
                let id = rand::random_range(1..=FLIGHTS);
                store.load::<flight::Entity>(id).await.unwrap();
            }
        });
    }
    let mut whole = AuditReport::default();
    while whole.compared < comparisons && (writer == Writer::Ours || whole.is_clean()) {
        let report = audit(&stores[0]).await;
        whole.compared += report.compared;
        whole.in_flight += report.in_flight;
        whole.differing += report.differing;
    }
    over.store(true, Ordering::Relaxed);
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    (whole, audit(&stores[0]).await)
}

async fn audit(store: &Store) -> AuditReport {
    store.audit::<flight::Entity>(Audit::all()).await.expect("database and cache answer")
}

on_every_stage! {
    async fn while_eight_write_and_read_through_the_cache_every_audit_is_clean(stage: Stage) {
        let (during, after) = audited(&stage, Writer::Ours, 3_000).await;
        println!("{:?} {:?}: {during:?}", stage.backend, stage.cache);
        assert!(during.is_clean(), "{during:?}");
        assert!(after.is_clean(), "{after:?}");
        assert!(during.compared >= 3_000);
    }

    async fn while_eight_update_and_then_set_an_audit_finds_them_out(stage: Stage) {
        let (during, after) = audited(&stage, Writer::Naive, 20_000).await;
        println!("{:?} {:?}: {during:?} {after:?}", stage.backend, stage.cache);
        assert!(during.differing + after.differing > 0, "{during:?} {after:?}");
    }
}
