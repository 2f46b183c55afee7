//! Wall-clock time that never goes back, and that stands still where tokio's does.

use std::time::SystemTime;

use tokio::time::Instant;

use crate::protocol::Micros;

/// A clock that was set once and runs monotonically from there.
#[derive(Debug)]
pub(super) struct Clock {
    set_to: Micros,
    at: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { set_to: Micros::default().after(since_epoch), at: Instant::now() }
    }

    pub(super) fn now(&self) -> Micros {
        self.set_to.after(self.at.elapsed())
    }
}
