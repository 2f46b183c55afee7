//! Entries on a Redis or Valkey server: alone, behind sentinels, or a cluster. The only place that imports `fred`.
//!
//! A read is one `GET`; every other step is a script that mirrors [`protocol::apply`](crate::protocol::apply) on the
//! server (`scripts/`). A `connection` lives as long as one life of the server, a `supervisor` makes the next, a `batch`
//! carries many calls in one command, and a `window` bounds how much is under way at a time.
//!
//! What is deliberately absent: queues, retries and replays. While there is no connection every call fails at once;
//! a call that was not answered in time is never sent again.
//!
//! An incarnation is the server's `run_id`, so it changes with each start. It does not change where a primary is demoted
//! and promoted again without a restart: what it wrote before counts again then, if it comes back by replication.
//! Sentinels and clusters cut or redirect connections when a primary changes; after a `REPLICAOF` by hand, reads go on
//! until the first write finds out.

mod batch;
mod calls;
mod connection;
mod error;
mod options;
mod owners;
mod scripts;
mod supervisor;
mod url;
mod window;

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use fred::types::Value;
use fred::util::redis_keyslot;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::batch::{Address, Batch, batches};
use self::calls::Verb;
use self::connection::{Connection, Setup};
pub use self::error::RedisOptionsError;
pub use self::options::RedisOptions;
use self::supervisor::Lane;
use self::window::{Convoy, Window};
use crate::cache::{Cache, CacheError, CacheKey, Call, Cursor, Link, Page};
use crate::entry::Payload;
use crate::protocol::{Reply, Standing, Step, Trust};

/// What became of one call.
type Answer = Result<Reply<Payload>, CacheError>;

/// How long [`RedisCache::ready`] waits at most.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// A cache on a Redis server.
///
/// It connects in the background, and again whenever it has to. Dropping it cuts its connections;
/// [`close`](Cache::close) says goodbye first.
pub struct RedisCache {
    options: RedisOptions,
    timeout: Duration,
    clustered: bool,
    trust: Trust,
    lanes: Box<[Lane]>,
    windows: Box<[Window]>,
    link: Arc<Link>,
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl RedisCache {
    /// A cache that answers, or fails, within the timeout.
    ///
    /// It is made while the server is down, too: calls fail at once until the server answers.
    ///
    /// ```
    /// use std::time::Duration;
    /// use writethrough_core::cache::redis::{RedisCache, RedisOptions};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let options = RedisOptions::new("redis://localhost:6379");
    /// let cache = RedisCache::new(options, Duration::from_millis(100))?;
    /// if let Err(why) = cache.ready().await {
    ///     eprintln!("starting without the cache: {why}");
    /// }
    /// # Ok::<_, writethrough_core::cache::redis::RedisOptionsError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If the options cannot be used, or there is no tokio runtime.
    pub fn new(options: RedisOptions, timeout: Duration) -> Result<Self, RedisOptionsError> {
        let config = url::config(&options.url)?;
        if options.pool_size == 0 {
            return Err(RedisOptionsError::EmptyPool);
        }
        if timeout.is_zero() {
            return Err(RedisOptionsError::ZeroTimeout);
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(RedisOptionsError::NoRuntime);
        }
        let trust = if options.trust_any_incarnation { Trust::Any } else { Trust::Own };
        let clustered = config.server.is_clustered();
        let setup = Setup { config, timeout, trust };
        let (closing, tasks) = (CancellationToken::new(), TaskTracker::new());
        let link = Arc::new(Link::of(options.pool_size));
        let lane = |_| Lane::open(setup.clone(), link.clone(), &tasks, closing.clone());
        let lanes = (0..options.pool_size).map(lane).collect();
        let windows = (0..options.pool_size).map(|_| Window::new()).collect();
        Ok(Self { options, timeout, clustered, trust, lanes, windows, link, closing, tasks })
    }

    /// Waits for the outcome of the first attempt to connect; later, tells at once whether there is a connection.
    ///
    /// # Errors
    ///
    /// Why there is no connection. The cache goes on trying.
    pub async fn ready(&self) -> Result<(), CacheError> {
        let outcomes = join_all(self.lanes.iter().map(Lane::ready));
        let outcomes = tokio::time::timeout(READY_WITHIN, outcomes).await.map_err(|_| CacheError::Timeout)?;
        outcomes.into_iter().collect()
    }

    /// What is known of the connections by themselves.
    pub(in crate::cache) fn link(&self) -> &Link {
        &self.link
    }

    /// [`Cache::get`] without a box around it.
    pub(in crate::cache) async fn read(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        let connection = self.connection(self.lane_of(key))?;
        connection.get(key).await
    }

    fn address(&self, (key, step): &Call) -> Address {
        let slot = if self.clustered { redis_keyslot(key.as_str().as_bytes()) } else { 0 };
        Address { lane: self.lane_of(key), slot, verb: Verb::of(step) }
    }

    /// Always the same for a key, so that two calls on it cannot overtake each other.
    fn lane_of(&self, key: &CacheKey) -> usize {
        match self.lanes.len() {
            1 => 0,
            lanes => {
                let mut hasher = DefaultHasher::new();
                key.hash(&mut hasher);
                usize::try_from(hasher.finish() % lanes as u64).unwrap_or_default()
            }
        }
    }

    fn connection(&self, lane: usize) -> Result<Arc<Connection>, CacheError> {
        self.lanes.get(lane).ok_or(CacheError::Closed)?.connection()
    }

    async fn send(&self, convoy: &Convoy, batch: Batch) -> Vec<(usize, Answer)> {
        let (lane, positions) = (batch.at.lane, batch.positions.clone());
        let outcome = self.send_in_turn(convoy, batch).await;
        match outcome.inspect_err(|error| convoy.lost(lane, error)) {
            Ok(replies) if replies.len() == positions.len() => positions.into_iter().zip(replies).collect(),
            Ok(_) => {
                let error = CacheError::Rejected("the server answered for another number of keys".to_owned());
                positions.into_iter().map(|position| (position, Err(error.clone()))).collect()
            }
            Err(error) => positions.into_iter().map(|position| (position, Err(error.clone()))).collect(),
        }
    }

    async fn send_in_turn(&self, convoy: &Convoy, batch: Batch) -> Result<Vec<Answer>, CacheError> {
        let window = self.windows.get(batch.at.lane).ok_or(CacheError::Closed)?;
        let _room = convoy.turn(window, &batch).await?;
        let connection = self.connection(batch.at.lane)?;
        let Batch { at, keys, arguments, bytes, .. } = batch;
        match at.verb {
            Verb::Get => read(&connection, window, &keys).await,
            Verb::Fill | Verb::Finish => {
                window.seen(bytes, keys.len());
                self.execute(&connection, at, &keys, arguments.values).await
            }
            _ => self.execute(&connection, at, &keys, arguments.values).await,
        }
    }

    async fn execute(
        &self,
        connection: &Connection,
        at: Address,
        keys: &[CacheKey],
        arguments: Vec<Value>,
    ) -> Result<Vec<Answer>, CacheError> {
        let script = at.verb.script().ok_or(CacheError::Closed)?;
        let trust = match self.trust {
            Trust::Own => "own",
            Trust::Any => "any",
        };
        let mut whole = Vec::with_capacity(keys.len() + arguments.len() + 2);
        whole.push(Value::Integer(i64::try_from(keys.len()).unwrap_or(i64::MAX)));
        whole.extend(keys.iter().map(|key| Value::from(key.as_str())));
        whole.push(Value::from_static_str(trust));
        whole.extend(arguments);
        let answers = connection.run(script, at.slot, whole).await?;
        let replies: Vec<_> = answers.iter().map(|answer| at.verb.decode(answer)).collect();
        if replies.iter().any(|reply| matches!(reply, Err(CacheError::Unavailable(_)))) {
            connection.retire();
        }
        Ok(replies)
    }
}

#[async_trait::async_trait]
impl Cache for RedisCache {
    /// # Cancel safety
    ///
    /// A call dropped before its answer came may have been executed.
    async fn get(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        self.read(key).await
    }

    async fn apply(&self, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>> {
        let typical = |lane| self.windows.get(lane).map_or(0, Window::typical);
        let batches = batches(calls, |call| self.address(call), typical);
        let convoy = Convoy::of(&batches, self.lanes.len());
        let sent = join_all(batches.into_iter().map(|batch| self.send(&convoy, batch))).await;
        let mut replies: Vec<_> = sent.into_iter().flatten().collect();
        replies.sort_unstable_by_key(|&(position, _)| position);
        replies.into_iter().map(|(_, reply)| reply).collect()
    }

    async fn invalidate_prefix(&self, prefix: &str) -> Result<u64, CacheError> {
        let pattern = pattern(prefix);
        let mut met = 0;
        // One connection for the whole walk: a cursor of another server would skip keys.
        let connection = self.connection(0)?;
        let mut from = Some(Cursor::default());
        while let Some(cursor) = from {
            let page = connection.scan(&pattern, cursor).await?;
            let calls: Vec<Call> = page.keys.into_iter().map(|key| (key, Step::Invalidate)).collect();
            for reply in self.apply(calls).await {
                reply?;
                met += 1;
            }
            from = page.next;
        }
        Ok(met)
    }

    async fn keys(&self, prefix: &str, from: Cursor) -> Result<Page, CacheError> {
        self.connection(0)?.scan(&pattern(prefix), from).await
    }

    fn is_clustered(&self) -> bool {
        self.clustered
    }

    async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(self.timeout, self.tasks.wait()).await;
    }
}

/// What stands under these keys.
async fn read(connection: &Connection, window: &Window, keys: &[CacheKey]) -> Result<Vec<Answer>, CacheError> {
    let standings = connection.get_many(keys).await.inspect_err(|error| {
        if *error == CacheError::Timeout {
            window.unseen();
        }
    })?;
    let sizes = standings.iter().filter_map(|standing| match standing {
        Standing::Value { value, .. } => Some(value.0.len()),
        _ => None,
    });
    let (bytes, values) = sizes.fold((0, 0), |(bytes, values), size| (bytes + size, values + 1));
    window.seen(bytes, values);
    Ok(standings.into_iter().map(|standing| Ok(Reply::Standing(standing))).collect())
}

/// A pattern for the keys that start with a prefix.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for char in prefix.chars() {
        if matches!(char, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('*');
    pattern
}

impl Drop for RedisCache {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache")
            .field("options", &self.options)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_for_itself_in_a_pattern() {
        assert_eq!(pattern("{shop:flight:"), "{shop:flight:*");
        assert_eq!(pattern(r"a*b?[c]\d"), r"a\*b\?\[c\]\\d*");
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        let refused = |options, timeout| RedisCache::new(options, timeout).map(|_| ()).expect_err("no cache");
        let options = RedisOptions::new("redis://localhost");
        let timeout = Duration::from_millis(100);
        assert_eq!(refused(options.clone().pool_size(0), timeout), RedisOptionsError::EmptyPool);
        assert_eq!(refused(options.clone(), Duration::ZERO), RedisOptionsError::ZeroTimeout);
        assert_eq!(refused(options, timeout), RedisOptionsError::NoRuntime);
    }
}
