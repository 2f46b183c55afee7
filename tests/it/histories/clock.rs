//! One clock for all processes, so that their events can be put in one order.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Nanoseconds on the monotonic clock, which is one for all processes of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(pub u64);

impl Moment {
    pub fn now() -> Self {
        let time = clock_gettime(ClockId::Monotonic);
        let since_start = Duration::try_from(time).expect("the clock began at zero");
        Self(u64::try_from(since_start.as_nanos()).expect("a machine runs for less than five hundred years"))
    }

    pub fn after(self, duration: Duration) -> Self {
        Self(self.0 + u64::try_from(duration.as_nanos()).expect("a test runs for less than five hundred years"))
    }

    /// Nothing, if that was later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
