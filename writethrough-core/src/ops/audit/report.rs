//! What an audit found.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use sea_orm::sea_query::ValueTuple;

use crate::cache::CacheKey;

/// Stale entries that a report lists at most.
const LISTED: usize = 1_000;

/// What an audit compared and what it found.
///
/// An entry is met from both sides, from the cache and from the row it is of, so it may be compared twice. It is reported
/// once.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct AuditReport {
    /// Rows of the database whose keys were looked up in the cache.
    pub rows: u64,
    /// Entries that were compared with the database: those that agree, that differ, and the next two. A list counts once
    /// for each row that has its value.
    pub compared: u64,
    /// Entries that differed, or changed, because a write was in flight: at the second look they agreed, were fenced or
    /// had been replaced. Nothing is wrong with them.
    pub in_flight: u64,
    /// Entries that do not decode as what they should be: of another schema, or not ours. Loads take them for a miss.
    pub unreadable: u64,
    /// Entries that differ from the database, and no write in flight explains why.
    pub differing: u64,
    /// Which those are; the first thousand.
    pub stale: Vec<StaleEntry>,
    /// Those that were counted already.
    known: Known,
}

/// Keys, which `Debug` does not show: they bear primary keys.
#[derive(Clone, Default)]
struct Known(HashSet<CacheKey>);

/// An entry that differs from the database.
///
/// Its `Debug` does not show the primary key.
#[derive(Clone)]
#[non_exhaustive]
pub struct StaleEntry {
    /// The row it is about.
    pub primary_key: ValueTuple,
    /// In what it differs.
    pub difference: Difference,
    /// How long ago it was written, so at most how long it has been stale: from the time that the cache's server noted to
    /// this machine's now, whose clock may be another.
    pub age: Duration,
    /// What was done about it.
    pub repair: AuditRepair,
}

/// In what an entry differs from the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Difference {
    /// The row has other values.
    Changed,
    /// There is no such row any more.
    Deleted,
    /// The entry says that there is no such row, and there is.
    Inserted,
    /// The entry says that no row has a value of a unique key, and this one has.
    Taken,
    /// The list of the rows with a value of an index lacks this one, which has it. One of them, if it lacks several.
    Unlisted,
}

/// What an audit did about a stale entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditRepair {
    /// Nothing: it was not told to [`repair`](super::Audit::repair).
    NotAsked,
    /// The entry was removed.
    Removed,
    /// The cache did not acknowledge; the entry waits in the store's repair queue.
    Queued,
}

impl AuditReport {
    /// Whether no entry differs without a write in flight that explains it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differing == 0
    }

    /// Whether this one is new.
    pub(super) fn is_new(&mut self, key: &CacheKey) -> bool {
        self.known.0.insert(key.clone())
    }

    pub(super) fn add(&mut self, entry: StaleEntry) {
        self.differing += 1;
        if self.stale.len() < LISTED {
            self.stale.push(entry);
        }
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

impl fmt::Debug for StaleEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaleEntry")
            .field("difference", &self.difference)
            .field("age", &self.age)
            .field("repair", &self.repair)
            .finish_non_exhaustive()
    }
}
