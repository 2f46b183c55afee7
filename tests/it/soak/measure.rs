//! What may not grow.

use std::fs;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tokio::runtime::Handle;
use tokio::time::sleep;
use writethrough::Store;

use crate::support::wire::Wire;

/// What an allocator and its threads may keep for later.
const SLACK_KIB: i64 = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(40);
/// Longer than from one outage to the next.
const A_WHILE: Duration = Duration::from_millis(2_500);

/// A process at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    memory_kib: i64,
    tasks: usize,
    database_connections: i64,
    cache_connections: usize,
    waiting_repairs: usize,
    /// Rows of the outbox.
    recorded: i64,
}

impl Measured {
    /// The most of everything in a while in which nothing is done but what an outage of the cache makes necessary.
    pub async fn most_at_rest(store: &Store, plain: &DatabaseConnection, redis_url: &str) -> Self {
        let started = Instant::now();
        let mut most = Self::now(store, plain, redis_url).await;
        while most.waiting_repairs > 0 || most.recorded > 0 || started.elapsed() < A_WHILE {
            assert!(started.elapsed() < PATIENCE, "it does not come to rest: {most:?}");
            sleep(Duration::from_millis(50)).await;
            let now = Self::now(store, plain, redis_url).await;
            most = Self {
                memory_kib: most.memory_kib.max(now.memory_kib),
                tasks: most.tasks.max(now.tasks),
                database_connections: most.database_connections.max(now.database_connections),
                cache_connections: most.cache_connections.max(now.cache_connections),
                waiting_repairs: now.waiting_repairs,
                recorded: now.recorded,
            };
        }
        most
    }

    /// Measures until no more of anything is there than before, or patience is at its end.
    pub async fn at_rest(store: &Store, plain: &DatabaseConnection, redis_url: &str, before: Self) -> Self {
        let started = Instant::now();
        loop {
            let measured = Self::now(store, plain, redis_url).await;
            if !measured.grew_since(before) || started.elapsed() > PATIENCE {
                return measured;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn now(store: &Store, plain: &DatabaseConnection, redis_url: &str) -> Self {
        let waiting_repairs = waiting(store);
        let count = async |from: &str| {
            let sql = format!("SELECT COUNT(*) AS n FROM {from}");
            let row = plain.query_one_raw(Statement::from_string(plain.get_database_backend(), sql)).await;
            row.expect("the server tells").expect("a count").try_get("", "n").expect("a number")
        };
        Self {
            memory_kib: resident_kib(),
            tasks: Handle::current().metrics().num_alive_tasks(),
            database_connections: count("pg_stat_activity WHERE datname = current_database()").await,
            recorded: count("writethrough_outbox").await,
            cache_connections: clients(redis_url).await,
            waiting_repairs,
        }
    }

    pub fn grew_since(self, before: Self) -> bool {
        self.memory_kib > before.memory_kib + SLACK_KIB
            || self.tasks > before.tasks
            || self.database_connections > before.database_connections
            || self.cache_connections > before.cache_connections
            || self.waiting_repairs > 0
            || self.recorded > 0
    }
}

fn resident_kib() -> i64 {
    let status = fs::read_to_string("/proc/self/status").expect("a process can read about itself");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Clients of the server but this one.
async fn clients(redis_url: &str) -> usize {
    let mut wire = Wire::connect(redis_url).await;
    wire.ask("CLIENT LIST").await;
    let mut lines = 0;
    while !wire.line().await.is_empty() {
        lines += 1;
    }
    lines - 1
}

/// How many repairs wait, as the store's `Debug` tells.
fn waiting(store: &Store) -> usize {
    let text = format!("{store:?}");
    let (_, rest) = text.split_once("waiting_repairs: ").expect("the store tells");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}
