//! Where entries live: the protocol's steps, on one key or many.
//!
//! [`Cache`] is the narrow waist. [`redis`] executes the steps on a server, [`memory`] in the process; whatever passes
//! the conformance suite may stand here. Nothing above this module knows which one it talks to, and nothing outside
//! [`redis`] imports `fred`.

mod any;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
mod key;
mod link;
pub mod memory;
pub mod redis;
mod walk;

use std::fmt;
use std::sync::Arc;

pub(crate) use any::AnyCache;
pub use error::CacheError;
pub use key::CacheKey;
pub(crate) use link::{Link, Listener};
pub use walk::{Cursor, Page};

use crate::entry::Payload;
use crate::protocol::{Reply, Standing, Step};

/// One step on one key.
pub type Call = (CacheKey, Step<Payload>);

/// A store of entries that executes the protocol's steps atomically, each on one key.
///
/// An `Err` means *unacknowledged*: the step may have been executed, may be executed later, or never.
/// Implementations never repeat a step by themselves.
#[async_trait::async_trait]
pub trait Cache: fmt::Debug + Send + Sync + 'static {
    /// What stands under one key: [`Step::Get`] on the fast path.
    async fn get(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError>;

    /// Executes steps, all of one kind and on distinct keys, in as few round trips as the server allows.
    ///
    /// The answers come in the order of the calls; each is acknowledged, or not, by itself.
    async fn apply(&self, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>>;

    /// Executes [`Step::Invalidate`] on every key that stands when the call begins and that starts with the `prefix`,
    /// which keys made by [`KeySpace`](crate::entity::KeySpace) share per entity. Returns how many keys it met.
    async fn invalidate_prefix(&self, prefix: &str) -> Result<u64, CacheError>;

    /// Some keys that start with the `prefix`, and where to go on. A whole walk meets every key that stands from its
    /// beginning to its end, perhaps more than once.
    async fn keys(&self, prefix: &str, from: Cursor) -> Result<Page, CacheError>;

    /// Whether keys should bear a hash tag, so that keys of one bucket can go in one call.
    fn is_clustered(&self) -> bool {
        false
    }

    /// Lets go of connections and tasks; later calls fail. Waits no longer than a command may take.
    async fn close(&self);
}

/// A shared cache of whatever kind.
pub type SharedCache = Arc<dyn Cache>;
