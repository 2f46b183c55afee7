//! Why a load leaves the cache alone.

use tracing::Span;

use crate::cache::CacheError;

/// Why the database is asked although nothing was found to be missing in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bypass {
    /// A fence or somebody's lease stands there: all is well.
    Occupied,
    /// The circuit breaker lets nothing through.
    LeftAlone,
    /// The cache did not answer.
    Unavailable,
    /// A write of this store waits to be repaired there.
    Distrusted,
}

impl Bypass {
    pub(super) fn because_of(error: &CacheError) -> Self {
        match error {
            CacheError::Open => Self::LeftAlone,
            _ => Self::Unavailable,
        }
    }

    /// Whether the cache is of no use to any load, and not only to this one.
    pub(super) fn is_outage(self) -> bool {
        self != Self::Occupied
    }

    /// Tells the span of the load.
    pub(super) fn told_to(self, span: &Span) -> Self {
        let why = match self {
            Self::Occupied => return self,
            Self::LeftAlone => "left_alone",
            Self::Unavailable => "unavailable",
            Self::Distrusted => "distrusted",
        };
        span.record("bypass", why);
        self
    }
}
