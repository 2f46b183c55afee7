//! A minimal circuit breaker: after a few failures in a row the cache is left alone for a moment, so that a dead or hung
//! cache costs its timeout a few times and not on every call.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng;
use tokio::time::Instant;

use super::recoveries::Recoveries;
use crate::cache::Listener;
use crate::telemetry;

/// Failures in a row that open the breaker.
const THRESHOLD: u32 = 3;
/// How long it stays open at first, and at most; each failed probe doubles it. Jittered up by half.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Counts failures in a row, and decides who may try.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Whether `trouble` says anything; spares the lock while all is well.
    troubled: AtomicBool,
    trouble: Mutex<Trouble>,
    recoveries: Recoveries,
}

#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    pause: Duration,
    probing: bool,
}

/// Permission to send one command; report its result. Dropping it unreported (the caller was cancelled) lets the next
/// one probe.
#[must_use]
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    reported: bool,
}

impl Breaker {
    /// Permission to send, or `None` while the breaker is open or somebody else probes.
    pub(super) fn admit(&self) -> Option<Permit<'_>> {
        if self.troubled.load(Ordering::Acquire)
            && let Some(open) = &mut self.lock().open
        {
            if open.probing || Instant::now() < open.until {
                return None;
            }
            open.probing = true;
            metrics::gauge!(telemetry::BREAKER_STATE).set(1.0);
        }
        Some(Permit { breaker: self, reported: false })
    }

    /// Permission for one who will not be put off; what comes of it counts all the same.
    pub(super) fn insist(&self) -> Permit<'_> {
        Permit { breaker: self, reported: false }
    }

    /// How often the cache came back.
    pub(super) fn recoveries(&self) -> &Recoveries {
        &self.recoveries
    }

    fn succeeded(&self) {
        if !self.troubled.load(Ordering::Acquire) {
            return;
        }
        let mut trouble = self.lock();
        if trouble.open.take().is_some() {
            tracing::info!("the cache answers again");
            metrics::gauge!(telemetry::BREAKER_STATE).set(0.0);
            self.recoveries.count();
        }
        trouble.failures = 0;
        self.troubled.store(false, Ordering::Release);
    }

    fn failed(&self) {
        let mut trouble = self.lock();
        self.troubled.store(true, Ordering::Release);
        trouble.failures = trouble.failures.saturating_add(1);
        let pause = match &trouble.open {
            // A command that was under way when the breaker opened says nothing new.
            Some(open) if !open.probing => return,
            Some(open) => (open.pause * 2).min(LONGEST_PAUSE),
            None if trouble.failures < THRESHOLD => return,
            None => {
                tracing::warn!(failures = trouble.failures, "the cache fails; it is left alone for a moment");
                FIRST_PAUSE
            }
        };
        let jittered = pause.mul_f64(rand::rng().random_range(1.0..1.5));
        trouble.open = Some(Open { until: Instant::now() + jittered, pause, probing: false });
        metrics::gauge!(telemetry::BREAKER_STATE).set(2.0);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Listener for Breaker {
    fn came_back(&self) {
        self.recoveries.count();
    }
}

impl Permit<'_> {
    /// Whether the server answered.
    pub(super) fn report(mut self, answered: bool) {
        self.reported = true;
        if answered {
            self.breaker.succeeded();
        } else {
            self.breaker.failed();
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.reported
            && self.breaker.troubled.load(Ordering::Acquire)
            && let Some(open) = &mut self.breaker.lock().open
        {
            open.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.admit().expect("closed").report(false);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_three_failures_in_a_row_and_lets_one_probe_after_the_pause() {
        let breaker = Breaker::default();
        fail(&breaker, 3);
        assert!(breaker.admit().is_none());
        tokio::time::advance(FIRST_PAUSE.mul_f64(1.5)).await;
        let probe = breaker.admit().expect("the pause is over");
        assert!(breaker.admit().is_none(), "only one probes");
        probe.report(true);
        assert!(breaker.admit().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_in_between_starts_the_count_again() {
        let breaker = Breaker::default();
        fail(&breaker, 2);
        breaker.admit().expect("closed").report(true);
        fail(&breaker, 2);
        assert!(breaker.admit().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_doubles_the_pause() {
        let breaker = Breaker::default();
        fail(&breaker, 3);
        tokio::time::advance(FIRST_PAUSE.mul_f64(1.5)).await;
        breaker.admit().expect("the pause is over").report(false);
        tokio::time::advance(FIRST_PAUSE.mul_f64(1.9)).await;
        assert!(breaker.admit().is_none());
        tokio::time::advance(FIRST_PAUSE.mul_f64(1.2)).await;
        assert!(breaker.admit().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_probe_lets_the_next_one_probe() {
        let breaker = Breaker::default();
        fail(&breaker, 3);
        tokio::time::advance(FIRST_PAUSE.mul_f64(1.5)).await;
        drop(breaker.admit().expect("the pause is over"));
        assert!(breaker.admit().is_some());
    }
}
