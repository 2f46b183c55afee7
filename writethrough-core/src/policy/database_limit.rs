//! How many loads may ask the database at once when the cache is gone.

use std::time::Duration;

/// A bound on what loads ask of the database while the cache cannot be used, so that an outage of the cache does not become
/// one of the database. It is set with [`database_limit`](crate::StoreBuilder::database_limit), and there is none by
/// default.
///
/// ```
/// use std::time::Duration;
/// # extern crate writethrough_core as writethrough;
/// use writethrough::{DatabaseLimit, Store};
///
/// let limit = DatabaseLimit::new(20).queue_timeout(Duration::from_millis(500));
/// let builder = Store::builder().database_limit(limit);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseLimit {
    /// Queries at once: 1 to 1,000,000. Less than the connections of the pool leaves some for writes.
    pub max_queries: usize,
    /// How long a load waits for its turn before it fails: up to 1 hour, 1 second by default.
    pub queue_timeout: Duration,
}

impl DatabaseLimit {
    /// At most so many queries at once.
    #[must_use]
    pub const fn new(max_queries: usize) -> Self {
        Self { max_queries, queue_timeout: Duration::from_secs(1) }
    }

    /// How long a load waits for its turn before it fails.
    #[must_use]
    pub const fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.queue_timeout = timeout;
        self
    }
}
