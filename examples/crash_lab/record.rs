//! What the processes write down: a line when a write begins, one when it ends, one for each read.
//!
//! The kernel has each line before the process goes on, so a SIGKILL loses no write that may have taken effect. At
//! worst it tears the last line, which then counts for nothing.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Nanoseconds on the monotonic clock, which is one for all processes of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment(pub u64);

impl Moment {
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::Monotonic);
        Self(u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0))
    }

    pub fn after(self, duration: Duration) -> Self {
        Self(self.0 + u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 2))
    }

    /// Nothing, if that was later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// What a writer was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// It is written.
    Ok,
    /// It is not, and never will be.
    Refused,
    /// An error after which it may be written or not.
    Unknown,
}

/// A line. No two writes of a run have the same value.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Event {
    WriteBegan { row: i32, value: i64, at: Moment },
    WriteEnded { value: i64, at: Moment, told: Told },
    Read { row: i32, value: Option<i64>, began: Moment, ended: Moment },
    ReadFailed,
}

/// The file of one process.
pub struct Record(File);

impl Record {
    /// Goes on with what a process before it wrote.
    pub fn open(file: &Path) -> std::io::Result<Self> {
        OpenOptions::new().create(true).append(true).open(file).map(Self)
    }

    /// In one piece, since other tasks of the process write, too.
    pub fn note(&self, event: &Event) {
        let mut line = serde_json::to_vec(event).expect("an event can be told");
        line.push(b'\n');
        (&self.0).write_all(&line).expect("the temporary directory can be written to");
    }
}

/// All that stands in a file; nothing if there is none, since its process was killed before it began.
pub fn read(file: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
