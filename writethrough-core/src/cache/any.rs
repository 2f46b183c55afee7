//! A cache of any of the kinds that a store opens.

use std::sync::Arc;

use super::memory::MemoryCache;
use super::redis::RedisCache;
use super::{Cache, CacheError, CacheKey, Listener};
use crate::entry::Payload;
use crate::protocol::Standing;

/// A cache whose kind is known, so that a read goes to it without the box that a `dyn Cache` puts around each call: a
/// hit is little else than that read, and the future of a Redis client takes several kilobytes.
#[derive(Clone, Debug)]
pub(crate) enum AnyCache {
    Memory(Arc<MemoryCache>),
    Redis(Arc<RedisCache>),
    /// One that does as a test tells it.
    #[cfg(test)]
    Scripted(Arc<dyn Cache>),
}

impl AnyCache {
    /// [`Cache::get`].
    pub(crate) async fn get(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        match self {
            Self::Memory(cache) => cache.read(key),
            Self::Redis(cache) => cache.read(key).await,
            #[cfg(test)]
            Self::Scripted(cache) => cache.get(key).await,
        }
    }

    /// Tells the listener from now on what becomes of the connections, if there are any.
    pub(crate) fn listen(&self, listener: Arc<dyn Listener>) {
        if let Self::Redis(cache) = self {
            cache.link().listen(listener);
        }
    }

    /// The cache for everything else, where a box does not count.
    pub(crate) fn as_dyn(&self) -> &dyn Cache {
        match self {
            Self::Memory(cache) => &**cache,
            Self::Redis(cache) => &**cache,
            #[cfg(test)]
            Self::Scripted(cache) => &**cache,
        }
    }
}
