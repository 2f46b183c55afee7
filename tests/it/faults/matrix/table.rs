//! The whole matrix of failures: what every operation answers to each of them, and what it leaves behind.
//!
//! SQLite is left out: it has no connection to lose. A cell is empty where there is no such command to fail.

use Operation::*;

/// What is done; each of them on a row that is in the cache, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    LoadHit,
    /// The row is not in the cache.
    LoadMiss,
    /// Neither are these two.
    LoadMany,
    /// Nor the pointer to it.
    LoadByKey,
    SaveKnown,
    SaveGenerated,
    /// Of a row whose absence is remembered.
    Insert,
    Update,
    Upsert,
    Delete,
    /// Of a transaction with one update.
    Commit,
    /// Of a row that was changed behind the store's back.
    Invalidate,
    InvalidateAll,
}

/// What fails, in the order of the table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection to the cache breaks before it gets the GET (of `InvalidateAll`, the SCAN).
    CacheRead,
    /// … before it gets the FENCE (of loads, the LEASE; of `Invalidate` and `InvalidateAll`, the INVALIDATE).
    Fence,
    /// … before it gets the FINISH (of loads, the FILL).
    Finish,
    /// The database refuses the statement.
    BeforeCommit,
    /// The connection to the database breaks before it gets the COMMIT, or the statement where it commits by itself.
    AtCommit,
    /// … before its answer to that arrives.
    AfterCommit,
    /// The cache is down, and the connection to the database breaks as in `AfterCommit` (of loads, as in `BeforeCommit`).
    Both,
}

impl Failure {
    pub const ALL: [Self; 7] =
        [Self::CacheRead, Self::Fence, Self::Finish, Self::BeforeCommit, Self::AtCommit, Self::AfterCommit, Self::Both];
}

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// `Ok`.
    Done,
    /// `Err`, and what its `outcome()` is.
    NotCommitted,
    Committed,
    Unknown,
}

/// What the database has afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Before,
    After,
}

/// What stands in the cache once nothing waits to be repaired. It never differs from the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The row as the database has it, or nothing.
    Agreeing,
    /// A fence, which keeps the row out until it expires: the statement may still be executed.
    Fence,
}

/// One cell.
pub type Cell = Option<(Told, Stored, Left)>;

/// Nothing to fail.
const NONE: Cell = None;
/// It does what it should.
const DONE: Cell = Some((Told::Done, Stored::After, Left::Agreeing));
/// A read, or something refused: nothing was changed.
const READ: Cell = Some((Told::Done, Stored::Before, Left::Agreeing));
const REFUSED: Cell = Some((Told::NotCommitted, Stored::Before, Left::Agreeing));
/// It is done, and an error says so.
const SAID: Cell = Some((Told::Committed, Stored::After, Left::Agreeing));
/// Nobody knows; it was not done, it was.
const LOST: Cell = Some((Told::Unknown, Stored::Before, Left::Fence));
const MAYBE: Cell = Some((Told::Unknown, Stored::After, Left::Fence));
/// Somebody else's change is in the database; that the entry may be stale was refused to be called a success.
const TO_DO: Cell = Some((Told::NotCommitted, Stored::After, Left::Agreeing));

/// `on_cache_failure = "degrade"`.
#[rustfmt::skip]
pub const DEGRADE: [(Operation, [Cell; 7]); 13] = [
    //               CacheRead Fence  Finish BeforeCommit AtCommit AfterCommit Both
    (LoadHit,       [READ,     NONE,  NONE,  READ,        NONE,    NONE,       REFUSED]),
    (LoadMiss,      [READ,     READ,  READ,  REFUSED,     NONE,    NONE,       REFUSED]),
    (LoadMany,      [READ,     READ,  READ,  REFUSED,     NONE,    NONE,       REFUSED]),
    (LoadByKey,     [READ,     READ,  READ,  REFUSED,     NONE,    NONE,       REFUSED]),
    (SaveKnown,     [NONE,     DONE,  DONE,  REFUSED,     LOST,    MAYBE,      MAYBE]),
    (SaveGenerated, [NONE,     DONE,  DONE,  REFUSED,     LOST,    MAYBE,      MAYBE]),
    (Insert,        [NONE,     DONE,  DONE,  REFUSED,     LOST,    MAYBE,      MAYBE]),
    (Update,        [NONE,     DONE,  DONE,  REFUSED,     LOST,    MAYBE,      MAYBE]),
    (Upsert,        [NONE,     DONE,  DONE,  REFUSED,     LOST,    MAYBE,      MAYBE]),
    (Delete,        [NONE,     DONE,  DONE,  REFUSED,     LOST,    MAYBE,      MAYBE]),
    (Commit,        [NONE,     DONE,  DONE,  REFUSED,     LOST,    MAYBE,      MAYBE]),
    (Invalidate,    [NONE,     DONE,  NONE,  NONE,        NONE,    NONE,       NONE]),
    (InvalidateAll, [DONE,     DONE,  NONE,  NONE,        NONE,    NONE,       NONE]),
];

/// `on_cache_failure = "fail"`.
#[rustfmt::skip]
pub const FAIL: [(Operation, [Cell; 7]); 13] = [
    //               CacheRead Fence    Finish BeforeCommit AtCommit AfterCommit Both
    (LoadHit,       [READ,     NONE,    NONE,  READ,        NONE,    NONE,       REFUSED]),
    (LoadMiss,      [READ,     READ,    READ,  REFUSED,     NONE,    NONE,       REFUSED]),
    (LoadMany,      [READ,     READ,    READ,  REFUSED,     NONE,    NONE,       REFUSED]),
    (LoadByKey,     [READ,     READ,    READ,  REFUSED,     NONE,    NONE,       REFUSED]),
    (SaveKnown,     [NONE,     REFUSED, SAID,  REFUSED,     LOST,    MAYBE,      REFUSED]),
    (SaveGenerated, [NONE,     REFUSED, SAID,  REFUSED,     LOST,    MAYBE,      REFUSED]),
    (Insert,        [NONE,     REFUSED, SAID,  REFUSED,     LOST,    MAYBE,      REFUSED]),
    (Update,        [NONE,     REFUSED, SAID,  REFUSED,     LOST,    MAYBE,      REFUSED]),
    (Upsert,        [NONE,     REFUSED, SAID,  REFUSED,     LOST,    MAYBE,      REFUSED]),
    (Delete,        [NONE,     REFUSED, SAID,  REFUSED,     LOST,    MAYBE,      REFUSED]),
    (Commit,        [NONE,     REFUSED, SAID,  REFUSED,     LOST,    MAYBE,      REFUSED]),
    (Invalidate,    [NONE,     TO_DO,   NONE,  NONE,        NONE,    NONE,       NONE]),
    (InvalidateAll, [TO_DO,    TO_DO,   NONE,  NONE,        NONE,    NONE,       NONE]),
];
