//! Why a row did not become bytes, or bytes did not become a row.
//!
//! Neither tells a value: they end up in logs.

use std::fmt;

use super::mark::FORMAT;

/// Why a row cannot be written as an entry. It stays right in the database; it only cannot be cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError(String);

impl EncodeError {
    pub(super) fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

/// Why an entry cannot be read. To the reader it is a miss, and the next fill replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is shorter than its mark.
    Truncated,
    /// It was written in another format.
    Format(u8),
    /// It has flags that this version does not know, or not under this kind of key.
    Flags(u8),
    /// It speaks of another table, or lacks some of our columns, or its key columns are others.
    Columns,
    /// "No such row", or "no rows but these", though the key does not compare by bytes, so that nothing may be concluded.
    InexactAbsence,
    /// The value of this column does not decode, or not into the column's type.
    Value {
        /// The column's name.
        column: &'static str,
    },
    /// Its parts are not where they should be, or something follows them.
    Malformed,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the entry is too short"),
            Self::Format(format) => write!(f, "the entry has format {format}, this version reads {FORMAT}"),
            Self::Flags(flags) => write!(f, "the entry has flags this version does not know there: {flags:#04x}"),
            Self::Columns => f.write_str("the entry is of another table or lacks columns"),
            Self::InexactAbsence => f.write_str(
                "the entry says that there is no row, but the key does not compare by bytes: declare its columns exact",
            ),
            Self::Value { column } => write!(f, "the entry's value of column `{column}` does not fit"),
            Self::Malformed => f.write_str("the entry is malformed"),
        }
    }
}

impl std::error::Error for DecodeError {}
