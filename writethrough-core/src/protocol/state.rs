//! What can stand under a key.

use std::time::Duration;

/// A point of the server's wall clock, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// The point `duration` later; saturates.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// The caller's half of a [`Stamp`]: random, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub u64);

/// The whole name of a lease or of a writer's token: the caller's nonce, completed by the server's clock at execution.
///
/// A command that the network repeats is stamped again, so its second execution makes a name that nobody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// When the server executed the step.
    pub at: Micros,
    /// What the caller sent.
    pub nonce: Nonce,
}

/// One life of a server process, from its start to its end (the first 64 bits of Redis' run id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub u64);

/// Whether entries of another incarnation count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Only what this incarnation wrote counts; a restart costs a cold cache.
    #[default]
    Own,
    /// Whatever stands there counts; after a restart from a snapshot it may be old.
    Any,
}

/// The server's side of a step: who it is, what time it has, and what it is told to trust.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// The life of the server that executes the step.
    pub incarnation: Incarnation,
    /// Its clock at execution.
    pub now: Micros,
    /// Which entries count.
    pub trust: Trust,
}

/// A value as the protocol sees it: opaque, but recognizable.
pub trait Payload: Clone {
    /// The fixed part that names a value well enough for [`Step::Lease`](super::Step::Lease) to replace it.
    type Mark: Clone + PartialEq;

    /// This value's mark.
    fn mark(&self) -> Self::Mark;
}

/// One writer in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// Its name.
    pub stamp: Stamp,
    /// From when on it counts as dead.
    pub deadline: Micros,
}

/// What stands under a key, other than nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State<V> {
    /// The row, or "no such row".
    Value {
        /// The server's clock when it was written.
        written_at: Micros,
        /// The value.
        value: V,
    },
    /// One reader is loading the row.
    Lease {
        /// The reader's name.
        stamp: Stamp,
    },
    /// Writers are in flight.
    Fence {
        /// Who they are; never empty.
        tokens: Vec<Token>,
        /// Whether the fence must end absent.
        contended: bool,
    },
}

/// A state with its expiry and the incarnation that wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry<V> {
    /// Which life of the server wrote it.
    pub incarnation: Incarnation,
    /// From when on it counts as absent.
    pub expires_at: Micros,
    /// What stands there.
    pub state: State<V>,
}
