//! A process of its own that writes one row: this test binary once more, told what to do by its environment.

use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use tokio::time::{Duration, sleep};
use writethrough::{OutboxOptions, Store};

use super::PATIENCE;
use super::entities::flight;
use super::scene::Scene;

const JOB: &str = "WRITETHROUGH_CHILD_JOB";
const DATABASE: &str = "WRITETHROUGH_CHILD_DATABASE";
const CACHE: &str = "WRITETHROUGH_CHILD_CACHE";
const OUTBOX: &str = "WRITETHROUGH_CHILD_OUTBOX";

/// What the process writes.
#[derive(Clone, Copy, Debug)]
pub enum Job {
    /// Flight 1 moves to gate B2.
    Save,
    /// Flight 1 is deleted.
    Delete,
    /// A flight is inserted at gate A1; the database chooses its key.
    Insert,
}

/// The process; it ends with this.
pub struct Writer(Child);

impl Writer {
    pub fn start(scene: &Scene, job: Job) -> Self {
        Self::run(scene, job, scene.redis_addr(), &[])
    }

    /// One that records what it writes, with its cache at this address.
    pub fn start_with_outbox(scene: &Scene, job: Job, cache: SocketAddr) -> Self {
        Self::run(scene, job, cache, &[OUTBOX])
    }

    fn run(scene: &Scene, job: Job, cache: SocketAddr, flags: &[&str]) -> Self {
        let this_test = concat!(module_path!(), "::the_other_process_writes").split_once("::").expect("a crate").1;
        let process = Command::new(std::env::current_exe().expect("the test binary"))
            .args([this_test, "--exact", "--nocapture"])
            .env(JOB, format!("{job:?}"))
            .env(DATABASE, scene.database.url())
            .env(CACHE, format!("redis://{cache}"))
            .envs(flags.iter().map(|flag| (flag, "")))
            .stdout(Stdio::null())
            .spawn()
            .expect("the test binary runs");
        Self(process)
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.0.kill().expect("our own process can be killed");
        self.0.wait().expect("our own process can be waited for");
    }

    /// Stops it from running, or lets it go on.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let status = Command::new("kill").args([signal, &self.0.id().to_string()]).status().expect("kill runs");
        assert!(status.success(), "the process cannot be frozen");
    }

    /// Waits until it has done its job.
    pub async fn finished(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("our own process can be waited for") {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the other process does not end");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Nothing, except in the other process.
#[tokio::test]
async fn the_other_process_writes() {
    let Ok(job) = std::env::var(JOB) else { return };
    let told = |name| std::env::var(name).expect("the other process is told everything");
    let mut builder = Store::builder().database_url(told(DATABASE)).cache_url(told(CACHE)).namespace("shop");
    if std::env::var_os(OUTBOX).is_some() {
        builder = builder.outbox(OutboxOptions::new());
    }
    let store = builder.cache_timeout(Duration::from_secs(5)).build().await.expect("a store");
    match job.as_str() {
        "Save" => drop(store.save(flight::moved(1, "B2")).await.expect("the row can be written")),
        "Delete" => drop(store.delete_by_id::<flight::Entity>(1).await.expect("the row can be deleted")),
        "Insert" => drop(store.insert(flight::new("A1")).await.expect("the row can be written")),
        other => panic!("{other} is no job"),
    }
    store.close().await.expect("nothing is left to do");
}
