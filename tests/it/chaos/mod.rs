//! Real processes on real servers while everything fails: what clients are told is written down as in
//! [`histories`](crate::histories), and judged by what is promised then.
//!
//! # What is promised
//!
//! - **`on_cache_failure = "fail"`, while no fence is lost**: one row is linearizable, whatever the network does and
//!   whichever process dies. A write that could not fence its row is refused, and a fence that could not be taken away
//!   keeps readers from the entry.
//! - **`on_cache_failure = "fail"`, while the cache forgets** (flushed, restarted from a snapshot, failed over, out of memory,
//!   its fences evicted or expired while their writers stood still): no load is stale. A load that begins after a write was
//!   acknowledged gives what it wrote or something newer; of a write that is under way, two loads may say this and
//!   that.
//! - **`degrade` with an outbox, while the cache forgets**: the same, but of a write that the cache could not be told
//!   of ([`CacheEffect::Degraded`](writethrough::CacheEffect); of a transaction, which does not say so, always), other
//!   processes may learn late: by the interval of the relays, and if the cache is away for everybody, by the interval
//!   after it is back. The process itself sees it at once.
//! - **In each of them**: the database holds what the acknowledged writes leave, each of them once, and of those whose
//!   end nobody was told, each once or never ([`promise`]). And when the repairs are done, no entry differs from its
//!   row, though entries live for an hour here ([`settled`]). Only where the cache forgets and there is no outbox, the
//!   entry of a row may whose writer was not told the end: it lost its fence, and then its life or its connection.
//!
//! The textbook's two designs, under the same faults, do not keep it.
//!
//! # What happens
//!
//! Four processes reach the cache and the database by a network of their own each ([`world`]). Every 100 to 400
//! milliseconds something is done to one of them, or to all ([`faults`]): connections are cut, half closed, refused,
//! delayed, stalled for less and for more than the time that is waited for them; processes are stopped, or killed and
//! replaced; and the cache is flushed, killed and restarted from an older snapshot, replaced by a replica that lags, given
//! less memory than it uses, or robbed of its fences. What happens when is drawn from a seed, which is printed, and can be given in
//! `WRITETHROUGH_CHAOS_SEED`; what the clients do meanwhile is not the same again.
//!
//! That is chance. In [`steps`], processes are killed at every single step of every operation.
//!
//! # The long form
//!
//! Each run lasts some seconds; `WRITETHROUGH_CHAOS_SECONDS` says for how long runs are repeated, each with the next
//! seed. In runs of two minutes and more a process stands still for longer than its fence. The numbers are printed:
//! `WRITETHROUGH_CHAOS_SECONDS=3600 scripts/test --test it chaos -- --nocapture`.

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
    assert_eq!(report.settled.differences.len(), report.excused, "{:#?}", report.settled.differences);
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

/// Runs what is promised too much of until it is caught.
async fn assert_caught(run: Run) {
    for _ in 0..10 {
        let report = run.run(rand::random::<u32>().into(), Duration::from_secs(3)).await;
        println!("{report}");
        if !report.broken.is_empty() || report.settled.differences.len() > report.excused {
            return;
        }
    }
    panic!("{run:?} was not caught");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_then_set_is_caught() {
    assert_caught(Run { design: Design::Naive(After::Set), ..STRICT_WITHOUT_FENCES }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_then_del_is_caught() {
    assert_caught(Run { design: Design::Naive(After::Del), ..STRICT_WITHOUT_FENCES }).await;
}
