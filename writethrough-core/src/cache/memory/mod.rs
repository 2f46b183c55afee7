//! Entries in the process: the protocol's step function under a lock.
//!
//! Right only while this process alone writes the cached rows. Bounded: when full, values make room; leases and fences
//! never do, because losing one early is what the protocol must not do by itself. They expire soon.

mod clock;
mod shard;
mod shared;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::clock::Clock;
use self::shard::Shard;
use crate::cache::{Cache, CacheError, CacheKey, Call, Cursor, Page};
use crate::entry::Payload;
use crate::protocol::{Incarnation, Reply, Server, Standing, Step, Trust};

/// How a memory cache is bounded.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use writethrough::{MemoryOptions, Store};
///
/// # async fn build() -> Result<(), writethrough::Error> {
/// let small = MemoryOptions::new().max_entries(1_000);
/// let store = Store::builder().database_url("sqlite::memory:").memory(small).build().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryOptions {
    /// About how many entries to keep; 100,000 by default, at least 1.
    ///
    /// Leases and fences in excess of it are kept all the same.
    pub max_entries: usize,
}

impl MemoryOptions {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { max_entries: 100_000 }
    }

    /// About how many entries to keep.
    #[must_use]
    pub const fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// A cache in the process.
///
/// ```
/// use writethrough_core::cache::memory::{MemoryCache, MemoryOptions};
///
/// let own = MemoryCache::new(MemoryOptions::new().max_entries(1_000));
/// let (here, there) = (MemoryCache::named("app"), MemoryCache::named("app"));
/// assert!(here.shares_entries_with(&there));
/// assert!(!own.shares_entries_with(&here));
/// ```
pub struct MemoryCache {
    entries: Arc<Entries>,
    closed: AtomicBool,
}

impl MemoryCache {
    /// A cache of its own.
    #[must_use]
    pub fn new(options: MemoryOptions) -> Self {
        Self::of(Arc::new(Entries::new(options)))
    }

    /// The cache of this name, with default options: one for the whole process while anyone holds it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::of(shared::entries(name))
    }

    /// Whether both are handles of one cache.
    #[must_use]
    pub fn shares_entries_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries)
    }

    fn of(entries: Arc<Entries>) -> Self {
        Self { entries, closed: AtomicBool::new(false) }
    }

    /// [`Cache::get`], at once.
    pub(in crate::cache) fn read(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        match self.open()?.execute(key.clone(), Step::Get) {
            Reply::Standing(standing) => Ok(standing),
            // No other reply answers `Get`.
            _ => Ok(Standing::Absent),
        }
    }

    fn open(&self) -> Result<&Entries, CacheError> {
        if self.closed.load(Ordering::Relaxed) { Err(CacheError::Closed) } else { Ok(&self.entries) }
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        self.read(key)
    }

    async fn apply(&self, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>> {
        calls.into_iter().map(|(key, step)| Ok(self.open()?.execute(key, step))).collect()
    }

    async fn invalidate_prefix(&self, prefix: &str) -> Result<u64, CacheError> {
        Ok(self.open()?.invalidate_prefix(prefix))
    }

    /// A page is a shard.
    async fn keys(&self, prefix: &str, from: Cursor) -> Result<Page, CacheError> {
        Ok(self.open()?.keys(prefix, from))
    }

    /// Closes this handle; others that share the name go on.
    async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

/// What handles of one name share.
struct Entries {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    incarnation: Incarnation,
    clock: Clock,
}

impl Entries {
    fn new(options: MemoryOptions) -> Self {
        /// Below this a shard would be too small for a fair choice of what to evict.
        const SMALLEST_SHARD: usize = 1024;
        const MOST_SHARDS: usize = 16;
        let count = (options.max_entries / SMALLEST_SHARD).clamp(1, MOST_SHARDS);
        let room = options.max_entries.max(1).div_ceil(count);
        Self {
            shards: (0..count).map(|_| Mutex::new(Shard::new(room))).collect(),
            hasher: RandomState::new(),
            incarnation: Incarnation(rand::random()),
            clock: Clock::start(),
        }
    }

    fn execute(&self, key: CacheKey, step: Step<Payload>) -> Reply<Payload> {
        let shards = self.shards.len() as u64;
        let index = usize::try_from(self.hasher.hash_one(&key) % shards).unwrap_or_default();
        let shard = self.shards.get(index).expect("the index is below the number of shards");
        let mut shard = locked(shard);
        // The time is taken under the lock, so that it passes in the order of the steps.
        shard.execute(key, step, &self.server())
    }

    fn invalidate_prefix(&self, prefix: &str) -> u64 {
        self.shards.iter().map(|shard| locked(shard).invalidate_prefix(prefix, &self.server())).sum()
    }

    fn keys(&self, prefix: &str, from: Cursor) -> Page {
        let keys = self.shards.get(from.part).map(|shard| locked(shard).keys(prefix)).unwrap_or_default();
        Page::of(keys, from, 0, self.shards.len())
    }

    fn server(&self) -> Server {
        Server { incarnation: self.incarnation, now: self.clock.now(), trust: Trust::Own }
    }

    fn len(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).len()).sum()
    }
}

/// A panic cannot leave a shard half-changed: entries are put and removed whole.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test tells by a panic")]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::cache::conformance;
    use crate::protocol::{Ending, Nonce};

    fn key(number: usize) -> CacheKey {
        CacheKey::new(format!("key:{number}"))
    }

    async fn step(cache: &MemoryCache, key: CacheKey, step: Step<Payload>) -> Reply<Payload> {
        cache.apply(vec![(key, step)]).await.remove(0).expect("an open cache")
    }

    async fn put(cache: &MemoryCache, number: usize, ttl: Duration) {
        let lease = Step::Lease { nonce: Nonce(1), lasting: ttl, seen: None };
        let Reply::Leased(stamp) = step(cache, key(number), lease).await else { panic!("no lease on {number}") };
        let fill = Step::Fill { stamp, value: Payload(Bytes::from_static(b"a value")), ttl };
        assert_eq!(step(cache, key(number), fill).await, Reply::Applied(true));
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn it_conforms() {
        conformance::check(Arc::new(MemoryCache::new(MemoryOptions::new()))).await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_keeps_deadlines_by_tokios_clock() {
        conformance::check_deadlines(Arc::new(MemoryCache::new(MemoryOptions::new()))).await;
    }

    #[tokio::test]
    async fn a_full_cache_evicts_values_and_nothing_else() {
        let cache = MemoryCache::new(MemoryOptions::new().max_entries(50));
        for number in 0..20 {
            step(&cache, key(number), Step::Fence { nonce: Nonce(1), lasting: LONG }).await;
        }
        for number in 20..1_000 {
            put(&cache, number, LONG).await;
            assert!(cache.entries.len() <= 50, "{}", cache.entries.len());
        }
        for number in 0..20 {
            assert_eq!(cache.get(&key(number)).await, Ok(Standing::Fenced));
        }
    }

    #[tokio::test]
    async fn fences_are_kept_beyond_the_bound_and_it_holds_again_afterwards() {
        let cache = MemoryCache::new(MemoryOptions::new().max_entries(10));
        let mut stamps = Vec::new();
        for number in 0..100 {
            let fence = Step::Fence { nonce: Nonce(1), lasting: LONG };
            let Reply::Fenced { stamp, .. } = step(&cache, key(number), fence).await else { panic!("no fence") };
            stamps.push(stamp);
        }
        assert_eq!(cache.entries.len(), 100);
        for (number, stamp) in stamps.into_iter().enumerate() {
            let value = Some((Payload(Bytes::from_static(b"a value")), LONG));
            let reply = step(&cache, key(number), Step::Finish { stamp, value }).await;
            assert_eq!(reply, Reply::Finished(Ending::Refreshed), "fence {number} was evicted");
        }
        put(&cache, 100, LONG).await;
        assert!(cache.entries.len() <= 10, "{}", cache.entries.len());
    }

    #[tokio::test(start_paused = true)]
    async fn expired_entries_are_swept_by_later_ones() {
        let cache = MemoryCache::new(MemoryOptions::new());
        for number in 0..500 {
            put(&cache, number, Duration::from_secs(1)).await;
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        for number in 1_000..1_500 {
            put(&cache, number, LONG).await;
        }
        assert!(cache.entries.len() < 700, "{} entries are left of 500 live ones", cache.entries.len());
    }

    #[tokio::test]
    async fn a_named_cache_lives_as_long_as_a_holder() {
        let first = MemoryCache::named("lives as long as a holder");
        put(&first, 1, LONG).await;
        let second = MemoryCache::named("lives as long as a holder");
        first.close().await;
        assert_eq!(first.get(&key(1)).await, Err(CacheError::Closed));
        drop(first);
        assert!(matches!(second.get(&key(1)).await, Ok(Standing::Value { .. })));
        drop(second);
        let third = MemoryCache::named("lives as long as a holder");
        assert_eq!(third.get(&key(1)).await, Ok(Standing::Absent));
    }
}
