//! Real processes on real servers while everything fails.
//!
//! # What is promised
//!
//! # What happens
//!
mod faults;
mod promise;
mod run;
mod settled;
mod steps;
mod world;

use std::time::{Duration, Instant};

use faults::{CACHE_TIMEOUT, Menu, WRITE_TIMEOUT};
use promise::Promise;
use run::{Report, Run};

use crate::histories::client::{Design, Tuning, WithoutCache};
use crate::histories::naive::After;
use crate::support::databases::Backend;

const SECONDS: &str = "WRITETHROUGH_CHAOS_SECONDS";
const SEED: &str = "WRITETHROUGH_CHAOS_SEED";

/// How long a run lasts if nobody says so, and at most: its histories are kept in memory.
const SHORT: Duration = Duration::from_secs(6);
const LONGEST: Duration = Duration::from_secs(150);

/// What is not read again within a run must be right all the same.
const LIVES: Duration = Duration::from_secs(3600);
const INTERVAL: Duration = Duration::from_millis(400);
/// What a busy machine may add to it.
const BUSY: Duration = Duration::from_millis(1600);

const fn ours(without_cache: WithoutCache) -> Design {
    Design::Ours(Tuning { ttl: LIVES, cache_timeout: CACHE_TIMEOUT, write_timeout: WRITE_TIMEOUT, without_cache })
}

const STRICT: Run = Run {
    backend: Backend::Postgres,
    design: ours(WithoutCache::Fail),
    menu: Menu::Clients,
    promise: Promise::Linearizable,
};
const STRICT_WITHOUT_FENCES: Run = Run { menu: Menu::Everything, promise: Promise::NeverStale, ..STRICT };
const RECORDED: Run = Run {
    design: ours(WithoutCache::Record(INTERVAL)),
    menu: Menu::Everything,
    promise: Promise::StaleWithin(INTERVAL.saturating_add(BUSY)),
    ..STRICT
};

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// Runs it once, or again and again for as long as is said; each time with another seed.
async fn assert_kept(run: Run) {
    let whole = number(SECONDS).map_or(SHORT, Duration::from_secs);
    let started = Instant::now();
    let mut seed = number(SEED).unwrap_or_else(|| rand::random::<u32>().into());
    loop {
        let lasts = whole.saturating_sub(started.elapsed()).clamp(Duration::from_secs(3), LONGEST);
        assert_kept_once(&run.run(seed, lasts).await);
        seed += 1;
        if started.elapsed() + Duration::from_secs(3) > whole {
            break;
        }
    }
}

fn assert_kept_once(report: &Report) {
    println!("{report}");
    if let Some((row, broken)) = report.broken.first_key_value() {
        let file = format!("{}/chaos-{:08x}.txt", env!("CARGO_TARGET_TMPDIR"), rand::random::<u32>());
        std::fs::write(&file, report.describe(*row)).expect("the file can be written");
        panic!("row {row}: {broken:#?}\nall that happened to this row is in {file}");
    }
    assert!(report.settled.differences.is_empty(), "{:#?}", report.settled.differences);
    assert!(report.settled.entries > 0, "nothing was left in the cache");
    assert!(report.total().from_cache > 0, "nobody was answered from the cache");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_linearizable_on_postgres_while_networks_fail_and_processes_die() {
    assert_kept(STRICT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_load_on_postgres_is_stale_while_the_cache_forgets_too() {
    assert_kept(STRICT_WITHOUT_FENCES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_outbox_no_load_on_postgres_is_stale_for_longer_than_the_interval() {
    assert_kept(RECORDED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_outbox_no_load_on_mysql_is_stale_for_longer_than_the_interval() {
    assert_kept(Run { backend: Backend::MySql, ..RECORDED }).await;
}

/// Runs what the textbook does until it is caught.
async fn assert_caught(after: After) {
    let run = Run { design: Design::Naive(after), promise: Promise::NeverStale, ..STRICT };
    for _ in 0..10 {
        let report = run.run(rand::random::<u32>().into(), Duration::from_secs(2)).await;
        println!("{report}");
        if !report.broken.is_empty() {
            return;
        }
    }
    panic!("{after:?} after UPDATE was not caught");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_then_set_is_caught() {
    assert_caught(After::Set).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_then_del_is_caught() {
    assert_caught(After::Del).await;
}
