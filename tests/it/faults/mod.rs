//! What happens when something fails: the cache, the network, the database connection, or the process itself.
//!
//! Every test has a Redis server of its own, and stands in front of it a [`FaultProxy`](crate::support::FaultProxy)
//! (the network fails) and a [`Gate`](gate::Gate) (one command fails). A store that talks to the server directly is
//! another process to which nothing happens.

mod batches;
mod breaker;
mod child;
mod closing;
mod cluster;
mod dead_cache;
mod dropped;
pub mod entities;
mod evicted;
mod failover;
mod flushed;
mod flushed_anywhere;
mod frozen;
mod gate;
mod hung;
mod late_commands;
pub mod locks;
mod lost_connection;
mod lost_replies;
mod matrix;
mod naive;
mod orphans;
mod out_of_memory;
mod outbox;
mod overload;
mod panics;
mod refresh_later;
pub mod repair;
mod restarts;
pub mod scene;
mod snapshots;
mod strict;
mod write_timeout;

use std::time::{Duration, Instant};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something holds that no event tells.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
