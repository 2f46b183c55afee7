//! Processes of their own: this test binary once more, told its job by its environment.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::client::{Job, work};

const JOB: &str = "WRITETHROUGH_HISTORIES_JOB";

/// How long after the end of its job a process may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The process; it ends with this.
pub struct Process(Child);

impl Process {
    pub fn start(job: &Job) -> Self {
        let this_test = concat!(module_path!(), "::the_other_process_works").split_once("::").expect("a crate").1;
        let process = Command::new(std::env::current_exe().expect("the test binary"))
            .args([this_test, "--exact", "--nocapture"])
            .env(JOB, serde_json::to_string(job).expect("a job can be told"))
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
    pub fn stop(&self, stopped: bool) {
        let signal = if stopped { Signal::STOP } else { Signal::CONT };
        // It may have ended, if its job was done; who waits for it will know how.
        kill_process(Pid::from_child(&self.0), signal).ok();
    }

    /// Waits until it has done its job.
    pub async fn finished(&mut self) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("our own process can be waited for") {
                assert!(status.success(), "a process of clients failed: {status}");
                return;
            }
            assert!(started.elapsed() < PATIENCE, "a process of clients does not end");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Nothing, except in the other process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_process_works() {
    let Ok(job) = std::env::var(JOB) else { return };
    work(serde_json::from_str(&job).expect("the other process is told everything")).await;
}
