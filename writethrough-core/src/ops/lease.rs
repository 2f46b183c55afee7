//! A reader's leases: taken before its query, and given back whatever becomes of it.

use std::sync::Arc;
use std::time::Duration;

use super::context::{Context, nonce};
use super::shield::shield;
use crate::cache::{CacheError, CacheKey};
use crate::entry::Payload;
use crate::protocol::{Micros, Reply, Stamp, Standing, Step};

/// Keys in one call to the cache.
pub(super) const KEYS_PER_CALL: usize = 1_000;

/// A value that could not be used: when it was written, and its mark. A lease may replace it.
pub(super) type Seen = Option<(Micros, bytes::Bytes)>;

/// Leases that are released if they are dropped.
#[must_use]
pub(super) struct Lease {
    context: Arc<Context>,
    held: Vec<(CacheKey, Stamp)>,
}

/// LEASEs the keys. Also tells what stands under those that were not granted.
///
/// A reader that is dropped meanwhile does not leave leases behind: the answer is awaited by a task, which gives them
/// back.
pub(super) async fn take_leases(
    context: &Arc<Context>,
    misses: Vec<(CacheKey, Seen)>,
) -> (Lease, Vec<(CacheKey, Standing<Payload>)>) {
    shield(&context.tasks, |point| {
        point.pass();
        ask(context.clone(), misses)
    })
    .await
}

async fn ask(context: Arc<Context>, misses: Vec<(CacheKey, Seen)>) -> (Lease, Vec<(CacheKey, Standing<Payload>)>) {
    let lasting = context.settings.lease_time;
    let mut lease = Lease { context, held: Vec::new() };
    let mut standings = Vec::new();
    for misses in misses.chunks(KEYS_PER_CALL) {
        let call =
            |(key, seen): &(CacheKey, Seen)| (key.clone(), Step::Lease { nonce: nonce(), lasting, seen: seen.clone() });
        let answers = lease.context.cache.apply(misses.iter().map(call).collect()).await;
        for ((key, _), answer) in misses.iter().zip(answers) {
            match answer {
                Ok(Reply::Leased(stamp)) => lease.held.push((key.clone(), stamp)),
                // Not the first answer after an outage.
                Ok(Reply::Standing(standing)) if lease.context.trusts_cache() => {
                    standings.push((key.clone(), standing))
                }
                _ => {}
            }
        }
    }
    (lease, standings)
}

impl Lease {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The keys that are leased.
    pub(super) fn keys(&self) -> Vec<CacheKey> {
        self.held.iter().map(|(key, _)| key.clone()).collect()
    }

    /// FILLs each key with what `entry` gives for it, and RELEASEs where it gives nothing. Tells how many were applied.
    pub(super) async fn fill(mut self, entry: impl FnMut(&CacheKey) -> Option<(Payload, Duration)>) -> usize {
        let (applied, _) = self.fill_held(entry).await;
        self.held.clear();
        applied
    }

    /// As [`fill`](Self::fill). If one was not acknowledged it also tells why, and asks for all leases back, so that they can
    /// be taken again.
    pub(super) async fn fill_or_release(
        mut self,
        entry: impl FnMut(&CacheKey) -> Option<(Payload, Duration)>,
    ) -> (usize, Option<CacheError>) {
        let (applied, failure) = self.fill_held(entry).await;
        let held = std::mem::take(&mut self.held);
        if failure.is_some() {
            release(&self.context, held).await;
        }
        (applied, failure)
    }

    async fn fill_held(
        &mut self,
        mut entry: impl FnMut(&CacheKey) -> Option<(Payload, Duration)>,
    ) -> (usize, Option<CacheError>) {
        let mut fills = Vec::with_capacity(self.held.len());
        let mut unwanted = Vec::new();
        // Held to the end: a reader that is dropped meanwhile gives back what may not have been filled. To release a
        // lease that was filled changes nothing.
        for (key, stamp) in self.held.clone() {
            match entry(&key) {
                Some((value, ttl)) => fills.push((key, Step::Fill { stamp, value, ttl })),
                None => unwanted.push((key, stamp)),
            }
        }
        let (mut applied, mut failure) = (0, None);
        while !fills.is_empty() {
            let rest = fills.split_off(fills.len().min(KEYS_PER_CALL));
            let answers = self.context.cache.apply(std::mem::replace(&mut fills, rest)).await;
            applied += answers.iter().filter(|answer| matches!(answer, Ok(Reply::Applied(true)))).count();
            failure = failure.or(answers.into_iter().find_map(Result::err));
        }
        release(&self.context, unwanted).await;
        (applied, failure)
    }
}

async fn release(context: &Context, held: Vec<(CacheKey, Stamp)>) {
    if !held.is_empty() {
        context.cache.apply(held.into_iter().map(|(key, stamp)| (key, Step::Release { stamp })).collect()).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let context = self.context.clone();
            let tasks = context.tasks.clone();
            tasks.spawn_on(async move { release(&context, held).await }, &runtime);
        }
    }
}
