//! The repair queue: keys whose entry may be stale because the cache did not acknowledge a write.
//!
//! Invariants:
//!
//! 1. A key enters only after its write was acknowledged by the database (or its outcome became unknown), so a repair
//!    that is sent later covers it. A key that enters again while its repair is under way stays.
//! 2. While anything waits, this store's reads do not trust the cache ([`Repairs::is_drained`]).
//! 3. The queue is bounded: beyond the bound, the whole entity is marked in place of its keys, which costs more but
//!    forgets nothing. Only keys of unknown outcome stay beside the mark: an invalidation cannot stand in for the fence
//!    that they need.

mod queue;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

pub(crate) use self::queue::EntityKeys;
use self::queue::{Backlog, Batch, Pushed, Queue};
use super::guarded::GuardedCache;
use crate::cache::{CacheError, CacheKey, Call};
use crate::protocol::{Nonce, Stamp, Step};
use crate::telemetry;

/// Keys in one call.
const BATCH: usize = 256;
/// Pause after a failed attempt, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What a key needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// The commit is certain and no fence is known: remove what stands there.
    Invalidate,
    /// The commit is certain and our fence was acknowledged, but its end was not: leave the fence.
    Finish(Stamp),
    /// The outcome is unknown: put up a fence and let it expire, for the statement may still be executed.
    Fence,
}

impl Repair {
    /// The one repair that does what both would.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fence, _) | (_, Self::Fence) => Self::Fence,
            (first, second) if first == second => first,
            _ => Self::Invalidate,
        }
    }

    fn step(self, fence_expiry: Duration) -> Step<crate::entry::Payload> {
        match self {
            Self::Invalidate => Step::Invalidate,
            Self::Finish(stamp) => Step::Finish { stamp, value: None },
            Self::Fence => Step::Fence { nonce: Nonce(rand::random()), lasting: fence_expiry },
        }
    }
}

/// Keys to be put right, and the task that does it.
#[derive(Debug)]
pub(crate) struct Repairs {
    queue: Mutex<Queue>,
    /// How much waits, readable without the lock.
    waiting: AtomicUsize,
    /// Nobody will push any more; the task ends when the queue is empty.
    closing: AtomicBool,
    /// The cache is gone for good; the task ends whatever waits.
    given_up: AtomicBool,
    wake: Notify,
    drained: Notify,
    fence_expiry: Duration,
}

impl Repairs {
    /// For so many keys; beyond them their entities are marked as a whole.
    pub(crate) fn new(fence_expiry: Duration, capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::new(Queue::of(capacity)),
            waiting: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            wake: Notify::new(),
            drained: Notify::new(),
            fence_expiry,
        })
    }

    /// Whether this store's reads may trust the cache.
    pub(crate) fn is_drained(&self) -> bool {
        self.waiting() == 0
    }

    /// How many keys and entities wait, those under way included.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// How many keys wait, and how many entities as a whole.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        self.lock().waiting()
    }

    /// What waits, by the names of tables.
    pub(crate) fn backlog(&self) -> Backlog {
        self.lock().backlog()
    }

    /// Queues a key of the entity.
    pub(crate) fn push(&self, key: CacheKey, repair: Repair, entity: EntityKeys) {
        let label = entity.label;
        let pushed = self.change(|queue| queue.push(key, repair, entity));
        if pushed == Pushed::Overflowed {
            tracing::error!(
                entity = label,
                "the repair queue is full; all entries of the entity will be invalidated when the cache answers"
            );
            telemetry::count(telemetry::REPAIR_OVERFLOWS, label);
        }
        self.wake.notify_one();
    }

    /// Marks a whole entity.
    pub(crate) fn push_entity(&self, entity: EntityKeys) {
        self.change(|queue| queue.mark(entity));
        self.wake.notify_one();
    }

    /// Works until the store is gone and nothing waits, or the cache was closed.
    pub(crate) async fn run(self: Arc<Self>, cache: Arc<GuardedCache>) {
        let mut pause = FIRST_PAUSE;
        while !self.given_up.load(Ordering::SeqCst) {
            if self.is_drained() {
                self.drained.notify_waiters();
                if self.closing.load(Ordering::SeqCst) {
                    return;
                }
                self.wake.notified().await;
            } else if self.repair_some(&cache).await {
                pause = FIRST_PAUSE;
            } else {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// Lets the task end once nothing waits.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// Ends the task although something waits: there is no cache any more.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// Returns when nothing waits.
    pub(crate) async fn drained(&self) {
        loop {
            let drained = self.drained.notified();
            if self.is_drained() {
                return;
            }
            drained.await;
        }
    }

    /// One attempt; whether all of it was acknowledged.
    async fn repair_some(&self, cache: &GuardedCache) -> bool {
        let Batch { keys, entity } = self.change(|queue| queue.take(BATCH));
        let (mut acknowledged, mut refusal) = (true, None);
        let calls = keys.iter().map(|(key, entry)| (key.clone(), entry.repair.step(self.fence_expiry)));
        // One call may carry steps of one kind only.
        for kind in group_by_kind(calls.collect()) {
            let names: Vec<_> = kind.iter().map(|(key, _)| key.clone()).collect();
            for (key, answer) in names.iter().zip(cache.repair(kind).await) {
                acknowledged &= is_done(&answer, &mut refusal);
                self.change(|queue| queue.conclude_key(key, answer.is_ok()));
            }
        }
        if let Some(entity) = entity {
            let mut swept = Ok(0);
            for prefix in &entity.prefixes {
                if swept.is_ok() {
                    swept = cache.repair_prefix(prefix).await;
                }
            }
            acknowledged &= is_done(&swept, &mut refusal);
            self.change(|queue| queue.conclude_entity(swept.is_ok()));
        }
        if let Some(error) = refusal {
            // It does not pass by itself: somebody has to look.
            tracing::error!(%error, "the cache refuses a repair; until it is done, reads go to the database");
        }
        acknowledged
    }

    /// Changes the queue, and tells how long it is.
    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.lock();
        let result = change(&mut queue);
        let (keys, entities) = queue.waiting();
        self.waiting.store(keys + entities, Ordering::SeqCst);
        metrics::gauge!(telemetry::REPAIR_QUEUE).set((keys + entities) as f64);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a repair that was acknowledged, and keeps a refusal.
fn is_done<T>(answer: &Result<T, CacheError>, refusal: &mut Option<CacheError>) -> bool {
    match answer {
        Ok(_) => metrics::counter!(telemetry::REPAIRS).increment(1),
        Err(error @ CacheError::Rejected(_)) => *refusal = Some(error.clone()),
        Err(_) => {}
    }
    answer.is_ok()
}

fn group_by_kind(calls: Vec<Call>) -> Vec<Vec<Call>> {
    let (fences, rest): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(_, step)| matches!(step, Step::Fence { .. }));
    let (finishes, rest): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(_, step)| matches!(step, Step::Finish { .. }));
    [fences, finishes, rest].into_iter().filter(|group| !group.is_empty()).collect()
}

#[cfg(test)]
mod tests;
