//! Building a store.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Store, connect, url};
use crate::cache::memory::{MemoryCache, MemoryOptions};
use crate::cache::redis::{RedisCache, RedisOptions};
use crate::cache::{AnyCache, Cache};
use crate::entity::{CachedEntity, Entities, KeySpace, Owner};
use crate::error::{Error, Result};
use crate::ops::{Context, Flights};
use crate::outbox::{Outbox, OutboxOptions, Relay};
use crate::policy::{DatabaseLimit, MAX_TTL, MIN_TTL, OnCacheFailure, OnPlainWrite, Settings};
use crate::resilience::{Bulkhead, GuardedCache, Repairs};

/// How a store is made; see [`Store::builder`](super::Store::builder).
///
/// ```
/// use std::time::Duration;
/// # extern crate writethrough_core as writethrough;
/// use writethrough::{OnCacheFailure, RedisOptions, Store};
///
/// # async fn build(db: sea_orm::DatabaseConnection) -> Result<(), writethrough::Error> {
/// let store = Store::builder()
///     .database(db)
///     .redis(RedisOptions::new("redis://localhost").pool_size(2))
///     .namespace("shop")
///     .default_ttl(Duration::from_secs(600))
///     .on_cache_failure(OnCacheFailure::Degrade)
///     .build()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Default)]
#[must_use]
pub struct StoreBuilder {
    database: Option<Database>,
    cache: Option<CacheChoice>,
    namespace: Option<String>,
    settings: Settings,
    entities: Entities,
    outbox: Option<OutboxOptions>,
}

enum Database {
    Connection(DatabaseConnection),
    Url(String),
}

enum CacheChoice {
    Url(String),
    Redis(RedisOptions),
    Memory(MemoryOptions),
}

impl StoreBuilder {
    /// An existing connection. Its statements should have a timeout no longer than the write timeout, set where the
    /// connection is made: a statement that outlives its process and its fence could leave an old row in the cache.
    pub fn database(mut self, connection: DatabaseConnection) -> Self {
        self.database = Some(Database::Connection(connection));
        self
    }

    /// A database to open. On PostgreSQL and MariaDB its connections get the write timeout as their statement timeout;
    /// on MySQL, which has none for writes, as their lock wait timeout.
    pub fn database_url(mut self, url: impl Into<String>) -> Self {
        self.database = Some(Database::Url(url.into()));
        self
    }

    /// The cache by its URL; see [`Store::connect`](super::Store::connect). `memory:` by default.
    pub fn cache_url(mut self, url: impl Into<String>) -> Self {
        self.cache = Some(CacheChoice::Url(url.into()));
        self
    }

    /// Redis with options.
    pub fn redis(mut self, options: RedisOptions) -> Self {
        self.cache = Some(CacheChoice::Redis(options));
        self
    }

    /// The embedded cache with options; of this store and its clones alone.
    pub fn memory(mut self, options: MemoryOptions) -> Self {
        self.cache = Some(CacheChoice::Memory(options));
        self
    }

    /// The first part of every key; stores that share rows must share it, and stores that do not must not: two databases
    /// of one name on one Redis would serve each other's rows. By default the database's name (of SQLite, the file's),
    /// or a random one for a database in memory.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// How long entries live that do not say it themselves: 1 second to 30 days, 1 hour by default.
    pub fn default_ttl(mut self, ttl: Duration) -> Self {
        self.settings.default_ttl = ttl;
        self
    }

    /// The bound on every cache command: 1 millisecond to 1 minute, 100 milliseconds by default.
    pub fn cache_timeout(mut self, timeout: Duration) -> Self {
        self.settings.cache_timeout = timeout;
        self
    }

    /// The bound on the database's part of a write, and on each query of a load: 10 milliseconds to 1 hour, 30 seconds by
    /// default. A fence lives 30 seconds longer.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.settings.write_timeout = timeout;
        self
    }

    /// How long a reader may take between its query and its fill: 10 milliseconds to 10 minutes, 10 seconds by default.
    /// A reader that takes longer leaves the entry out.
    pub fn lease_time(mut self, time: Duration) -> Self {
        self.settings.lease_time = time;
        self
    }

    /// How long [`Store::close`](super::Store::close) waits: 10 seconds by default.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.settings.close_timeout = timeout;
        self
    }

    /// How many keys may wait to be put right in the cache, after writes that could not reach it: 1 to 1,000,000, 10,000 by
    /// default; each takes a few hundred bytes. Beyond them, the entity of the key that comes next is marked as a whole,
    /// and all its entries are removed when the cache answers; an error in the log says so. Keys whose write had an unknown
    /// outcome wait beyond it: they need a fence, which an invalidation cannot stand in for.
    pub fn repair_queue_capacity(mut self, keys: usize) -> Self {
        self.settings.repair_queue_capacity = keys;
        self
    }

    /// How many rows one write may change that only the database can select: 1 to 1,000,000, 10,000 by default. Their keys,
    /// and of an update the rows, are held in memory, and brought up to date in the cache one by one.
    ///
    /// Beyond the bound `update_many_through` and `delete_many_through` write nothing and are an error. Of a delete, also the
    /// rows count that it changes by foreign keys with ON DELETE CASCADE, SET NULL or SET DEFAULT; beyond the bound their entity is
    /// invalidated as a whole with the commit, and a warning in the log says so.
    pub fn bulk_limit(mut self, rows: usize) -> Self {
        self.settings.bulk_limit = rows;
        self
    }

    /// The most rows that a list of `load_all_cached_by_…` may have to be kept in the cache: 1 to 100,000, 1,000 by default. A
    /// longer one is not kept: its rows come from the database each time.
    pub fn max_list_len(mut self, rows: usize) -> Self {
        self.settings.max_list_len = rows;
        self
    }

    /// A bound on the queries that loads send to the database while the cache cannot be used: none by default. A load that
    /// finds no turn in time fails, see [`Error::is_overloaded`](crate::Error::is_overloaded). Loads of one row share
    /// queries as always; loads in a transaction and writes do not wait, nor does anybody while the cache answers.
    pub fn database_limit(mut self, limit: DatabaseLimit) -> Self {
        self.settings.database_limit = Some(limit);
        self
    }

    /// What a write does when the cache does not answer, for entities that do not say it themselves.
    pub fn on_cache_failure(mut self, policy: OnCacheFailure) -> Self {
        self.settings.on_cache_failure = policy;
        self
    }

    /// What happens when a plain statement in a transaction writes to the table of a cached entity: a warning by default.
    pub fn on_plain_write(mut self, policy: OnPlainWrite) -> Self {
        self.settings.on_plain_write = policy;
        self
    }

    /// Records each write in the outbox, so that no crash loses a repair. Its table must be there: see
    /// [`OutboxOptions::create_table`].
    pub fn outbox(mut self, options: OutboxOptions) -> Self {
        self.outbox = Some(options);
        self
    }

    /// Tells the store of an entity before it is used, so that plain statements in a transaction that write to its table
    /// are noticed from the beginning, and so that its rows are invalidated that a foreign key deletes or changes with a row of
    /// another entity, which may not name it. An entity that is not registered is known from its first use on.
    pub fn register<E: CachedEntity>(self) -> Self {
        self.entities.add(Owner::of::<E>());
        self
    }

    /// Opens what is to be opened.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use std::time::Duration;
    /// use writethrough::Store;
    ///
    /// # async fn build() {
    /// let hasty = Store::builder().database_url("sqlite::memory:").cache_timeout(Duration::ZERO);
    /// let refused = hasty.build().await.unwrap_err();
    /// assert!(refused.is_bad_input()); // and it says what the range is
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A setting out of its range, a URL that cannot be used, a database that cannot be reached; a cache that cannot be
    /// reached only where the policy is [`OnCacheFailure::Fail`].
    ///
    /// # Cancel safety
    ///
    /// Safe: what was opened is closed.
    pub async fn build(self) -> Result<Store> {
        self.check()?;
        let write_timeout = self.settings.write_timeout;
        let cache = open_cache(self.cache, &self.settings)?;
        let (db, owns_database) = match self.database {
            Some(Database::Connection(db)) => (db, false),
            Some(Database::Url(url)) => (connect::open(&url, write_timeout).await?, true),
            None => {
                return Err(Error::input("a store needs a database; call database() or database_url() on the builder"));
            }
        };
        let namespace = match self.namespace {
            Some(namespace) => namespace,
            None => connect::default_namespace(&db).await?,
        };
        let cache = GuardedCache::new(ready(cache, self.settings.on_cache_failure).await?);
        let keys = KeySpace::new(&namespace, cache.is_clustered()).map_err(|error| Error::input(error.to_string()))?;
        let cache = Arc::new(cache);
        let repairs = Repairs::new(self.settings.fence_expiry(), self.settings.repair_queue_capacity);
        let entities = Arc::new(self.entities);
        let outbox = self.outbox.map(|options| Outbox::new(&options, keys.namespace()));
        let relay = outbox.clone().map(|outbox| Relay {
            outbox,
            db: db.clone(),
            cache: cache.clone(),
            entities: entities.clone(),
            keys: keys.clone(),
            timeout: self.settings.write_timeout,
        });
        if let Some(relay) = &relay {
            connect::consult(relay).await?;
        }
        tokio::spawn(repairs.clone().run(cache.clone()));
        if let Some(relay) = relay {
            tokio::spawn(relay.run());
        }
        let context = Arc::new(Context {
            db,
            cache,
            keys,
            entities,
            bulkhead: Bulkhead::new(self.settings.database_limit),
            settings: self.settings,
            flights: Flights::default(),
            repairs,
            outbox,
            closed: AtomicBool::new(false),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        Ok(Store { context, owns_database })
    }

    fn check(&self) -> Result<()> {
        let minute = Duration::from_secs(60);
        let settings = &self.settings;
        self.outbox.as_ref().map_or(Ok(()), OutboxOptions::check)?;
        in_range("default_ttl", settings.default_ttl, MIN_TTL, MAX_TTL)?;
        in_range("cache_timeout", settings.cache_timeout, Duration::from_millis(1), minute)?;
        in_range("write_timeout", settings.write_timeout, Duration::from_millis(10), 60 * minute)?;
        in_range("lease_time", settings.lease_time, Duration::from_millis(10), 10 * minute)?;
        in_range("close_timeout", settings.close_timeout, Duration::ZERO, 60 * minute)?;
        in_range("repair_queue_capacity", settings.repair_queue_capacity, 1, 1_000_000)?;
        in_range("bulk_limit", settings.bulk_limit, 1, 1_000_000)?;
        in_range("max_list_len", settings.max_list_len, 1, 100_000)?;
        if let Some(DatabaseLimit { max_queries, queue_timeout }) = settings.database_limit {
            in_range("max_queries of the database_limit", max_queries, 1, 1_000_000)?;
            in_range("queue_timeout of the database_limit", queue_timeout, Duration::ZERO, 60 * minute)?;
        }
        Ok(())
    }
}

fn in_range<T: Copy + PartialOrd + fmt::Debug>(name: &str, value: T, least: T, most: T) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::input(format!("{name} is {value:?}; it must be between {least:?} and {most:?}")))
}

/// A cache that may still be connecting.
fn open_cache(choice: Option<CacheChoice>, settings: &Settings) -> Result<AnyCache> {
    let embedded = |options| Ok(AnyCache::Memory(MemoryCache::new(options).into()));
    let options = match choice {
        None => return embedded(MemoryOptions::default()),
        Some(CacheChoice::Memory(options)) => return embedded(options),
        Some(CacheChoice::Redis(options)) => options,
        Some(CacheChoice::Url(url)) => match url::memory_name(&url)? {
            Some("") => return embedded(MemoryOptions::default()),
            Some(name) => return Ok(AnyCache::Memory(MemoryCache::named(name).into())),
            None => RedisOptions::new(url),
        },
    };
    match RedisCache::new(options, settings.cache_timeout) {
        Ok(cache) => Ok(AnyCache::Redis(cache.into())),
        Err(error) => Err(Error::input(error.to_string())),
    }
}

/// Waits for the first attempt to connect.
async fn ready(cache: AnyCache, policy: OnCacheFailure) -> Result<AnyCache> {
    let AnyCache::Redis(redis) = &cache else {
        return Ok(cache);
    };
    match redis.ready().await {
        Ok(()) => Ok(cache),
        Err(error) if policy == OnCacheFailure::Fail => {
            redis.close().await;
            Err(Error::cache(error, crate::error::Outcome::NotCommitted)
                .advise("the store's on_cache_failure is Fail, so it needs its cache to start"))
        }
        Err(error) => {
            tracing::warn!(%error, "the store starts without its cache and will use it once it answers");
            Ok(cache)
        }
    }
}

impl fmt::Debug for StoreBuilder {
    /// Shows no URL: it may bear a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("namespace", &self.namespace)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
