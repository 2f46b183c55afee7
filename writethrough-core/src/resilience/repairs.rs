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

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::guarded::GuardedCache;
use crate::cache::{CacheError, CacheKey};
use crate::protocol::{Nonce, Stamp, Step};
use crate::telemetry;

/// Keys that wait at most; beyond it their entities are marked as a whole.
const CAPACITY: usize = 10_000;
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
    capacity: usize,
}

#[derive(Debug, Default)]
struct Queue {
    keys: HashMap<CacheKey, Repair>,
    /// Prefixes of entities that are marked as a whole, two for each: of its rows and of its pointers.
    entities: BTreeSet<String>,
    under_way: usize,
}

impl Repairs {
    pub(crate) fn new(fence_expiry: Duration) -> Arc<Self> {
        Self::with_capacity(fence_expiry, CAPACITY)
    }

    fn with_capacity(fence_expiry: Duration, capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            waiting: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            wake: Notify::new(),
            drained: Notify::new(),
            fence_expiry,
            capacity,
        })
    }

    /// Whether this store's reads may trust the cache.
    pub(crate) fn is_drained(&self) -> bool {
        self.waiting() == 0
    }

    /// How many keys and prefixes of entities wait, those under way included.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Queues a key; each key of its entity starts with one of the `prefixes`.
    pub(crate) fn push(&self, key: CacheKey, repair: Repair, prefixes: impl FnOnce() -> [String; 2]) {
        let mut queue = self.lock();
        if queue.keys.len() >= self.capacity && !queue.keys.contains_key(&key) {
            let prefixes = prefixes();
            tracing::error!(?prefixes, "the repair queue is full; the whole entity will be invalidated");
            let covered = |key: &CacheKey| prefixes.iter().any(|prefix| key.as_str().starts_with(prefix));
            queue.keys.retain(|key, repair| *repair == Repair::Fence || !covered(key));
            queue.entities.extend(prefixes);
            if repair == Repair::Fence {
                queue.keys.insert(key, repair);
            }
        } else {
            queue.keys.entry(key).and_modify(|queued| *queued = queued.and(repair)).or_insert(repair);
        }
        self.publish(&queue);
        self.wake.notify_one();
    }

    /// Marks a whole entity: all that starts with one of the prefixes.
    pub(crate) fn push_entity(&self, prefixes: [String; 2]) {
        let mut queue = self.lock();
        queue.entities.extend(prefixes);
        self.publish(&queue);
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
        let (keys, entity) = self.take();
        let mut acknowledged = true;
        if !keys.is_empty() {
            let calls = keys.iter().map(|(key, repair)| (key.clone(), repair.step(self.fence_expiry)));
            // One call may carry steps of one kind only.
            for kind in group_by_kind(calls.collect()) {
                let names: Vec<_> = kind.iter().map(|(key, _)| key.clone()).collect();
                for (key, answer) in names.iter().zip(cache.repair(kind).await) {
                    match answer {
                        Ok(_) => self.done(1),
                        Err(error) => {
                            acknowledged = false;
                            refused(&error);
                            self.put_back(key.clone(), keys.get(key).copied().unwrap_or(Repair::Invalidate));
                        }
                    }
                }
            }
        }
        if let Some(prefix) = entity {
            match cache.repair_prefix(&prefix).await {
                Ok(_) => self.done(1),
                Err(error) => {
                    acknowledged = false;
                    refused(&error);
                    let mut queue = self.lock();
                    queue.entities.insert(prefix);
                    queue.under_way -= 1;
                    self.publish(&queue);
                }
            }
        }
        acknowledged
    }

    fn take(&self) -> (HashMap<CacheKey, Repair>, Option<String>) {
        let mut queue = self.lock();
        let names: Vec<_> = queue.keys.keys().take(BATCH).cloned().collect();
        let keys: HashMap<_, _> = names.iter().filter_map(|key| queue.keys.remove_entry(key)).collect();
        let entity = queue.entities.pop_first();
        queue.under_way += keys.len() + usize::from(entity.is_some());
        self.publish(&queue);
        (keys, entity)
    }

    fn done(&self, repaired: usize) {
        let mut queue = self.lock();
        queue.under_way -= repaired;
        self.publish(&queue);
        metrics::counter!(telemetry::REPAIRS).increment(repaired as u64);
    }

    fn put_back(&self, key: CacheKey, repair: Repair) {
        let mut queue = self.lock();
        queue.keys.entry(key).and_modify(|queued| *queued = queued.and(repair)).or_insert(repair);
        queue.under_way -= 1;
        self.publish(&queue);
    }

    fn publish(&self, queue: &Queue) {
        let waiting = queue.keys.len() + queue.entities.len() + queue.under_way;
        self.waiting.store(waiting, Ordering::SeqCst);
        metrics::gauge!(telemetry::REPAIR_QUEUE).set(waiting as f64);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refusal does not pass by itself: somebody has to look.
fn refused(error: &CacheError) {
    if matches!(error, CacheError::Rejected(_)) {
        tracing::error!(%error, "the cache refuses a repair; until it is done, reads go to the database");
    }
}

fn group_by_kind(calls: Vec<crate::cache::Call>) -> Vec<Vec<crate::cache::Call>> {
    let (fences, rest): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(_, step)| matches!(step, Step::Fence { .. }));
    let (finishes, rest): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(_, step)| matches!(step, Step::Finish { .. }));
    [fences, finishes, rest].into_iter().filter(|group| !group.is_empty()).collect()
}

#[cfg(test)]
mod tests;
