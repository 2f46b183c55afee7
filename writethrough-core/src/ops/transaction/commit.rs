//! FENCE all keys, COMMIT, FINISH all keys.

use std::collections::HashMap;
use std::pin::pin;

use tokio::time::Instant;
use tracing::Instrument;

use super::ledger::Account;
use super::level::{Level, rolled_back};
use crate::error::{Error, Outcome, Result};
use crate::ops::claim::Owner;
use crate::ops::context::Context;
use crate::ops::effect::CacheEffect;
use crate::ops::fence::Fence;
use crate::ops::invalidate::sweep;
use crate::ops::shield::shield;
use crate::ops::statement::Deadline;
use crate::policy::OnCacheFailure;
use crate::telemetry;

/// Commits the outermost level; goes on in the background if its caller goes away.
pub(super) async fn commit(level: Level) -> Result<()> {
    let context = level.shared.context.clone();
    let span = tracing::debug_span!(target: "writethrough", telemetry::SPAN_COMMIT, keys = tracing::field::Empty, cache = tracing::field::Empty);
    let started = Instant::now();
    let in_span = span.clone();
    let committed = shield(&context.tasks, |point| async move {
        point.pass();
        conclude(level, &in_span).await
    });
    let effect = committed.instrument(span.clone()).await?;
    metrics::histogram!(telemetry::COMMIT_TIME).record(started.elapsed().as_secs_f64());
    span.record("cache", effect.as_str());
    Ok(())
}

async fn conclude(level: Level, span: &tracing::Span) -> Result<CacheEffect> {
    let Level { inner, shared, .. } = level;
    let context = shared.context.clone();
    let deadline = Deadline::after(context.settings.write_timeout);
    let (failure, retryable) = shared.ledger().verdict();
    if let Some(failure) = failure {
        drop(deadline.within(None, pin!(inner.rollback())).await);
        return Err(rolled_back(failure, retryable));
    }
    let Account { settled, sweeps } = shared.ledger().account();
    span.record("keys", settled.len());
    let claims = settled.iter().map(|settled| settled.claim.clone()).collect();
    let raised = match context.open() {
        Ok(()) => Fence::raise(&context, claims).await,
        Err(closed) => Err(closed),
    };
    let fence = match raised {
        Ok(fence) => fence,
        Err(refused) => {
            drop(deadline.within(None, pin!(inner.rollback())).await);
            return Err(refused);
        }
    };
    if let Err(error) = deadline.committing(&fence, pin!(inner.commit())).await {
        match error.outcome() {
            Outcome::NotCommitted => fence.abandon().await,
            Outcome::Committed | Outcome::Unknown => {
                fence.leave();
                sweeps.iter().for_each(|owner| context.repairs.push_entity(owner.keys(&context.keys)));
            }
        }
        return Err(error);
    }
    let swept = sweep_all(&context, &sweeps).await;
    let values: HashMap<_, _> = settled.into_iter().map(|settled| (settled.claim.key, settled.value)).collect();
    let finished = fence.finish(|key| values.get(key).cloned().flatten()).await?;
    Ok(finished.max(swept?))
}

/// Invalidates whole entities. What the cache does not acknowledge is left to the repair queue; `Err` only where an entity's
/// policy is `fail`.
async fn sweep_all(context: &Context, sweeps: &[Owner]) -> Result<CacheEffect> {
    let mut effect = CacheEffect::Refreshed;
    let mut strict = Ok(());
    for owner in sweeps {
        let swept = sweep(context, *owner).await;
        let strictly = context.settings.on_cache_failure(&owner.policy) == OnCacheFailure::Fail;
        effect = effect.max(match swept {
            Ok(()) => CacheEffect::Invalidated,
            Err(error) => {
                CacheEffect::Degraded.count(owner.entity.label);
                if strictly {
                    strict = Err(Error::cache(error, Outcome::Committed)
                        .advise("the transaction is committed and the entity is invalidated in the background"));
                }
                CacheEffect::Degraded
            }
        });
    }
    strict.map(|()| effect)
}
