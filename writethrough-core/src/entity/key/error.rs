//! Why there is no key.

use std::fmt;

use super::{MAX_NAMESPACE_LEN, MAX_PK_LEN};
use crate::entity::Unsupported;

/// Why a namespace, or a primary or secondary key, cannot be written as a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The namespace is empty.
    EmptyNamespace,
    /// The namespace is too long.
    LongNamespace {
        /// Its length when escaped, in bytes.
        len: usize,
    },
    /// The key is too long.
    LongKey {
        /// Its length in bytes.
        len: usize,
    },
    /// The value has another number of columns than the key.
    Arity {
        /// Columns of the key.
        expected: usize,
        /// Columns of the value.
        given: usize,
    },
    /// The entity has no unique key of this number.
    NoSuchKey {
        /// The number, counted from 0.
        key: usize,
    },
    /// The entity has no index of this number.
    NoSuchIndex {
        /// The number, counted from 0.
        index: usize,
    },
    /// A column of the key is of a type that cannot be written.
    Unsupported(Unsupported),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyNamespace => f.write_str("the namespace is empty: name the application, for example `shop`"),
            Self::LongNamespace { len } => write!(
                f,
                "a namespace of {len} bytes (when escaped) is too long: choose one of at most {MAX_NAMESPACE_LEN}"
            ),
            Self::LongKey { len } => write!(
                f,
                "a key of {len} bytes is too long to be cached: load and save rows with keys of more than {MAX_PK_LEN} \
                 bytes with SeaORM itself"
            ),
            Self::Arity { expected, given } => {
                write!(f, "the key has {expected} columns, but {given} were given: give a value for each")
            }
            Self::NoSuchKey { key } => {
                write!(f, "the entity has no unique key number {key}: count its `unique_keys()` from 0")
            }
            Self::NoSuchIndex { index } => {
                write!(f, "the entity has no index number {index}: count its `indexes()` from 0")
            }
            Self::Unsupported(kind) => write!(f, "the key cannot be written as a cache key: {kind}"),
        }
    }
}

impl std::error::Error for KeyError {}
