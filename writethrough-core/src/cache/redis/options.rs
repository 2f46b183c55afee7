//! What a user says about a Redis cache.

use std::fmt;

use super::url::redacted;

/// Where the Redis server is, and how to use it.
///
/// | URL | server |
/// | --- | --- |
/// | `redis://[user:password@]host[:port][/database]` | one server; `rediss://` with TLS |
/// | `unix://[user:password@host]/path/to/socket[?db=1]` | one server on this machine |
/// | `redis-cluster://host[:port][?node=host:port…]` | a cluster; `rediss-cluster://` with TLS |
/// | `redis-sentinel://host[:port][/database]?sentinelServiceName=name[&node=host:port…]` | the primary that these sentinels name; `rediss-sentinel://` with TLS |
///
/// Redis 6.2 or later, or Valkey. The user needs `GET`, `MGET`, `SET`, `UNLINK`, `SCAN`, `TIME`, `INFO`, `PING`, `EVAL`
/// and `EVALSHA` (on a cluster `CLUSTER SLOTS` and `CLUSTER INFO` too), on the keys `namespace:*` (on a cluster
/// `{namespace:*`).
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use writethrough::RedisOptions;
///
/// let options = RedisOptions::new("redis://:secret@localhost/2").pool_size(2);
/// assert!(!format!("{options:?}").contains("secret"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct RedisOptions {
    pub(super) url: String,
    pub(super) pool_size: usize,
    pub(super) trust_any_incarnation: bool,
}

impl RedisOptions {
    /// Options for the server at this URL. It is checked when the cache is made.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), pool_size: 1, trust_any_incarnation: false }
    }

    /// How many connections to keep; 1 by default.
    ///
    /// One connection carries about 100,000 commands a second. More help above that, or with large values. The same
    /// key always takes the same connection.
    #[must_use]
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections;
        self
    }

    /// Whether entries count that another life of the server wrote; no by default.
    ///
    /// A server that restarts from a snapshot, and a replica that takes over, go back in time. By default what they
    /// bring along is ignored, so that a restart costs a cold cache. With `true` the cache stays warm, and readers may
    /// see values that were replaced before the restart, until those expire.
    #[must_use]
    pub fn trust_any_incarnation(mut self, trust: bool) -> Self {
        self.trust_any_incarnation = trust;
        self
    }
}

impl fmt::Debug for RedisOptions {
    /// Shows neither user nor password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("url", &redacted(&self.url))
            .field("pool_size", &self.pool_size)
            .field("trust_any_incarnation", &self.trust_any_incarnation)
            .finish()
    }
}
