//! What protects the database while the cache is gone: loads wait in line for one of a few places, and not for long.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Result};
use crate::policy::DatabaseLimit;
use crate::telemetry;

/// The line, if there is a limit.
#[derive(Debug)]
pub(crate) struct Bulkhead(Option<Line>);

#[derive(Debug)]
struct Line {
    limit: DatabaseLimit,
    places: Semaphore,
    waiting: AtomicUsize,
}

/// Permission for one query; whoever drops it lets the next one in.
#[must_use]
pub(crate) struct Place<'a>(#[expect(dead_code, reason = "held, not used")] Option<SemaphorePermit<'a>>);

impl Place<'_> {
    /// Of one who need not wait.
    pub(crate) const FREE: Self = Self(None);
}

impl Bulkhead {
    pub(crate) fn new(limit: Option<DatabaseLimit>) -> Self {
        let line = |limit: DatabaseLimit| Line {
            limit,
            places: Semaphore::new(limit.max_queries),
            waiting: AtomicUsize::new(0),
        };
        Self(limit.map(line))
    }

    /// Waits for a place, first come, first served; for as long as the limit allows since that moment.
    ///
    /// # Cancel safety
    ///
    /// Safe: the turn is lost.
    pub(crate) async fn enter(&self, since: Instant, entity: &'static str) -> Result<Place<'_>> {
        let Some(line) = &self.0 else {
            return Ok(Place::FREE);
        };
        if let Ok(place) = line.places.try_acquire() {
            return Ok(Place(Some(place)));
        }
        let _waiting = Waiting::in_line(&line.waiting);
        match timeout_at(since + line.limit.queue_timeout, line.places.acquire()).await {
            Ok(place) => Ok(Place(Some(place.expect("nobody closes it")))),
            Err(_) => {
                telemetry::count(telemetry::OVERLOADED, entity);
                Err(overloaded(line.limit))
            }
        }
    }

    /// How many places are taken, and how many wait for one.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        self.0.as_ref().map_or((0, 0), |line| {
            let taken = line.limit.max_queries.saturating_sub(line.places.available_permits());
            (taken, line.waiting.load(Ordering::Relaxed))
        })
    }
}

fn overloaded(DatabaseLimit { max_queries, queue_timeout }: DatabaseLimit) -> Error {
    Error::overloaded(format!(
        "the cache is gone and the load found no turn at the database within {queue_timeout:?}, where {max_queries} \
         queries may run at once; try again later, or raise the store's database_limit"
    ))
}

/// Counts one who waits as long as he does.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn in_line(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!(telemetry::DATABASE_QUEUE).increment(1.0);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!(telemetry::DATABASE_QUEUE).decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    fn bulkhead(max_queries: usize) -> Bulkhead {
        Bulkhead::new(Some(DatabaseLimit::new(max_queries).queue_timeout(Duration::from_secs(1))))
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_first_is_served_first() {
        let bulkhead = bulkhead(1);
        let held = bulkhead.enter(Instant::now(), "flight").await.expect("a free place");
        let mut first = Box::pin(bulkhead.enter(Instant::now(), "flight"));
        let mut second = Box::pin(bulkhead.enter(Instant::now(), "flight"));
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        assert_eq!(bulkhead.lengths(), (1, 2));
        drop(held);
        assert!((&mut second).now_or_never().is_none());
        let held = first.await.expect("its turn");
        assert_eq!(bulkhead.lengths(), (1, 1));
        drop(held);
        drop(second.await.expect("its turn"));
        assert_eq!(bulkhead.lengths(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_longer_than_allowed_since_he_came() {
        let bulkhead = bulkhead(1);
        let came = Instant::now();
        let _held = bulkhead.enter(came, "flight").await.expect("a free place");
        tokio::time::advance(Duration::from_millis(400)).await;
        let error = bulkhead.enter(came, "flight").await.err().expect("no turn");
        assert_eq!(came.elapsed(), Duration::from_secs(1));
        assert!(error.is_overloaded() && error.is_retryable(), "{error:?}");
        assert_eq!(bulkhead.lengths(), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_is_not_waited_for() {
        let bulkhead = bulkhead(1);
        let held = bulkhead.enter(Instant::now(), "flight").await.expect("a free place");
        assert!(bulkhead.enter(Instant::now(), "flight").now_or_never().is_none());
        assert_eq!(bulkhead.lengths(), (1, 0));
        drop(held);
        assert!(bulkhead.enter(Instant::now(), "flight").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_waits() {
        let bulkhead = Bulkhead::new(None);
        let held: Vec<_> = (0..1000).map(|_| bulkhead.enter(Instant::now(), "flight").now_or_never()).collect();
        assert!(held.iter().all(|place| matches!(place, Some(Ok(_)))));
    }
}
