//! How much is under way on a connection at a time.
//!
//! Each command has the whole timeout, from when it is sent. If hundred megabytes were sent at once, most of the time of
//! the last command would be spent behind the others, and a server that does its best would look like one that hangs. So
//! what belongs to a large call waits here until there is room for it. Small calls do not wait: what is under way before
//! them is bounded.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::batch::{Batch, MOST_BYTES};
use crate::cache::CacheError;

/// Bytes of large calls under way on one connection: two commands, so that one is on its way while the other is executed.
const IN_FLIGHT: usize = 2 * MOST_BYTES;
/// A call with fewer bytes than this is small.
const SMALL: usize = 64 << 10;
/// What values are taken for before one was seen.
const UNSEEN: usize = 4 << 10;

/// See the module.
#[derive(Debug)]
pub(super) struct Window {
    room: Semaphore,
    /// How large values are here, by those that went by lately.
    typical: AtomicUsize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { room: Semaphore::new(IN_FLIGHT), typical: AtomicUsize::new(UNSEEN) }
    }

    /// Waits for room.
    async fn enter(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let bytes = u32::try_from(bytes.min(IN_FLIGHT)).unwrap_or(u32::MAX);
        self.room.acquire_many(bytes).await.ok()
    }

    /// How large a value will be that is read.
    pub(super) fn typical(&self) -> usize {
        self.typical.load(Ordering::Relaxed)
    }

    /// Values of this size went by. Large ones are remembered for a while.
    pub(super) fn seen(&self, bytes: usize, values: usize) {
        let Some(mean) = bytes.checked_div(values) else { return };
        let before = match self.typical() {
            UNSEEN => 0,
            seen => seen,
        };
        self.typical.store(mean.max(before / 2), Ordering::Relaxed);
    }

    /// A read took too long: perhaps the values are larger than they were taken for.
    pub(super) fn unseen(&self) {
        self.typical.store(self.typical().saturating_mul(8).min(MOST_BYTES), Ordering::Relaxed);
    }
}

/// One call, which may be many commands.
#[derive(Debug)]
pub(super) struct Convoy {
    is_small: bool,
    /// Of each connection, why it was of no use to a command before.
    lost: Box<[OnceLock<CacheError>]>,
}

impl Convoy {
    pub(super) fn of(batches: &[Batch], lanes: usize) -> Self {
        let bytes: usize = batches.iter().map(|batch| batch.bytes).sum();
        Self { is_small: bytes <= SMALL, lost: (0..lanes).map(|_| OnceLock::new()).collect() }
    }

    /// Waits until the command may be sent. Not for a server that does not answer: what comes behind a command that was
    /// lost is lost, too.
    pub(super) async fn turn<'a>(
        &self,
        window: &'a Window,
        batch: &Batch,
    ) -> Result<Option<SemaphorePermit<'a>>, CacheError> {
        if self.is_small {
            return Ok(None);
        }
        let room = window.enter(batch.bytes).await;
        match self.lost.get(batch.at.lane).and_then(OnceLock::get) {
            Some(error) => Err(error.clone()),
            None => Ok(room),
        }
    }

    /// A command was not answered.
    pub(super) fn lost(&self, lane: usize, error: &CacheError) {
        if let (CacheError::Timeout | CacheError::Unavailable(_), Some(lost)) = (error, self.lost.get(lane)) {
            // The first reason is as good as any.
            let _ = lost.set(error.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_too_large_for_the_window_goes_alone() {
        let window = Window::new();
        let first = window.enter(10 * IN_FLIGHT).await.expect("the window is empty");
        assert!(window.enter(1).now_or_never().is_none());
        drop(first);
        assert!(window.enter(1).now_or_never().is_some());
    }

    #[test]
    fn large_values_are_remembered_for_a_while() {
        let window = Window::new();
        window.seen(1_000_000, 10);
        assert_eq!(window.typical(), 100_000);
        window.seen(1_000, 10);
        assert_eq!(window.typical(), 50_000);
        for _ in 0..20 {
            window.seen(1_000, 10);
        }
        assert_eq!(window.typical(), 100);
        window.seen(0, 0);
        window.unseen();
        assert_eq!(window.typical(), 800);
        (0..20).for_each(|_| window.unseen());
        assert_eq!(window.typical(), MOST_BYTES);
    }
}
