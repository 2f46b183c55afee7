//! A process is killed at every step of every operation.
//!
//! A step is a request to the cache or to the database, in the order in which the process sends them. All that servers
//! know of a process that died is which of its requests arrived; so each step is played twice, with the request lost and
//! with it delivered. Then the database must hold the write if and only if the commit arrived, and every reader must see
//! what the database holds: another process, and one that was started afterwards, while what the dead left stands in the
//! cache and when that has ended.
//!
//! With an outbox the fence is lost, too, right before the commit, and the old row cached. Then others are right once one
//! relay has looked.

mod bench;
mod operation;
mod request;
mod turnstile;

use bench::{Before, Bench, Fate, Killed, Operation};
use operation::Verb;

use crate::support::Backend;

/// More steps than any operation has.
const MANY: usize = 60;

const fn operation(name: &'static str, verb: Verb, before: Before) -> Operation {
    Operation { name, verb, before, loses_fence: false, breaks_at: None }
}

const READS: &[Operation] = &[
    operation("load, hit", Verb::Load, Before::Cached),
    operation("load, miss", Verb::Load, Before::Stored),
    operation("load by key, hit", Verb::LoadByKey, Before::Cached),
    operation("load by key, miss", Verb::LoadByKey, Before::Stored),
    operation("invalidate", Verb::Invalidate, Before::Cached),
    operation("invalidate all", Verb::InvalidateAll, Before::Cached),
];

const WRITES: &[Operation] = &[
    operation("save", Verb::Save, Before::Cached),
    operation("insert", Verb::Insert, Before::Absent),
    operation("insert, generated key", Verb::InsertGenerated, Before::Absent),
    operation("upsert", Verb::Upsert, Before::Cached),
    operation("delete", Verb::Delete, Before::Cached),
    operation("transaction of two rows", Verb::Transaction, Before::Cached),
];

const REPAIR: Operation =
    Operation { breaks_at: Some("FINISH"), ..operation("save, and its repair", Verb::Save, Before::Cached) };

const RECORDED: &[Operation] = &[
    Operation { loses_fence: true, ..operation("save", Verb::Save, Before::Cached) },
    Operation { loses_fence: true, ..operation("insert, generated key", Verb::InsertGenerated, Before::Absent) },
    Operation { loses_fence: true, ..operation("delete", Verb::Delete, Before::Cached) },
    Operation { loses_fence: true, ..operation("transaction of two rows", Verb::Transaction, Before::Cached) },
    operation("a relay's look", Verb::Look, Before::Cached),
];

/// Kills at every step; prints the table.
async fn kill_at_every_step(backend: Backend, outbox: bool, operations: &[Operation]) {
    let mut bench = Bench::new(backend, outbox).await;
    let mut cells = 0;
    for operation in operations {
        println!("{} on {backend:?}{}", operation.name, if outbox { ", with an outbox" } else { "" });
        for step in 1..MANY {
            let lost = bench.kill_at(*operation, step, Fate::Lost).await;
            let delivered = bench.kill_at(*operation, step, Fate::Delivered).await;
            let (Some(lost), Some(delivered)) = (lost, delivered) else { break };
            let Killed { at, written } = lost;
            let say = |written| if written { "written" } else { "not written" };
            println!("  {step:>3} {at:<20} lost: {:<12} delivered: {}", say(written), say(delivered.written));
            cells += 2;
        }
    }
    println!("{cells} kills on {backend:?}, and nobody saw anything else than the database held");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_while_it_loads_or_invalidates_leaves_nothing_old_on_postgres() {
    kill_at_every_step(Backend::Postgres, false, READS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_while_it_writes_leaves_nothing_old_on_postgres() {
    kill_at_every_step(Backend::Postgres, false, WRITES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_while_it_writes_leaves_nothing_old_on_mysql() {
    kill_at_every_step(Backend::MySql, false, WRITES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_while_it_repairs_leaves_nothing_old_on_postgres() {
    kill_at_every_step(Backend::Postgres, false, &[REPAIR]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_outbox_a_process_that_dies_leaves_nothing_old_even_if_its_fence_was_lost_on_postgres() {
    kill_at_every_step(Backend::Postgres, true, RECORDED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_outbox_a_process_that_dies_leaves_nothing_old_even_if_its_fence_was_lost_on_mysql() {
    kill_at_every_step(Backend::MySql, true, RECORDED).await;
}
