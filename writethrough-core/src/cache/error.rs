//! Why a cache did not acknowledge.

use std::fmt;

/// Why a step was not acknowledged. It may have been executed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheError {
    /// No answer within the cache timeout.
    Timeout,
    /// No connection, or it broke.
    Unavailable(String),
    /// The server answered with an error (out of memory, read-only, no permission).
    Rejected(String),
    /// The circuit breaker is open; nothing was sent.
    Open,
    /// The cache was closed.
    Closed,
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the cache did not answer in time"),
            Self::Unavailable(why) => write!(f, "the cache cannot be reached: {why}"),
            Self::Rejected(why) => write!(f, "the cache refused the command: {why}"),
            Self::Open => f.write_str("the cache is left alone for a moment after repeated failures"),
            Self::Closed => f.write_str("the cache was closed"),
        }
    }
}

impl std::error::Error for CacheError {}
