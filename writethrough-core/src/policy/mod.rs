//! What a user decides about an entity: how long, how written, and what when the cache fails.

mod database_limit;
mod settings;

use std::time::Duration;

pub use database_limit::DatabaseLimit;
pub(crate) use settings::Settings;

/// Shortest life of an entry.
pub const MIN_TTL: Duration = Duration::from_secs(1);
/// Longest life of an entry.
pub const MAX_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What happens to an entry when its row is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnWrite {
    /// The entry is the new row when the call returns.
    #[default]
    Refresh,
    /// The call returns after the commit; the entry becomes the new row in the background, and readers go to the
    /// database meanwhile.
    RefreshLater,
    /// The entry becomes the new row only if the row was in the cache before; else it is left out.
    RefreshIfCached,
    /// The entry is removed; the next read fills it.
    Invalidate,
}

/// What a write does when the cache does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnCacheFailure {
    /// The write goes to the database, the key to the repair queue.
    #[default]
    Degrade,
    /// No acknowledged fence, no write.
    Fail,
}

/// What a store does when a plain statement in a transaction writes to the table of a cached entity.
///
/// Whatever is chosen, values that the transaction has collected for that table before do not enter the cache. What a
/// statement does is told by its text: one that begins with SELECT counts as a read, whatever the functions do that it calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnPlainWrite {
    /// The statement is executed, a warning logged and `writethrough_plain_writes_total` counted. The entries of the rows
    /// that it changed stay as they are, unless the transaction invalidates them.
    #[default]
    Warn,
    /// The statement is not sent; it fails with an error that names the table.
    Refuse,
    /// The statement is executed, and the commit invalidates all entries of the entity.
    Invalidate,
}

/// How long "no such row" is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NegativeTtl {
    /// 30 seconds, or the entity's time to live if that is shorter.
    #[default]
    Default,
    /// Not at all.
    Off,
    /// This long.
    For(Duration),
}

/// The policy of one entity; what is not said falls back to the store's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntityPolicy {
    /// How long an entry lives (jittered down by up to 10 %); 1 second to 30 days.
    pub ttl: Option<Duration>,
    /// How long "no such row" is remembered.
    pub negative_ttl: NegativeTtl,
    /// What happens to an entry when its row is written.
    pub on_write: OnWrite,
    /// What a write does when the cache does not answer.
    pub on_cache_failure: Option<OnCacheFailure>,
    /// The name in cache keys instead of schema and table.
    pub rename: Option<&'static str>,
}

impl EntityPolicy {
    /// The store's defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ttl: None,
            negative_ttl: NegativeTtl::Default,
            on_write: OnWrite::Refresh,
            on_cache_failure: None,
            rename: None,
        }
    }

    /// Entries live this long; 1 second to 30 days.
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// "No such row" is remembered this long.
    #[must_use]
    pub const fn negative_ttl(mut self, ttl: NegativeTtl) -> Self {
        self.negative_ttl = ttl;
        self
    }

    /// What happens to an entry when its row is written.
    #[must_use]
    pub const fn on_write(mut self, on_write: OnWrite) -> Self {
        self.on_write = on_write;
        self
    }

    /// What a write does when the cache does not answer.
    #[must_use]
    pub const fn on_cache_failure(mut self, on_cache_failure: OnCacheFailure) -> Self {
        self.on_cache_failure = Some(on_cache_failure);
        self
    }

    /// The name in cache keys instead of schema and table.
    #[must_use]
    pub const fn rename(mut self, name: &'static str) -> Self {
        self.rename = Some(name);
        self
    }
}
