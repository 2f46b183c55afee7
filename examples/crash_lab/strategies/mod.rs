//! Six ways to keep rows in a database and a cache, written as one finds them, on the same parts.

mod around;
mod aside;
mod behind;
mod cache_first;
mod naive;
mod ours;
mod parts;

use std::fmt;

use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

pub use around::WriteAround;
pub use aside::CacheAside;
pub use behind::WriteBehind;
pub use cache_first::CacheFirst;
pub use naive::NaiveWriteThrough;
pub use ours::Ours;
pub use parts::Parts;

use crate::fuse::Steps;

/// A way to read and write a row.
pub trait Strategy: Send + Sync + 'static {
    /// How often [`write`](Self::write) passes a step.
    const STEPS: usize;

    fn read(&self, row: i32) -> impl Future<Output = Result<Option<i64>, Failure>> + Send;

    /// Returns once the writer may believe that the value is kept.
    fn write(&self, row: i32, value: i64, steps: &Steps) -> impl Future<Output = Result<(), Failure>> + Send;

    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Design {
    CacheAside,
    NaiveWriteThrough,
    CacheFirst,
    WriteBehind,
    WriteAround,
    /// `on_cache_failure = "degrade"`, as by default: a write goes on without the cache.
    OursDegrade,
    /// `on_cache_failure = "fail"`: no write without the cache.
    OursFail,
}

impl Design {
    pub const ALL: [Self; 7] = [
        Self::CacheAside,
        Self::NaiveWriteThrough,
        Self::CacheFirst,
        Self::WriteBehind,
        Self::WriteAround,
        Self::OursDegrade,
        Self::OursFail,
    ];

    /// What a write does, in a few words.
    pub fn does(self) -> &'static str {
        match self {
            Self::CacheAside => "UPDATE, then DEL",
            Self::NaiveWriteThrough => "UPDATE, then SET",
            Self::CacheFirst => "SET, then UPDATE",
            Self::WriteBehind => "XADD and SET; a worker UPDATEs",
            Self::WriteAround => "UPDATE; entries expire after 1 s",
            Self::OursDegrade => "save_through, degrade: goes on without a cache",
            Self::OursFail => "save_through, fail: needs the cache",
        }
    }
}

impl fmt::Display for Design {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CacheAside => "cache-aside",
            Self::NaiveWriteThrough => "naive write-through",
            Self::CacheFirst => "cache-first",
            Self::WriteBehind => "write-behind",
            Self::WriteAround => "write-around",
            Self::OursDegrade => "writethrough (degrade)",
            Self::OursFail => "writethrough (fail)",
        })
    }
}

/// What a caller is told when it did not work.
#[derive(Debug)]
pub enum Failure {
    /// Nothing has changed, and nothing will.
    Refused,
    /// It may have taken effect.
    Unknown,
}

/// Nobody disturbs the database in this lab: an error of a statement is its refusal.
impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Exec(_) | DbErr::Query(_) => Self::Refused,
            _ => Self::Unknown,
        }
    }
}

/// A command whose answer did not come may have been executed.
impl From<fred::error::Error> for Failure {
    fn from(_: fred::error::Error) -> Self {
        Self::Unknown
    }
}

impl From<writethrough::Error> for Failure {
    fn from(error: writethrough::Error) -> Self {
        match error.outcome() {
            writethrough::Outcome::NotCommitted => Self::Refused,
            _ => Self::Unknown,
        }
    }
}
