//! Real processes on real servers under random load: what their clients were told is written down, and checked.
//!
//! # What is promised
//!
//! One row, by its primary or its unique key, is *linearizable*: the clients of all processes could not tell it from a row in one
//! place, on which each operation happens at one moment between its beginning and its end. So a load that begins after a
//! save returned gives that value or a newer one, and two loads, one after the other, never go back in time, whoever makes
//! them. Loads of many rows promise less: each row reflects every write acknowledged before the load began. So do lists: a
//! row that was in the list all the while is in what is loaded, and what is loaded was in it at some moment.
//!
//! # How it is checked
//!
//! - Four processes with four clients each, and a store of their own ([`client`]), make random [calls](call) on the same
//!   few rows. Some calls are cancelled, some processes stand still for a moment, and some are killed, whatever they are
//!   at; another takes the place ([`scenario`]).
//! - A client writes a line before each call and after it ([`record`]), with the time on a [`clock`] that all processes
//!   share. No value is written twice.
//! - A [`transaction`] is one effect for each row, within the time of the whole; what was rolled back, to a savepoint or
//!   altogether, is none, and neither are loads inside.
//! - The unique key of a [`row`] moves among a few values of its own. So a load by a key that finds nothing says that its
//!   row is not there, or not under this key, and stands in the row's order like every other.
//! - So it moves between two squads, which it shares with some other rows. A load of a squad says of each of these that it
//!   was in there, and what it was, or that it was not.
//! - All lines together make a history for each row ([`history`]). A write whose end nobody was told takes effect at any
//!   time after it began, or never; one that was refused without effect does not count.
//! - Each row's history must have an order that fits the times and the [operations](operation): [`check`]. Loads of many
//!   rows, of lists, and all others, must not be [`stale`].
//! - The same clients with what the textbook does instead of a store ([`naive`]) must not pass.
//!
//! # What is not checked
//!
//! What holds between rows: each row's history is checked by itself, as the promise is made; so it is not seen whether a
//! transaction is atomic across rows, and no key goes from one row to another. What reads inside of a transaction see.
//! That nobody sees a row gone between a delete and an insert of one transaction. How many keys a write whose end is
//! untold may have taken the row away from, to the last one. What happens when servers fail; that is what
//! [`faults`](crate::faults) and [`chaos`](crate::chaos) are about. What is lost with a fence: no process stands still
//! here for longer than its fence.
//!
//! # The long form
//!
//! Each scenario lasts some seconds, or as many as `WRITETHROUGH_HISTORIES_SECONDS` says. The numbers are printed:
//! `WRITETHROUGH_HISTORIES_SECONDS=600 scripts/test --test it histories -- --nocapture`.

pub mod call;
pub mod check;
pub mod client;
pub mod clock;
pub mod history;
pub mod look;
pub mod naive;
pub mod operation;
pub mod process;
pub mod record;
pub mod row;
mod scenario;
pub mod stale;
mod subject;
mod transaction;

use std::time::Duration;

use client::{Design, Rows, Tuning};
use history::Broken;
use naive::After;
use scenario::{Report, Scenario, Trouble};

use crate::support::databases::Backend;
use crate::support::stage::CacheKind;

const SECONDS: &str = "WRITETHROUGH_HISTORIES_SECONDS";

/// How long a scenario lasts.
fn length() -> Duration {
    let seconds = std::env::var(SECONDS).map(|text| text.parse().unwrap_or_else(|_| panic!("{SECONDS} is a number")));
    Duration::from_secs(seconds.unwrap_or(4))
}

/// One row at a time, for as long as its history can be checked in a moment.
const ONE: Rows = Rows { at_a_time: 1, moves: Duration::from_secs(10) };
/// One row at a time, and after a kill soon another: after each round of spells of writing.
const ONE_FOR_A_MOMENT: Rows = Rows { at_a_time: 1, moves: Duration::from_millis(400) };
const FIFTY: Rows = Rows { at_a_time: 50, moves: Duration::from_secs(5) };

const OURS: Scenario = Scenario {
    backend: Backend::Postgres,
    cache: CacheKind::Redis,
    design: Design::Ours(Tuning::CALM),
    rows: ONE,
    trouble: Trouble::Delays,
    lasts: Duration::ZERO,
};

/// Of so many calls of a kind some end well, however slow the machine.
const ENOUGH: usize = 100;

/// Runs it, and expects that the promise was kept, and that there was something to keep it against.
async fn assert_linearizable(scenario: Scenario) {
    let report = Scenario { lasts: length(), ..scenario }.run().await;
    println!("{report}");
    let Report { history, stops, kills, verdict, .. } = report;
    let total = history.total();
    if let Err(Broken { account, all }) = verdict {
        let file = format!("{}/history-{:08x}.txt", env!("CARGO_TARGET_TMPDIR"), rand::random::<u32>());
        std::fs::write(&file, all).expect("the file can be written");
        panic!("{account}all that happened to this row is in {file}");
    }
    assert!(total.from_cache > 0, "nobody was answered from the cache");
    assert!(total.cancelled > 0, "nothing was cancelled");
    assert_eq!(scenario.cache == CacheKind::Redis, stops > 0, "processes were stopped {stops} times");
    assert_eq!(scenario.trouble == Trouble::Kills, kills > 0, "processes were killed {kills} times");
    for (kind, count) in &history.counts {
        assert!(count.calls < ENOUGH || count.done > 0, "{kind} never ended well");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_linearizable_on_postgres() {
    assert_linearizable(OURS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_rows_are_linearizable_on_postgres() {
    assert_linearizable(Scenario { rows: FIFTY, ..OURS }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_linearizable_on_postgres_while_processes_are_killed() {
    assert_linearizable(Scenario { rows: ONE_FOR_A_MOMENT, trouble: Trouble::Kills, ..OURS }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_rows_are_linearizable_on_postgres_while_processes_are_killed() {
    assert_linearizable(Scenario { rows: FIFTY, trouble: Trouble::Kills, ..OURS }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_linearizable_on_mysql_while_processes_are_killed() {
    assert_linearizable(Scenario { backend: Backend::MySql, rows: ONE_FOR_A_MOMENT, trouble: Trouble::Kills, ..OURS })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_linearizable_on_sqlite() {
    assert_linearizable(Scenario { backend: Backend::Sqlite, ..OURS }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_linearizable_on_sqlite_with_an_embedded_cache() {
    assert_linearizable(Scenario { backend: Backend::Sqlite, cache: CacheKind::Memory, ..OURS }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_linearizable_on_postgres_with_an_embedded_cache() {
    assert_linearizable(Scenario { cache: CacheKind::Memory, ..OURS }).await;
}

/// Runs what the textbook does until it is caught.
async fn assert_caught(after: After) {
    for _ in 0..20 {
        let calm =
            Scenario { design: Design::Naive(after), trouble: Trouble::Nothing, lasts: Duration::from_secs(1), ..OURS };
        let report = calm.run().await;
        println!("{report}");
        if let Err(Broken { account, .. }) = report.verdict {
            println!("{account}");
            return;
        }
    }
    panic!("{after:?} after UPDATE was not caught");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_then_set_is_caught_without_any_failure() {
    assert_caught(After::Set).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_then_del_is_caught_without_any_failure() {
    assert_caught(After::Del).await;
}
