//! How the calls of the last seconds ended.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What is older than this does not count.
pub(super) const SPAN: Duration = Duration::from_secs(10);
/// Calls are counted by slices of this length.
const SLICE: Duration = Duration::from_secs(1);
/// So many failures at least, so that one mishap in a quiet hour is not taken for an outage.
pub(super) const LEAST_FAILURES: u32 = 3;

/// A sliding window. It is empty while nothing fails, so that successes need not be counted then: the rate is that since
/// the first failure.
#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<Slice>);

#[derive(Debug)]
struct Slice {
    since: Instant,
    calls: u32,
    failures: u32,
}

impl Window {
    /// Counts a call.
    pub(super) fn count(&mut self, now: Instant, failed: bool) {
        while self.0.front().is_some_and(|slice| now.duration_since(slice.since) >= SPAN) {
            self.0.pop_front();
        }
        if self.0.back().is_none_or(|slice| now.duration_since(slice.since) >= SLICE) {
            self.0.push_back(Slice { since: now, calls: 0, failures: 0 });
        }
        if let Some(slice) = self.0.back_mut() {
            slice.calls = slice.calls.saturating_add(1);
            slice.failures = slice.failures.saturating_add(u32::from(failed));
        }
        if self.failures() == 0 {
            self.0.clear();
        }
    }

    /// Whether nothing failed lately.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether enough failed, and as many as succeeded.
    pub(super) fn is_failing(&self) -> bool {
        let calls: u64 = self.0.iter().map(|slice| u64::from(slice.calls)).sum();
        let failures = self.failures();
        failures >= u64::from(LEAST_FAILURES) && failures * 2 >= calls
    }

    fn failures(&self) -> u64 {
        self.0.iter().map(|slice| u64::from(slice.failures)).sum()
    }
}
