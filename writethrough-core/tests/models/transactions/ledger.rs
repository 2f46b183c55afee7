//! A witness that knows which rows were committed, and in which order.
//!
//! A transaction writes rows that are never committed. So here rows have names instead of numbers, and the ledger tells
//! what [`Versions`](super::super::witness::Versions) tells by comparing.

use super::super::key::Row;
use super::super::witness::{Promise, Witness};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    commits: Vec<Row>,
    /// The last commit that a caller knows of.
    acknowledged: usize,
    /// The last commit that a load has returned.
    seen: usize,
    /// What had been acknowledged and seen when each reader's load began.
    floors: Vec<(usize, usize)>,
    stale: bool,
    backwards: bool,
    phantom: bool,
}

impl Ledger {
    /// The name of a row that the transaction writes; no two of its writes bear the same one.
    pub(super) fn written_by_transaction(statement: u8) -> Row {
        Row(100 + statement)
    }

    /// The database has this row now.
    pub(super) fn note(&mut self, committed: Row) {
        if self.commits.last() != Some(&committed) {
            self.commits.push(committed);
        }
    }

    fn commit_of(&self, row: Row) -> Option<usize> {
        self.commits.iter().position(|committed| *committed == row)
    }
}

impl Witness for Ledger {
    fn new(readers: usize) -> Self {
        Self {
            commits: vec![Row(0)],
            acknowledged: 0,
            seen: 0,
            floors: vec![(0, 0); readers],
            stale: false,
            backwards: false,
            phantom: false,
        }
    }

    fn row(writer: u8, _: Row) -> Row {
        Row(writer + 1)
    }

    fn write_begins(&mut self, _: u8) {}

    /// What a caller is told of a row that was not committed after all binds no load.
    fn write_returns(&mut self, _: u8, row: Row) {
        let commit = self.commit_of(row).unwrap_or_default();
        self.acknowledged = self.acknowledged.max(commit);
    }

    fn read_begins(&mut self, reader: u8) {
        self.floors[usize::from(reader)] = (self.acknowledged, self.seen);
    }

    fn read_returns(&mut self, reader: u8, row: Row, _: Row) {
        let (acknowledged, seen) = std::mem::take(&mut self.floors[usize::from(reader)]);
        let Some(commit) = self.commit_of(row) else {
            self.phantom = true;
            return;
        };
        self.stale |= commit < acknowledged;
        self.backwards |= commit < seen;
        self.seen = self.seen.max(commit);
    }

    fn keeps(&self, promise: Promise) -> bool {
        match promise {
            Promise::Fresh => !self.stale,
            Promise::Monotonic => !self.backwards,
            Promise::Real => !self.phantom,
        }
    }
}
