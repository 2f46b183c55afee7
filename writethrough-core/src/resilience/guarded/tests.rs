//! The guard around a cache that fails when it is told to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{advance, timeout};

use super::*;
use crate::cache::{Cache, Listener};

#[derive(Debug, Default)]
struct Mute(AtomicBool);

impl Mute {
    fn is_mute(&self, mute: bool) {
        self.0.store(mute, Ordering::SeqCst);
    }

    fn answer<T>(&self, answer: T) -> Result<T, CacheError> {
        if self.0.load(Ordering::SeqCst) { Err(CacheError::Timeout) } else { Ok(answer) }
    }
}

#[async_trait::async_trait]
impl Cache for Mute {
    async fn get(&self, _: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        self.answer(Standing::Absent)
    }

    async fn apply(&self, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>> {
        calls.iter().map(|_| self.answer(Reply::Invalidated)).collect()
    }

    async fn invalidate_prefix(&self, _: &str) -> Result<u64, CacheError> {
        self.answer(0)
    }

    async fn close(&self) {}
}

fn guarded() -> (Arc<Mute>, GuardedCache) {
    let cache = Arc::new(Mute::default());
    (cache.clone(), GuardedCache::new(AnyCache::Scripted(cache)))
}

/// Until the breaker opens.
async fn break_off(cache: &GuardedCache) {
    while get(cache).await != Err(CacheError::Open) {}
}

async fn get(cache: &GuardedCache) -> Result<Standing<Payload>, CacheError> {
    cache.get(&CacheKey::new("flight:1")).await
}

#[tokio::test(start_paused = true)]
async fn a_recovery_is_counted_before_the_answer_that_closed_the_breaker_is_given() {
    let (mute, cache) = guarded();
    assert_eq!(get(&cache).await, Ok(Standing::Absent));
    mute.is_mute(true);
    break_off(&cache).await;
    assert_eq!(cache.recoveries(), 0, "an outage is no recovery");
    mute.is_mute(false);
    advance(Duration::from_secs(1)).await;
    assert_eq!(get(&cache).await, Ok(Standing::Absent));
    assert_eq!(cache.recoveries(), 1);
    assert_eq!(get(&cache).await, Ok(Standing::Absent));
    assert_eq!(cache.recoveries(), 1, "the next answers are of the same recovery");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_back_is_a_recovery_though_no_call_failed_meanwhile() {
    let (_, cache) = guarded();
    cache.breaker.coming_back();
    assert_eq!(cache.recoveries(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_recovery_is_woken_by_it_and_not_before() {
    let (_, cache) = guarded();
    let cache = Arc::new(cache);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.recovered(0).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    cache.breaker.coming_back();
    for waiting in waiting {
        timeout(Duration::from_secs(60), waiting).await.expect("it is woken").expect("it does not panic");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recovery_that_was_missed_is_not_waited_for() {
    let (_, cache) = guarded();
    assert!(cache.recovered(0).now_or_never().is_none(), "there was none, and the wait is given up");
    cache.breaker.coming_back();
    assert!(cache.recovered(0).now_or_never().is_some());
    assert!(cache.recovered(1).now_or_never().is_none());
}
