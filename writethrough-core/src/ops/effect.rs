//! What an operation did, besides what it returned.

use crate::protocol::Ending;
use crate::telemetry;

/// Where a row came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The cache.
    Cache,
    /// The database.
    Database,
}

/// A load and where its answer came from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Loaded<M> {
    /// The row; `None` if there is none.
    pub model: Option<M>,
    /// Where the answer came from.
    pub source: Source,
}

impl<M> Loaded<M> {
    pub(crate) fn new(model: Option<M>, source: Source) -> Self {
        Self { model, source }
    }
}

/// What a write did to the cache, from best to worst; over several keys, the worst.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use writethrough::CacheEffect;
///
/// assert!(CacheEffect::Refreshed < CacheEffect::Degraded);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CacheEffect {
    /// The entry is the new row.
    Refreshed,
    /// The entry is gone; the next read fills it.
    Invalidated,
    /// Another writer of the same row was in flight; the next read fills the entry.
    Contended,
    /// The refresh runs in the background; until it is done, readers go to the database.
    Deferred,
    /// The cache did not acknowledge; the key waits in the repair queue.
    Degraded,
}

impl CacheEffect {
    pub(crate) fn of(ending: Ending) -> Self {
        match ending {
            Ending::Refreshed => Self::Refreshed,
            Ending::Emptied | Ending::Lost => Self::Invalidated,
            Ending::Contended => Self::Contended,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Refreshed => "refreshed",
            Self::Invalidated => "invalidated",
            Self::Contended => "contended",
            Self::Deferred => "deferred",
            Self::Degraded => "degraded",
        }
    }

    pub(crate) fn count(self, entity: &'static str) {
        let name = match self {
            Self::Refreshed => telemetry::REFRESHES,
            Self::Invalidated => telemetry::INVALIDATIONS,
            Self::Contended => telemetry::CONTENDED,
            Self::Degraded => telemetry::DEGRADED,
            Self::Deferred => return,
        };
        telemetry::count(name, entity);
    }
}

/// A save: the row as SeaORM would have returned it, and what became of its entry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Saved<M> {
    /// The row as the database returned it, after the `after_save` hook.
    pub model: M,
    /// What became of its entry.
    pub cache: CacheEffect,
}

impl<M> Saved<M> {
    pub(crate) fn new(model: M, cache: CacheEffect) -> Self {
        Self { model, cache }
    }
}

/// A delete: whether there was a row, and what became of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// Whether there was a row.
    pub existed: bool,
    /// What became of its entry; `Refreshed` if "no such row" is remembered.
    pub cache: CacheEffect,
}

impl Deleted {
    pub(crate) fn new(existed: bool, cache: CacheEffect) -> Self {
        Self { existed, cache }
    }
}

/// A bulk write: how many rows it changed or deleted, and what became of their entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// How many rows the database changed or deleted.
    pub rows: u64,
    /// What became of their entries; `Refreshed` if there were none.
    pub cache: CacheEffect,
}

impl Changed {
    pub(crate) fn new(rows: u64, cache: CacheEffect) -> Self {
        Self { rows, cache }
    }
}
