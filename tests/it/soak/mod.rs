//! A soak: everything at once, for a while, with an outage of the cache every few seconds. Nothing may grow.
//!
//! The work is done by a process of its own ([`work`]), because memory and tasks are counted there; the outages are made
//! here. 20 seconds by default, or as many as `WRITETHROUGH_SOAK_SECONDS` says.

mod measure;
mod work;

use std::process::Child;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::support::databases::Backend;
use crate::support::entities::uniques::ticket;
use crate::support::redis::RedisServer;
use crate::support::stage::{CacheKind, Stage};
use crate::support::{Fault, FaultProxy};

const SECONDS: &str = "WRITETHROUGH_SOAK_SECONDS";
/// Beyond the soak itself: to start, to calm down twice, to be slow.
const PATIENCE: Duration = Duration::from_secs(120);

const OUTAGES: [Fault; 6] = [
    Fault::Cut,
    Fault::Stall,
    Fault::Refuse,
    Fault::DropReplies,
    Fault::Delay(Duration::from_millis(60)),
    Fault::HalfClose,
];

/// The other process; it ends with this.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_memory_nor_connections_nor_tasks_nor_repairs_nor_the_outbox_grow() {
    let seconds = std::env::var(SECONDS).map_or(20, |seconds| seconds.parse().expect("a number of seconds"));
    let redis = RedisServer::start([]);
    let proxy = FaultProxy::start(([127, 0, 0, 1], redis.port()).into()).await;
    let stage = Stage::new(Backend::Postgres, CacheKind::Redis).await.on(format!("redis://{}", proxy.addr()));
    stage.create_table(ticket::Entity).await;

    let started = Instant::now();
    let mut process = Process(work::start(&stage, &redis.url(), Duration::from_secs(seconds)));
    let mut outages = OUTAGES.into_iter().cycle();
    loop {
        sleep(Duration::from_millis(1_500)).await;
        if let Some(status) = process.0.try_wait().expect("our own process can be waited for") {
            assert!(status.success(), "what grew stands above");
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(seconds) + PATIENCE, "the soak does not end");
        proxy.set(outages.next().expect("a cycle has no end")).await;
        sleep(Duration::from_millis(500)).await;
        proxy.set(Fault::Pass).await;
    }
}
