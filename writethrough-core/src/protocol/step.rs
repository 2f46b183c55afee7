//! What can be done to a key, and what the doer learns.

use std::time::Duration;

use super::state::{Micros, Nonce, Payload, Stamp};

/// One atomic step on one key.
#[derive(Clone, Debug)]
pub enum Step<V: Payload> {
    /// Reads; changes nothing.
    Get,
    /// A reader, before its query: absent, or a value that bears the `seen` mark, becomes a lease.
    Lease {
        /// The caller's half of the stamp.
        nonce: Nonce,
        /// How long the lease lives.
        lasting: Duration,
        /// A value the reader cannot use (undecodable, of another schema) and wants replaced: when it was written, and
        /// its mark.
        seen: Option<(Micros, V::Mark)>,
    },
    /// A reader, after its query: its own lease becomes the value.
    Fill {
        /// The lease.
        stamp: Stamp,
        /// What the query found.
        value: V,
        /// How long it is kept.
        ttl: Duration,
    },
    /// A reader whose query failed, or whose row is not to be kept: its own lease becomes absent.
    Release {
        /// The lease.
        stamp: Stamp,
    },
    /// A writer, once, before its commit can happen: joins the fence, or puts one up.
    Fence {
        /// The caller's half of the stamp.
        nonce: Nonce,
        /// How long the token lives; longer than the statement can.
        lasting: Duration,
    },
    /// A writer while the database works: moves its deadline, or returns, contended, to a fence that was lost.
    Renew {
        /// The writer's token.
        stamp: Stamp,
        /// How long the token lives from now on.
        lasting: Duration,
    },
    /// A writer, after its outcome is known: leaves the fence, and a clean one becomes the value.
    Finish {
        /// The writer's token.
        stamp: Stamp,
        /// The row that the statement returned and how long it is kept; `None` when no value may follow.
        value: Option<(V, Duration)>,
    },
    /// Anyone, any time: whatever stands there must not be served, nor become a value.
    Invalidate,
}

impl<V: Payload> Step<V> {
    /// Its name, as the protocol calls it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Lease { .. } => "LEASE",
            Self::Fill { .. } => "FILL",
            Self::Release { .. } => "RELEASE",
            Self::Fence { .. } => "FENCE",
            Self::Renew { .. } => "RENEW",
            Self::Finish { .. } => "FINISH",
            Self::Invalidate => "INVALIDATE",
        }
    }
}

/// What stands under a key, as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<V> {
    /// Nothing is known.
    Absent,
    /// The row, or "no such row".
    Value {
        /// The server's clock when it was written.
        written_at: Micros,
        /// The value.
        value: V,
    },
    /// A reader is loading the row.
    Leased,
    /// Writers are in flight.
    Fenced,
}

/// How a [`Step::Finish`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The value stands.
    Refreshed,
    /// No value was given; absent.
    Emptied,
    /// Another writer is or was in flight; absent, or still fenced by the others.
    Contended,
    /// The token was not there any more; absent, or a contended fence of others.
    Lost,
}

/// What the doer of a step learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<V> {
    /// To [`Step::Get`], and to a [`Step::Lease`] that was not granted.
    Standing(Standing<V>),
    /// To [`Step::Lease`]: the lease.
    Leased(Stamp),
    /// To [`Step::Fill`], [`Step::Release`]: whether the lease still stood.
    Applied(bool),
    /// To [`Step::Fence`]: the token, and whether a value stood there before.
    Fenced {
        /// The token.
        stamp: Stamp,
        /// Whether a value was in the cache (`refresh_if_cached` asks).
        was_cached: bool,
    },
    /// To [`Step::Renew`]: whether the token was still there.
    Renewed(bool),
    /// To [`Step::Finish`].
    Finished(Ending),
    /// To [`Step::Invalidate`].
    Invalidated,
}
