//! A writer's fence around the keys whose meaning it changes.
//!
//! FENCE before the commit can happen, FINISH after the outcome is known, and a value only under a stamp that arrived
//! before the write began. Whatever becomes of the write, a fence ends in exactly one of four ways: [`Fence::finish`]
//! (committed), [`Fence::abandon`] (certainly not committed), [`Fence::leave`] (unknown), or dropped, which is the same
//! as unknown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indexmap::IndexMap;

use super::claim::Claim;
use super::context::{Context, nonce};
use super::effect::CacheEffect;
use super::ending::{Ended, end};
use crate::cache::{CacheError, CacheKey};
use crate::entity::Owner;
use crate::entry::Payload;
use crate::error::{Error, Outcome, Result};
use crate::outbox::Receipt;
use crate::policy::{OnCacheFailure, OnWrite};
use crate::protocol::{Reply, Stamp, Step};
use crate::resilience::Repair;

/// What a committed write leaves in one entry, and for how long.
pub(super) type Value = Option<(Payload, Duration)>;

/// One key of a fence.
#[derive(Debug)]
struct Post {
    owner: Owner,
    /// The acknowledged stamp; without one, no value may follow.
    stamp: Option<Stamp>,
    was_cached: bool,
}

/// The keys of one write, fenced.
#[derive(Debug)]
#[must_use]
pub(super) struct Fence {
    context: Arc<Context>,
    posts: IndexMap<CacheKey, Post>,
    /// Whether every renewal was acknowledged. If not, the fence may end before the statement does.
    renewed: AtomicBool,
    /// That the write is recorded in the outbox.
    receipt: Option<Receipt>,
}

impl Fence {
    /// FENCEs the keys, each once, in one round trip.
    ///
    /// Where a key is not acknowledged, `degrade` goes on without, and `fail` takes back the others and refuses.
    pub(super) async fn raise(context: &Arc<Context>, claims: Vec<Claim>) -> Result<Self> {
        let lasting = context.settings.fence_expiry();
        let post = |claim: Claim| (claim.key, Post { owner: claim.owner, stamp: None, was_cached: false });
        let posts: IndexMap<_, _> = claims.into_iter().map(post).collect();
        let calls = posts.keys().map(|key| (key.clone(), Step::Fence { nonce: nonce(), lasting })).collect();
        let mut fence = Self { context: context.clone(), posts, renewed: AtomicBool::new(true), receipt: None };
        let mut refused = None;
        for (post, answer) in fence.posts.values_mut().zip(context.cache.apply(calls).await) {
            let error = match answer {
                Ok(Reply::Fenced { stamp, was_cached }) => {
                    post.stamp = Some(stamp);
                    post.was_cached = was_cached;
                    continue;
                }
                Ok(_) => CacheError::Rejected("no stamp came back".to_owned()),
                Err(error) => error,
            };
            if context.settings.on_cache_failure(&post.owner.policy) == OnCacheFailure::Fail {
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

    /// The keys.
    pub(super) fn claims(&self) -> impl Iterator<Item = Claim> {
        self.posts.iter().map(|(key, post)| Claim { key: key.clone(), owner: post.owner })
    }

    /// The write was recorded, in the same transaction.
    pub(super) fn recorded(&mut self, receipt: Option<Receipt>) {
        self.receipt = receipt;
    }

    /// Whether one of the keys is this one.
    pub(super) fn covers(&self, key: &CacheKey) -> bool {
        self.posts.contains_key(key)
    }

    /// RENEWs what was acknowledged.
    pub(super) async fn renew(&self) {
        let lasting = self.context.settings.fence_expiry();
        let calls: Vec<_> = self.stamped().map(|(key, stamp)| (key.clone(), Step::Renew { stamp, lasting })).collect();
        if !calls.is_empty() && self.context.cache.apply(calls).await.iter().any(Result::is_err) {
            self.renewed.store(false, Ordering::Relaxed);
        }
    }

    /// After the commit: `value` tells what each key becomes, if the policy wants it; `beside` is what the cache said to
    /// whatever else the write ended there.
    ///
    /// `Err` only where the policy is `fail` and the cache did not acknowledge; the database has changed then.
    pub(super) async fn finish(mut self, beside: Ended, value: impl Fn(&CacheKey) -> Value) -> Result<CacheEffect> {
        let ends = std::mem::take(&mut self.posts).into_iter().map(|(key, post)| {
            let step = last_step(&key, &post, &value);
            (Claim { key, owner: post.owner }, step)
        });
        let is_for_later = |(claim, step): &(Claim, Step<Payload>)| {
            claim.owner.policy.on_write == OnWrite::RefreshLater && matches!(step, Step::Finish { value: Some(_), .. })
        };
        let (later, now): (Vec<_>, Vec<_>) = ends.partition(is_for_later);
        let receipt = self.receipt.take();
        let mut deferred = CacheEffect::Refreshed;
        if !later.is_empty() {
            let (context, receipt) = (self.context.clone(), receipt.as_ref().map(Receipt::split));
            self.context.tasks.spawn(async move { acknowledge(receipt, &end(&context, later).await) });
            deferred = CacheEffect::Deferred;
        }
        let ended = end(&self.context, now).await.and(beside);
        acknowledge(receipt, &ended);
        let advice = "the row is saved and its entry is repaired in the background";
        Ok(ended.result(Outcome::Committed, advice)?.max(deferred))
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
        self.posts.iter().filter_map(|(key, post)| Some((key, post.stamp?)))
    }
}

impl Drop for Fence {
    /// Unknown: fences that stand are left to expire; those that do not, or that could not be renewed and may expire too
    /// early, are put up by the repair queue.
    fn drop(&mut self) {
        let stands = *self.renewed.get_mut();
        for (key, post) in self.posts.drain(..).filter(|(_, post)| post.stamp.is_none() || !stands) {
            self.context.repairs.push(key, Repair::Fence, self.context.all_keys(&post.owner));
        }
    }
}

/// FINISH where the fence was acknowledged, with the value that the policy allows; INVALIDATE elsewhere.
fn last_step(key: &CacheKey, post: &Post, value: &impl Fn(&CacheKey) -> Value) -> Step<Payload> {
    let Some(stamp) = post.stamp else {
        return Step::Invalidate;
    };
    let wanted = match post.owner.policy.on_write {
        OnWrite::Refresh | OnWrite::RefreshLater => true,
        OnWrite::RefreshIfCached => post.was_cached,
        OnWrite::Invalidate => false,
    };
    Step::Finish { stamp, value: if wanted { value(key) } else { None } }
}

/// What the cache has acknowledged, nobody needs to repair after a crash.
fn acknowledge(receipt: Option<Receipt>, ended: &Ended) {
    if let Some(receipt) = receipt.filter(|_| ended.is_acknowledged()) {
        receipt.acknowledge();
    }
}
