//! How fast work that nobody waits for may go.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets so many pass a second, in portions.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Option<NonZeroU32>,
    due: Instant,
}

impl Pace {
    pub(super) fn new(rate: Option<NonZeroU32>) -> Self {
        Self { rate, due: Instant::now() }
    }

    /// Waits until this many more may pass.
    pub(super) async fn pass(&mut self, count: usize) {
        let Some(rate) = self.rate else { return };
        sleep_until(self.due).await;
        self.due = Instant::now() + Duration::from_secs_f64(count as f64 / f64::from(rate.get()));
    }

    /// The largest portion that takes no longer than a second, up to `most`.
    pub(super) fn portion(&self, most: usize) -> usize {
        let rate = self.rate.map_or(usize::MAX, |rate| usize::try_from(rate.get()).unwrap_or(usize::MAX));
        rate.min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_pass_a_second_than_the_rate_allows() {
        let (started, mut pace) = (Instant::now(), Pace::new(NonZeroU32::new(50)));
        for _ in 0..20 {
            pace.pass(25).await;
        }
        // The first portion passes at once.
        assert_eq!(started.elapsed().as_millis() / 100, 95);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nothing_was_asked_for_is_not_made_up_for() {
        let mut pace = Pace::new(NonZeroU32::new(10));
        tokio::time::advance(Duration::from_secs(60)).await;
        pace.pass(10).await;
        let started = Instant::now();
        pace.pass(10).await;
        assert_eq!(started.elapsed().as_millis() / 100, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nobody_waits() {
        let (started, mut pace) = (Instant::now(), Pace::new(None));
        for _ in 0..1_000 {
            pace.pass(1_000).await;
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!((pace.portion(100), Pace::new(NonZeroU32::new(5)).portion(100)), (100, 5));
    }
}
