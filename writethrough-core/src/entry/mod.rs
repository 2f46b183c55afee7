//! The bytes in the cache.
//!
//! An entry is one string. The server writes the first part, so that no client has to know which server it talks to;
//! the client writes the rest, the [`Payload`]:
//!
//! ```text
//! value   'V' incarnation:8 written_at:8 | format:1 flags:1 fingerprint:8 columns…
//! lease   'L' incarnation:8 stamp:16
//! fence   'F' incarnation:8 contended:1 (stamp:16 deadline:8)…
//! ```
//!
//! Integers are big-endian, times are microseconds since the Unix epoch, a stamp is time and nonce. The header of a
//! value is 27 bytes long.
//!
//! The columns are two MessagePack arrays, one behind the other:
//!
//! ```text
//! a row           [kind, value, kind, value, …]  [table, column, column, …]
//! "no such row"                                  [table, key column, …]
//! a pointer       [kind, value, …]               [table, [unique column, …], [key column, …]]
//! its "no row"                                   [table, [unique column, …]]
//! a list          [[kind, value, …], …]          [table, [index column, …], [key column, …]]
//! ```
//!
//! Values come in the order of the entity's columns, each after a number that tells its kind (the table is in `value`). A process
//! with the same fingerprint reads the values by position; the names it only compares with its own. Any other reads the
//! names first and takes the columns it knows, if it finds all of its own: a deploy that adds or drops a column does not
//! make old and new processes evict each other's entries. That a row is missing does not depend on its columns, so such
//! an entry is valid whatever its fingerprint, as long as it speaks of the same table and key columns.
//!
//! A pointer stands under the value of a unique key and says which row has it, by its primary key, or that none has.
//! It does not depend on the other columns either; `pointer` tells what it does depend on. A list stands under the value of an
//! index and says which rows have it, by their primary keys, and that no others do. The five kinds of payload have flags of
//! their own, so none is taken for another wherever it stands.
//!
//! What does not decode is a miss, never a panic: bytes may come from a later version, or from anyone.

mod columns;
mod error;
mod key;
mod list;
mod mark;
mod pointer;
mod row;
mod size;
#[cfg(test)]
mod tests;
mod value;

pub mod frame;

use bytes::Bytes;

pub use error::{DecodeError, EncodeError};
pub(crate) use key::{decode_key, encode_key};
pub use list::{decode_list, encode_list};
pub use pointer::{decode_pointer, encode_no_row, encode_pointer};
pub use row::{Decoded, decode, encode_absent, encode_row};
pub(crate) use size::size_of;

use crate::protocol;

/// What a client writes into a value entry: format version, flags, schema fingerprint, columns.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Payload(pub Bytes);

/// Length of a payload's mark: format version, flags and fingerprint.
pub const MARK_LEN: usize = 10;

impl protocol::Payload for Payload {
    type Mark = Bytes;

    fn mark(&self) -> Bytes {
        self.0.slice(..self.0.len().min(MARK_LEN))
    }
}

impl std::fmt::Debug for Payload {
    /// Shows the length only: payloads bear users' data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}
