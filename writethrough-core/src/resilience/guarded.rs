//! A cache behind the circuit breaker, with its round trips timed and its failures counted.

use std::sync::Arc;

use tokio::time::Instant;

use super::breaker::{Breaker, BreakerState, Permit};
use crate::cache::{AnyCache, CacheError, CacheKey, Call, Cursor, Page};
use crate::entry::Payload;
use crate::protocol::{Reply, Standing};
use crate::telemetry;

/// Passes calls on while the breaker is closed; answers [`CacheError::Open`] at once while it is open.
#[derive(Debug)]
pub(crate) struct GuardedCache {
    cache: AnyCache,
    breaker: Arc<Breaker>,
}

impl GuardedCache {
    pub(crate) fn new(cache: AnyCache) -> Self {
        let breaker = Arc::new(Breaker::default());
        cache.listen(breaker.clone());
        Self { cache, breaker }
    }

    /// How many times the cache was back after an outage: it gave the first answer since the breaker had opened, or a
    /// connection that had been missing came up. Counted before anybody is given an answer from after the outage; one
    /// outage may count more than once.
    pub(crate) fn recoveries(&self) -> u64 {
        self.breaker.recoveries().so_far()
    }

    /// Returns when there were more [`recoveries`](Self::recoveries) than `seen`.
    ///
    /// # Cancel safety
    ///
    /// Safe: the count stays.
    pub(crate) async fn recovered(&self, seen: u64) {
        self.breaker.recoveries().more_than(seen).await;
    }

    /// What the breaker lets through.
    pub(crate) fn state(&self) -> BreakerState {
        self.breaker.state()
    }

    pub(crate) async fn get(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        let permit = self.breaker.admit().ok_or(CacheError::Open)?;
        let started = Instant::now();
        let answer = self.cache.get(key).await;
        permit.report(is_alive(&answer));
        record(started, "GET", 1, usize::from(answer.is_err()));
        answer
    }

    pub(crate) async fn apply(&self, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>> {
        if calls.is_empty() {
            return Vec::new();
        }
        match self.breaker.admit() {
            Some(permit) => self.send(permit, calls).await,
            None => calls.iter().map(|_| Err(CacheError::Open)).collect(),
        }
    }

    pub(crate) async fn invalidate_prefix(&self, prefix: &str) -> Result<u64, CacheError> {
        let permit = self.breaker.admit().ok_or(CacheError::Open)?;
        self.send_prefix(permit, prefix).await
    }

    pub(crate) async fn keys(&self, prefix: &str, from: Cursor) -> Result<Page, CacheError> {
        let permit = self.breaker.admit().ok_or(CacheError::Open)?;
        let started = Instant::now();
        let answer = self.cache.as_dyn().keys(prefix, from).await;
        permit.report(is_alive(&answer));
        record(started, "SCAN", 0, usize::from(answer.is_err()));
        answer
    }

    /// [`apply`](Self::apply) whatever the breaker says: repairs have a back-off of their own, and are the first to
    /// learn that the cache answers again.
    pub(crate) async fn repair(&self, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>> {
        self.send(self.breaker.insist(), calls).await
    }

    /// [`invalidate_prefix`](Self::invalidate_prefix) whatever the breaker says.
    pub(crate) async fn repair_prefix(&self, prefix: &str) -> Result<u64, CacheError> {
        self.send_prefix(self.breaker.insist(), prefix).await
    }

    async fn send(&self, permit: Permit<'_>, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>> {
        let (started, keys) = (Instant::now(), calls.len());
        let step = calls.first().map_or("", |(_, step)| step.name());
        let answers = self.cache.as_dyn().apply(calls).await;
        permit.report(answers.iter().all(is_alive));
        record(started, step, keys, answers.iter().filter(|answer| answer.is_err()).count());
        answers
    }

    async fn send_prefix(&self, permit: Permit<'_>, prefix: &str) -> Result<u64, CacheError> {
        let started = Instant::now();
        let answer = self.cache.as_dyn().invalidate_prefix(prefix).await;
        permit.report(is_alive(&answer));
        let keys = answer.as_ref().map_or(0, |met| usize::try_from(*met).unwrap_or(usize::MAX));
        telemetry::tell_cache_call("SWEEP", keys, usize::from(answer.is_err()), started.elapsed());
        answer
    }

    pub(crate) fn is_clustered(&self) -> bool {
        self.cache.as_dyn().is_clustered()
    }

    pub(crate) async fn close(&self) {
        self.cache.as_dyn().close().await;
    }
}

/// A server that refuses a command is alive.
fn is_alive<T>(answer: &Result<T, CacheError>) -> bool {
    matches!(answer, Ok(_) | Err(CacheError::Rejected(_)))
}

fn record(started: Instant, step: &'static str, keys: usize, failures: usize) {
    let elapsed = started.elapsed();
    telemetry::tell_cache_call(step, keys, failures, elapsed);
    metrics::histogram!(telemetry::CACHE_TIME).record(elapsed.as_secs_f64());
    if failures > 0 {
        metrics::counter!(telemetry::CACHE_ERRORS).increment(failures as u64);
    }
}

#[cfg(test)]
mod tests;
