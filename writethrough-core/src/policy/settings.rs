//! What a store decides for entities that do not say.

use std::time::Duration;

use rand::Rng;

use super::{DatabaseLimit, EntityPolicy, MAX_TTL, MIN_TTL, NegativeTtl, OnCacheFailure, OnPlainWrite};

/// How long a fence outlives the longest statement.
const FENCE_MARGIN: Duration = Duration::from_secs(30);
const NEGATIVE_TTL: Duration = Duration::from_secs(30);

/// The store's side of every policy.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) default_ttl: Duration,
    pub(crate) cache_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) lease_time: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) repair_queue_capacity: usize,
    pub(crate) bulk_limit: usize,
    pub(crate) max_list_len: usize,
    pub(crate) database_limit: Option<DatabaseLimit>,
    pub(crate) on_cache_failure: OnCacheFailure,
    pub(crate) on_plain_write: OnPlainWrite,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_ttl: Duration::from_secs(3600),
            cache_timeout: Duration::from_millis(100),
            write_timeout: Duration::from_secs(30),
            lease_time: Duration::from_secs(10),
            close_timeout: Duration::from_secs(10),
            repair_queue_capacity: 10_000,
            bulk_limit: 10_000,
            max_list_len: 1_000,
            database_limit: None,
            on_cache_failure: OnCacheFailure::Degrade,
            on_plain_write: OnPlainWrite::Warn,
        }
    }
}

impl Settings {
    /// A writer's token outlives its statement, even one whose process died while it waited for a lock.
    pub(crate) fn fence_expiry(&self) -> Duration {
        self.write_timeout + FENCE_MARGIN
    }

    /// How long this entry lives: the entity's time to live, jittered down by up to 10 % so that entries written
    /// together do not expire together.
    pub(crate) fn ttl(&self, policy: &EntityPolicy) -> Duration {
        jittered(policy.ttl.unwrap_or(self.default_ttl))
    }

    /// How long "no such row" is remembered; `None` for not at all.
    pub(crate) fn negative_ttl(&self, policy: &EntityPolicy) -> Option<Duration> {
        let ttl = policy.ttl.unwrap_or(self.default_ttl);
        match policy.negative_ttl {
            NegativeTtl::Off => None,
            NegativeTtl::For(ttl) => Some(jittered(ttl)),
            NegativeTtl::Default => Some(jittered(NEGATIVE_TTL.min(ttl))),
        }
    }

    /// How long a list of so many rows is kept; an empty one says that there is no such row.
    pub(crate) fn list_ttl(&self, policy: &EntityPolicy, len: usize) -> Option<Duration> {
        if len == 0 { self.negative_ttl(policy) } else { Some(self.ttl(policy)) }
    }

    pub(crate) fn on_cache_failure(&self, policy: &EntityPolicy) -> OnCacheFailure {
        policy.on_cache_failure.unwrap_or(self.on_cache_failure)
    }
}

fn jittered(ttl: Duration) -> Duration {
    let ttl = ttl.clamp(MIN_TTL, MAX_TTL);
    ttl.mul_f64(rand::rng().random_range(0.9..=1.0)).max(MIN_TTL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_jittered_down_by_at_most_a_tenth() {
        let policy = EntityPolicy::new().ttl(Duration::from_secs(100));
        let ttls: Vec<_> = (0..1000).map(|_| Settings::default().ttl(&policy)).collect();
        assert!(ttls.iter().all(|ttl| (90.0..=100.0).contains(&ttl.as_secs_f64())));
        assert!(ttls.iter().any(|ttl| ttl.as_secs_f64() < 95.0));
    }

    #[test]
    fn an_empty_list_is_kept_as_absence_is_and_another_as_a_row() {
        let policy = EntityPolicy::new().ttl(Duration::from_secs(3600));
        assert!(Settings::default().list_ttl(&policy, 0).is_some_and(|ttl| ttl <= NEGATIVE_TTL));
        assert!(Settings::default().list_ttl(&policy, 1).is_some_and(|ttl| ttl >= Duration::from_secs(3000)));
        let off = policy.negative_ttl(NegativeTtl::Off);
        assert_eq!(Settings::default().list_ttl(&off, 0), None);
        assert!(Settings::default().list_ttl(&off, 1).is_some());
    }

    #[test]
    fn absence_is_not_remembered_longer_than_a_row_unless_asked() {
        let policy = EntityPolicy::new().ttl(Duration::from_secs(5));
        assert!(Settings::default().negative_ttl(&policy).is_some_and(|ttl| ttl <= Duration::from_secs(5)));
        assert_eq!(Settings::default().negative_ttl(&policy.negative_ttl(NegativeTtl::Off)), None);
    }
}
