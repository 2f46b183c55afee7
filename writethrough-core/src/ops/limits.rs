//! How much goes into one statement.

use sea_orm::DbBackend;

/// What one statement may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Bind parameters.
    pub(super) binds: usize,
    /// Bytes of all values together. One row may be larger, and then goes alone.
    pub(super) bytes: usize,
}

/// The least `max_allowed_packet` that MySQL and MariaDB have had by default for years is 4 MiB; the rest of the statement
/// wants room, too.
const BYTES: usize = 2 << 20;

/// Primary keys in one list of a locking read, or of a statement behind one. Where the list is long, MySQL's optimizer may
/// prefer to read, and lock, the whole table.
pub(super) const KEYS: usize = 1_000;

impl Limits {
    /// Those of a database: both protocols count parameters in 16 bits, SQLite has a limit of its own.
    pub(super) fn of(backend: DbBackend) -> Self {
        let binds = match backend {
            DbBackend::Sqlite => 32_766,
            _ => 65_535,
        };
        Self { binds, bytes: BYTES }
    }

    /// Keys of so many columns in one list.
    pub(super) fn keys(self, columns: usize) -> usize {
        KEYS.min(self.binds / columns.max(1)).max(1)
    }
}
