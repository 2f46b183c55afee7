//! A process of the run: this program once more, told its job by its environment.

use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::Moment;
use crate::strategies::Design;

const JOB: &str = "WRITETHROUGH_CRASH_LAB_JOB";

/// What a process is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub design: Design,
    pub database_url: String,
    pub cache_url: String,
    pub namespace: String,
    /// Where to write down what happened.
    pub directory: PathBuf,
    pub seed: u64,
    pub process: u32,
    /// How many died before this one.
    pub life: u32,
    pub begins: Moment,
    pub ends: Moment,
    pub task: Task,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Random reads and writes until the end, or until death.
    Calls,
    /// One read of each row that was in use.
    ReadEach,
    /// Bring what is queued to the database, until killed: the other half of write-behind.
    Work,
    /// The same, until nothing is left.
    WorkOff,
}

impl Job {
    /// The job of this process, if it was started for one.
    pub fn of_this_process() -> Option<Self> {
        let job = std::env::var(JOB).ok()?;
        serde_json::from_str(&job).ok()
    }

    /// The same for another process.
    pub fn of(&self, process: u32, task: Task) -> Self {
        Self { process, task, life: 0, ..self.clone() }
    }

    /// The file where all lives of the process write down what happened.
    pub fn record(&self) -> PathBuf {
        self.directory.join(format!("{:?}-{}.jsonl", self.design, self.process))
    }

    /// Where processes say why they could not work.
    pub fn complaints(&self) -> PathBuf {
        self.directory.join(format!("{:?}.log", self.design))
    }

    pub fn lasts(&self) -> Duration {
        self.ends.since(self.begins)
    }
}

/// Whether a process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Goes,
    Killed,
    /// By itself: its job was done, or it could not be done.
    Ended,
}

/// It ends with this.
pub struct Process(Child);

impl Process {
    pub fn start(job: &Job) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(JOB, serde_json::to_string(job)?);
        // Its end of the pipe is closed when we end, however we end; see `dies_with_its_parent`.
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(File::options().create(true).append(true).open(job.complaints())?);
        command.spawn().map(Self)
    }

    pub fn life(&mut self) -> Life {
        match self.0.try_wait() {
            Ok(None) => Life::Goes,
            Ok(Some(status)) if status.signal().is_some() => Life::Killed,
            _ => Life::Ended,
        }
    }

    /// Waits until it ends, or ends it.
    pub async fn finished(mut self, patience: Duration) {
        let deadline = tokio::time::Instant::now() + patience;
        while self.life() == Life::Goes && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Ends this process when the one that started it is gone.
pub fn dies_with_its_parent() {
    std::thread::spawn(|| {
        io::copy(&mut io::stdin(), &mut io::sink()).ok();
        std::process::exit(1);
    });
}
