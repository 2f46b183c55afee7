//! The end of a write in the cache: FINISH where a fence was acknowledged, INVALIDATE elsewhere.
//!
//! What is not acknowledged now is left to the repair queue.

use super::claim::Claim;
use super::context::Context;
use super::effect::CacheEffect;
use crate::cache::CacheError;
use crate::entity::{Owner, is_list};
use crate::entry::Payload;
use crate::error::{Error, Outcome, Result};
use crate::policy::OnCacheFailure;
use crate::protocol::{Reply, Step};
use crate::resilience::Repair;
use crate::telemetry;

/// What the cache said.
#[derive(Debug)]
#[must_use]
pub(super) struct Ended {
    effect: CacheEffect,
    /// Why a key was not acknowledged whose policy is `fail`.
    refused: Option<CacheError>,
}

impl Ended {
    /// There was nothing to be said.
    pub(super) fn nothing() -> Self {
        Self { effect: CacheEffect::Refreshed, refused: None }
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { effect: self.effect.max(other.effect), refused: self.refused.or(other.refused) }
    }

    /// The worst over the keys.
    pub(super) fn effect(&self) -> CacheEffect {
        self.effect
    }

    /// Whether nothing was left to the repair queue.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.effect != CacheEffect::Degraded
    }

    /// What became of the entries; `Err` only where the policy is `fail` and the cache did not acknowledge.
    pub(super) fn result(self, outcome: Outcome, advice: &'static str) -> Result<CacheEffect> {
        match self.refused {
            Some(error) => Err(Error::cache(error, outcome).advise(advice)),
            None => Ok(self.effect),
        }
    }

    /// A list that is gone is all that a write wants of it, so it is no worse than an entry that was refreshed.
    fn of_a_list(self) -> Self {
        let effect = match self.effect {
            CacheEffect::Invalidated | CacheEffect::Contended => CacheEffect::Refreshed,
            effect => effect,
        };
        Self { effect, ..self }
    }

    fn unacknowledged(context: &Context, owner: Owner, error: CacheError) -> Self {
        let strict = context.settings.on_cache_failure(&owner.policy) == OnCacheFailure::Fail;
        Self { effect: CacheEffect::Degraded, refused: Some(error).filter(|_| strict) }
    }
}

/// Sends the last step of each key, FINISH or INVALIDATE.
pub(super) async fn end(context: &Context, ends: Vec<(Claim, Step<Payload>)>) -> Ended {
    let is_finish = |(_, step): &(Claim, Step<Payload>)| matches!(step, Step::Finish { .. });
    let (finishes, removals): (Vec<_>, Vec<_>) = ends.into_iter().partition(is_finish);
    let mut ended = Ended::nothing();
    // One call may carry steps of one kind only.
    for steps in [finishes, removals].into_iter().filter(|steps| !steps.is_empty()) {
        let repairs: Vec<_> = steps.iter().map(|(claim, step)| (claim.clone(), repair_of(step))).collect();
        let calls = steps.into_iter().map(|(claim, step)| (claim.key, step)).collect();
        for ((claim, repair), answer) in repairs.into_iter().zip(context.cache.apply(calls).await) {
            let Claim { key, owner } = claim;
            let is_of_a_list = is_list(&key);
            let one = match answer {
                Ok(Reply::Finished(ending)) => Ended { effect: CacheEffect::of(ending), refused: None },
                Ok(_) => Ended { effect: CacheEffect::Invalidated, refused: None },
                Err(error) => {
                    context.repairs.push(key, repair, context.all_keys(&owner));
                    Ended::unacknowledged(context, owner, error)
                }
            };
            one.effect.count(owner.entity.label);
            ended = ended.and(if is_of_a_list { one.of_a_list() } else { one });
        }
    }
    ended
}

fn repair_of(step: &Step<Payload>) -> Repair {
    match step {
        Step::Finish { stamp, .. } => Repair::Finish(*stamp),
        _ => Repair::Invalidate,
    }
}

/// INVALIDATEs these keys.
pub(super) async fn remove(context: &Context, claims: Vec<Claim>) -> Ended {
    end(context, claims.into_iter().map(|claim| (claim, Step::Invalidate)).collect()).await
}

/// INVALIDATEs all entries of an entity, and all pointers to its rows and lists of them.
pub(super) async fn sweep(context: &Context, owner: Owner) -> Ended {
    let entity = owner.entity.label;
    let keys = context.all_keys(&owner);
    let mut refused = None;
    for prefix in &keys.prefixes {
        match context.cache.invalidate_prefix(prefix).await {
            Ok(removed) => {
                let removed = usize::try_from(removed).unwrap_or(usize::MAX);
                telemetry::count_many(telemetry::INVALIDATIONS, entity, removed);
            }
            Err(error) => refused = Some(error),
        }
    }
    let Some(error) = refused else {
        return Ended { effect: CacheEffect::Invalidated, refused: None };
    };
    CacheEffect::Degraded.count(entity);
    context.repairs.push_entity(keys);
    Ended::unacknowledged(context, owner, error)
}

/// All of it, one entity after the other.
pub(super) async fn sweep_all(context: &Context, owners: &[Owner]) -> Ended {
    let mut ended = Ended::nothing();
    for owner in owners {
        ended = ended.and(sweep(context, *owner).await);
    }
    ended
}
