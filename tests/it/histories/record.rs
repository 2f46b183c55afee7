//! What the clients of a process write down: one line of JSON for each beginning and each end.
//!
//! A beginning is written before the call is made, and the kernel has each line when the call goes on; so a SIGKILL loses
//! no write that may have taken effect. At worst it tears the last line, which then counts for nothing.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::clock::Moment;
use super::operation::{Effect, Write};

/// A call, by its client and the client's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallId {
    pub client: u32,
    pub number: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The kind of the call, and the writes on rows that it may do. Those of one transaction are one call.
    Begun {
        call: CallId,
        at: Moment,
        kind: String,
        writes: Vec<(i32, Write)>,
    },
    Ended {
        call: CallId,
        at: Moment,
        end: End,
    },
}

/// What a client was told in the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum End {
    /// What was done to which row, and the cache's part in it. A load by a key that is not the primary one learns here
    /// which row it was.
    Done { effects: Vec<(i32, Effect)>, cache: Cache },
    /// An error that says that nothing has changed; or a transaction that was rolled back.
    Nothing(String),
    /// An error that says that the row was written, but not to its end.
    Committed(String),
    /// An error that says neither.
    Unknown(String),
    /// The client did not wait.
    Cancelled,
}

/// What the cache had to do with a call that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cache {
    /// It gave the answer.
    Answered,
    /// It had none, or was told of what was written.
    Told,
    /// It was not told of what was written, and others may see that late; or nobody says whether it was told.
    Untold,
}

/// The file of one process.
pub struct Record(File);

impl Record {
    pub fn create(file: &Path) -> Self {
        let open = OpenOptions::new().create_new(true).append(true).open(file);
        Self(open.unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }

    pub fn begun(&self, call: CallId, kind: &str, writes: Vec<(i32, Write)>) {
        self.write(&Event::Begun { call, at: Moment::now(), kind: kind.to_owned(), writes });
    }

    pub fn ended(&self, call: CallId, end: End) {
        self.write(&Event::Ended { call, at: Moment::now(), end });
    }

    /// In one piece, since other tasks of the process write, too.
    fn write(&self, event: &Event) {
        let mut line = serde_json::to_vec(event).expect("an event can be told");
        line.push(b'\n');
        (&self.0).write_all(&line).expect("the file can be written");
    }
}

/// The files of all processes of a run.
pub struct Records {
    directory: TempDir,
    processes: u32,
}

impl Records {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory"), processes: 0 }
    }

    /// The number of one more process, and its file.
    pub fn next(&mut self) -> (u32, PathBuf) {
        let process = self.processes;
        self.processes += 1;
        (process, self.file(process))
    }

    /// What happened so far.
    pub fn events(&self) -> Vec<Event> {
        let files = (0..self.processes).map(|process| self.file(process));
        // A process that was killed before it began has none.
        files.filter(|file| file.exists()).flat_map(|file| read(&file)).collect()
    }

    fn file(&self, process: u32) -> PathBuf {
        self.directory.path().join(format!("{process}.jsonl"))
    }
}

/// All that stands in a file.
fn read(file: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}
