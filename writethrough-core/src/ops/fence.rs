//! A writer's fence around the keys whose meaning it changes.
//!
//! FENCE before the commit can happen, FINISH after the outcome is known, and a value only under a stamp that arrived
//! before the write began. Whatever becomes of the write, a fence ends in exactly one of four ways: [`Fence::finish`]
//! (committed), [`Fence::abandon`] (certainly not committed), [`Fence::leave`] (unknown), or dropped, which is the same
//! as unknown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::claim::Claim;
use super::context::{Context, nonce};
use super::effect::CacheEffect;
use crate::cache::{CacheError, CacheKey};
use crate::entry::Payload;
use crate::error::{Error, Outcome, Result};
use crate::policy::{OnCacheFailure, OnWrite};
use crate::protocol::{Reply, Stamp, Step};
use crate::resilience::Repair;

/// What a committed write leaves in one entry, and for how long.
pub(super) type Value = Option<(Payload, Duration)>;

/// One key of a fence.
#[derive(Debug)]
struct Post {
    claim: Claim,
    /// The acknowledged stamp; without one, no value may follow.
    stamp: Option<Stamp>,
    was_cached: bool,
}

/// The keys of one write, fenced.
#[derive(Debug)]
#[must_use]
pub(super) struct Fence {
    context: Arc<Context>,
    posts: Vec<Post>,
    /// Whether every renewal was acknowledged. If not, the fence may end before the statement does.
    renewed: AtomicBool,
}

impl Fence {
    /// FENCEs the keys in one round trip.
    ///
    /// Where a key is not acknowledged, `degrade` goes on without, and `fail` takes back the others and refuses.
    pub(super) async fn raise(context: &Arc<Context>, claims: Vec<Claim>) -> Result<Self> {
        let lasting = context.settings.fence_expiry();
        let calls = claims.iter().map(|claim| (claim.key.clone(), Step::Fence { nonce: nonce(), lasting })).collect();
        let mut fence = Self {
            context: context.clone(),
            posts: claims.into_iter().map(|claim| Post { claim, stamp: None, was_cached: false }).collect(),
            renewed: AtomicBool::new(true),
        };
        let mut refused = None;
        for (post, answer) in fence.posts.iter_mut().zip(context.cache.apply(calls).await) {
            let error = match answer {
                Ok(Reply::Fenced { stamp, was_cached }) => {
                    post.stamp = Some(stamp);
                    post.was_cached = was_cached;
                    continue;
                }
                Ok(_) => CacheError::Rejected("no stamp came back".to_owned()),
                Err(error) => error,
            };
            if context.settings.on_cache_failure(&post.claim.owner.policy) == OnCacheFailure::Fail {
                refused = Some(error);
            }
        }
        if let Some(error) = refused {
            fence.abandon().await;
            return Err(Error::cache(error, Outcome::NotCommitted)
                .advise("nothing was written; the entity's on_cache_failure is \"fail\""));
        }
        Ok(fence)
    }

    /// Whether one of the keys is this one.
    pub(super) fn covers(&self, key: &CacheKey) -> bool {
        self.posts.iter().any(|post| post.claim.key == *key)
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
        let ends = std::mem::take(&mut self.posts).into_iter().map(|post| {
            let value = admitted(&post, &value);
            (post, value)
        });
        let is_for_later = |(post, value): &(Post, Value)| {
            post.claim.owner.policy.on_write == OnWrite::RefreshLater && value.is_some()
        };
        let (later, now): (Vec<_>, Vec<_>) = ends.partition(is_for_later);
        let mut deferred = CacheEffect::Refreshed;
        if !later.is_empty() {
            let context = self.context.clone();
            self.context.tasks.spawn(async move { conclude(&context, later).await.0 });
            deferred = CacheEffect::Deferred;
        }
        match conclude(&self.context, now).await {
            (_, Some(error)) => Err(Error::cache(error, Outcome::Committed)
                .advise("the row is saved and its entry is repaired in the background")),
            (effect, None) => Ok(effect.max(deferred)),
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

    fn stamped(&self) -> impl Iterator<Item = (&CacheKey, Stamp)> {
        self.posts.iter().filter_map(|post| Some((&post.claim.key, post.stamp?)))
    }
}

impl Drop for Fence {
    /// Unknown: fences that stand are left to expire; those that do not, or that could not be renewed and may expire too
    /// early, are put up by the repair queue.
    fn drop(&mut self) {
        let stands = *self.renewed.get_mut();
        for post in self.posts.drain(..).filter(|post| post.stamp.is_none() || !stands) {
            let Claim { key, owner } = post.claim;
            self.context.repairs.push(key, Repair::Fence, owner.keys(&self.context.keys));
        }
    }
}

/// The value that the policy and the fence allow for this key.
fn admitted(post: &Post, value: &impl Fn(&CacheKey) -> Value) -> Value {
    let wanted = match post.claim.owner.policy.on_write {
        OnWrite::Refresh | OnWrite::RefreshLater => true,
        OnWrite::RefreshIfCached => post.was_cached,
        OnWrite::Invalidate => false,
    };
    if wanted && post.stamp.is_some() { value(&post.claim.key) } else { None }
}

/// FINISHes what was acknowledged and INVALIDATEs the rest; what is not acknowledged now is left to the repair queue.
/// The error is one of a key whose policy is `fail`.
async fn conclude(context: &Context, ends: Vec<(Post, Value)>) -> (CacheEffect, Option<CacheError>) {
    let mut finishes = Vec::new();
    let mut removals = Vec::new();
    for (post, value) in ends {
        match post.stamp {
            Some(stamp) => finishes.push((post.claim, Step::Finish { stamp, value })),
            None => removals.push((post.claim, Step::Invalidate)),
        }
    }
    let mut worst = CacheEffect::Refreshed;
    let mut unacknowledged = None;
    for steps in [finishes, removals].into_iter().filter(|steps| !steps.is_empty()) {
        let repairs: Vec<_> = steps.iter().map(|(claim, step)| (claim.clone(), repair_of(step))).collect();
        let calls = steps.into_iter().map(|(claim, step)| (claim.key, step)).collect();
        for ((claim, repair), answer) in repairs.into_iter().zip(context.cache.apply(calls).await) {
            let effect = match answer {
                Ok(Reply::Finished(ending)) => CacheEffect::of(ending),
                Ok(_) => CacheEffect::Invalidated,
                Err(error) => {
                    let Claim { key, owner } = &claim;
                    context.repairs.push(key.clone(), repair, owner.keys(&context.keys));
                    if context.settings.on_cache_failure(&owner.policy) == OnCacheFailure::Fail {
                        unacknowledged = Some(error);
                    }
                    CacheEffect::Degraded
                }
            };
            effect.count(claim.owner.entity.label);
            worst = worst.max(effect);
        }
    }
    (worst, unacknowledged)
}

fn repair_of(step: &Step<Payload>) -> Repair {
    match step {
        Step::Finish { stamp, .. } => Repair::Finish(*stamp),
        _ => Repair::Invalidate,
    }
}
