//! A process is killed, or loses a connection, at every step of every operation.
//!
//! A step is a request to the cache or to the database, in the order in which the process sends them. All that servers
//! know of a process that died is which of its requests arrived; so each step is played with the request lost and with
//! it delivered, and both once more with a process that lives on without that connection. Then
//!
//! - the database must hold the write if and only if the commit arrived, or as the process was told;
//! - every reader must see what the database holds: another process, and one that was started afterwards, while what
//!   the dead left stands in the cache and when that has ended.
//!
//! With an outbox the fence is lost, too, right before the commit, and the old row cached again. Then others are right
//! as soon as one relay has looked.
//!
//! Left out are pings and the set-up of connections: who dies there, dies as at the next request. Connections of every
//! operation are broken in the long form only; the table is printed.

mod bench;
mod check;
mod operation;
mod request;
mod turnstile;

use bench::{Before, Bench, Fate, Operation, Outcome};
use futures_util::{StreamExt, stream};
use operation::Verb;

use super::{SECONDS, number};
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
    operation("save of two rows", Verb::SaveMany, Before::Cached),
    operation("insert of two rows", Verb::InsertMany, Before::Absent),
    operation("bulk update", Verb::UpdateMany, Before::Cached),
    operation("bulk delete", Verb::DeleteMany, Before::Cached),
];

const REPAIR: Operation =
    Operation { breaks_at: Some("FINISH"), ..operation("save, and its repair", Verb::Save, Before::Cached) };

const RECORDED: &[Operation] = &[
    Operation { loses_fence: true, ..operation("save", Verb::Save, Before::Cached) },
    Operation { loses_fence: true, ..operation("insert, generated key", Verb::InsertGenerated, Before::Absent) },
    Operation { loses_fence: true, ..operation("delete", Verb::Delete, Before::Cached) },
    Operation { loses_fence: true, ..operation("transaction of two rows", Verb::Transaction, Before::Cached) },
    Operation { loses_fence: true, ..operation("save of two rows", Verb::SaveMany, Before::Cached) },
    Operation { loses_fence: true, ..operation("bulk update", Verb::UpdateMany, Before::Cached) },
    operation("a relay's look", Verb::Look, Before::Cached),
];

/// So many operations are played at a time: mostly they wait.
const AT_A_TIME: usize = 3;

/// Plays every step of all; prints the table.
async fn play_every_step(backend: Backend, outbox: bool, operations: &[Operation], fates: &[Fate]) {
    let fates = if number(SECONDS).is_some() { Fate::ALL } else { fates };
    let plays = operations.iter().map(|operation| play(backend, outbox, *operation, fates));
    let tables: Vec<_> = stream::iter(plays).buffered(AT_A_TIME).collect().await;
    println!("on {backend:?}{}\n{}", if outbox { ", with an outbox" } else { "" }, tables.concat());
}

async fn play(backend: Backend, outbox: bool, operation: Operation, fates: &[Fate]) -> String {
    let mut bench = Bench::new(backend, outbox).await;
    let mut table = format!("  {:<25} killed: lost    delivered     cut: lost     delivered\n", operation.name);
    for step in 1..MANY {
        let mut line = String::new();
        for fate in fates {
            let Some(Outcome { at, written }) = bench.play(operation, step, *fate).await else {
                assert!(step > 1, "{} has no step", operation.name);
                return table;
            };
            if line.is_empty() {
                line = format!("  {step:>3} {at:<21}");
            }
            let written = match written {
                _ if !operation.verb.writes() => "as it was",
                Some(true) => "written",
                Some(false) => "not written",
                None => "unknown",
            };
            line += &format!(" {written:<13}");
        }
        table += line.trim_end();
        table.push('\n');
    }
    panic!("{} does not end", operation.name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_breaks_off_while_it_loads_or_invalidates_leaves_nothing_old_on_postgres() {
    play_every_step(Backend::Postgres, false, READS, Fate::KILLED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_breaks_off_while_it_writes_leaves_nothing_old_on_postgres() {
    play_every_step(Backend::Postgres, false, WRITES, Fate::ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_breaks_off_while_it_writes_leaves_nothing_old_on_mysql() {
    play_every_step(Backend::MySql, false, WRITES, Fate::KILLED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_breaks_off_while_it_repairs_leaves_nothing_old_on_postgres() {
    play_every_step(Backend::Postgres, false, &[REPAIR], Fate::KILLED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_outbox_a_process_that_breaks_off_leaves_nothing_old_even_if_its_fence_was_lost_on_postgres() {
    play_every_step(Backend::Postgres, true, RECORDED, Fate::KILLED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_outbox_a_process_that_breaks_off_leaves_nothing_old_even_if_its_fence_was_lost_on_mysql() {
    play_every_step(Backend::MySql, true, RECORDED, Fate::KILLED).await;
}
