//! A writer's fence around the keys whose meaning it changes.
//!
//! FENCE before the commit can happen, FINISH after the outcome is known, and a value only under a stamp that arrived
//! before the write began. Whatever becomes of the write, a fence ends in exactly one of four ways: [`Fence::finish`]
//! (committed), [`Fence::abandon`] (certainly not committed), [`Fence::leave`] (unknown), or dropped, which is the same
//! as unknown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::context::{Context, nonce};
use super::effect::CacheEffect;
use crate::cache::{CacheError, CacheKey};
use crate::entity::{CachedEntity, Facts, facts};
use crate::entry::Payload;
use crate::error::{Error, Outcome, Result};
use crate::policy::{EntityPolicy, OnCacheFailure, OnWrite};
use crate::protocol::{Reply, Stamp, Step};
use crate::resilience::Repair;

/// What a committed write leaves in one entry, and for how long.
pub(super) type Value = Option<(Payload, Duration)>;

/// One key of a fence.
#[derive(Debug)]
struct Post {
    key: CacheKey,
    /// The acknowledged stamp; without one, no value may follow.
    stamp: Option<Stamp>,
    was_cached: bool,
}

/// The keys of one write, fenced.
#[derive(Debug)]
#[must_use]
pub(super) struct Fence {
    context: Arc<Context>,
    entity: &'static Facts,
    prefixes: [String; 2],
    policy: EntityPolicy,
    posts: Vec<Post>,
    /// Whether every renewal was acknowledged. If not, the fence may end before the statement does.
    renewed: AtomicBool,
}

impl Fence {
    /// FENCEs the keys in one round trip.
    ///
    /// Where a key is not acknowledged, `degrade` goes on without, and `fail` takes back the others and refuses.
    pub(super) async fn raise<E: CachedEntity>(context: &Arc<Context>, keys: Vec<CacheKey>) -> Result<Self> {
        let lasting = context.settings.fence_expiry();
        let calls = keys.iter().map(|key| (key.clone(), Step::Fence { nonce: nonce(), lasting })).collect();
        let mut fence = Self {
            context: context.clone(),
            entity: facts::<E>(),
            prefixes: context.keys.prefixes::<E>(),
            policy: E::POLICY,
            posts: keys.into_iter().map(|key| Post { key, stamp: None, was_cached: false }).collect(),
            renewed: AtomicBool::new(true),
        };
        let mut refused = None;
        for (post, answer) in fence.posts.iter_mut().zip(context.cache.apply(calls).await) {
            match answer {
                Ok(Reply::Fenced { stamp, was_cached }) => {
                    post.stamp = Some(stamp);
                    post.was_cached = was_cached;
                }
                Ok(_) => refused = Some(CacheError::Rejected("no stamp came back".to_owned())),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) if context.settings.on_cache_failure(&fence.policy) == OnCacheFailure::Fail => {
                fence.abandon().await;
                Err(Error::cache(error, Outcome::NotCommitted)
                    .advise("nothing was written; the entity's on_cache_failure is \"fail\""))
            }
            _ => Ok(fence),
        }
    }

    /// Whether one of the keys is this one.
    pub(super) fn covers(&self, key: &CacheKey) -> bool {
        self.posts.iter().any(|post| post.key == *key)
    }

    /// RENEWs what was acknowledged.
    pub(super) async fn renew(&self) {
        let lasting = self.context.settings.fence_expiry();
        let calls: Vec<_> = self.stamped().map(|(key, stamp)| (key.clone(), Step::Renew { stamp, lasting })).collect();
        if !calls.is_empty() && self.context.cache.apply(calls).await.iter().any(Result::is_err) {
            self.renewed.store(false, Ordering::Relaxed);
        }
    }

    /// After the commit: `value` tells what each key becomes, if the policy wants it.
    ///
    /// `Err` only where the policy is `fail` and the cache did not acknowledge; the database has changed then.
    pub(super) async fn finish(mut self, value: impl Fn(&CacheKey) -> Value) -> Result<CacheEffect> {
        let values: Vec<_> = self.posts.iter().map(|post| self.admitted(post, &value)).collect();
        if self.policy.on_write == OnWrite::RefreshLater && values.iter().any(Option::is_some) {
            let tasks = self.context.tasks.clone();
            tasks.spawn(async move { self.conclude(values).await.0 });
            return Ok(CacheEffect::Deferred);
        }
        let policy = self.context.settings.on_cache_failure(&self.policy);
        match self.conclude(values).await {
            (_, Some(error)) if policy == OnCacheFailure::Fail => Err(Error::cache(error, Outcome::Committed)
                .advise("the row is saved and its entry is repaired in the background")),
            (effect, _) => Ok(effect),
        }
    }

    /// After a certain rollback: nothing changed, so an end that gets lost costs only the fence's expiry.
    pub(super) async fn abandon(mut self) {
        let calls: Vec<_> =
            self.stamped().map(|(key, stamp)| (key.clone(), Step::Finish { stamp, value: None })).collect();
        self.posts.clear();
        if !calls.is_empty() {
            self.context.cache.apply(calls).await;
        }
    }

    /// After an unknown outcome: the fence stays until it expires, and one that was not acknowledged is put up.
    pub(super) fn leave(self) {
        drop(self);
    }

    /// The value that the policy and the fence allow for this key.
    fn admitted(&self, post: &Post, value: &impl Fn(&CacheKey) -> Value) -> Value {
        let wanted = match self.policy.on_write {
            OnWrite::Refresh | OnWrite::RefreshLater => true,
            OnWrite::RefreshIfCached => post.was_cached,
            OnWrite::Invalidate => false,
        };
        if wanted && post.stamp.is_some() { value(&post.key) } else { None }
    }

    /// FINISHes what was acknowledged and INVALIDATEs the rest; what is not acknowledged now is left to the repair
    /// queue.
    async fn conclude(&mut self, values: Vec<Value>) -> (CacheEffect, Option<CacheError>) {
        let posts = std::mem::take(&mut self.posts);
        let mut finishes = Vec::new();
        let mut removals = Vec::new();
        for (post, value) in posts.into_iter().zip(values) {
            match post.stamp {
                Some(stamp) => finishes.push((post.key, Step::Finish { stamp, value })),
                None => removals.push((post.key, Step::Invalidate)),
            }
        }
        let mut worst = CacheEffect::Refreshed;
        let mut unacknowledged = None;
        for calls in [finishes, removals].into_iter().filter(|calls| !calls.is_empty()) {
            let repairs: Vec<_> = calls.iter().map(|(key, step)| (key.clone(), repair_of(step))).collect();
            for ((key, repair), answer) in repairs.into_iter().zip(self.context.cache.apply(calls).await) {
                let effect = match answer {
                    Ok(Reply::Finished(ending)) => CacheEffect::of(ending),
                    Ok(_) => CacheEffect::Invalidated,
                    Err(error) => {
                        self.context.repairs.push(key, repair, || self.prefixes.clone());
                        unacknowledged = Some(error);
                        CacheEffect::Degraded
                    }
                };
                effect.count(self.entity.label);
                worst = worst.max(effect);
            }
        }
        (worst, unacknowledged)
    }

    fn stamped(&self) -> impl Iterator<Item = (&CacheKey, Stamp)> {
        self.posts.iter().filter_map(|post| Some((&post.key, post.stamp?)))
    }
}

impl Drop for Fence {
    /// Unknown: fences that stand are left to expire; those that do not, or that could not be renewed and may expire too
    /// early, are put up by the repair queue.
    fn drop(&mut self) {
        let stands = *self.renewed.get_mut();
        for post in self.posts.drain(..).filter(|post| post.stamp.is_none() || !stands) {
            self.context.repairs.push(post.key, Repair::Fence, || self.prefixes.clone());
        }
    }
}

fn repair_of(step: &Step<Payload>) -> Repair {
    match step {
        Step::Finish { stamp, .. } => Repair::Finish(*stamp),
        _ => Repair::Invalidate,
    }
}
