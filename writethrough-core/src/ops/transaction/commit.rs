//! FENCE all keys, COMMIT, FINISH all keys.

use std::collections::HashMap;
use std::pin::pin;

use tokio::time::Instant;
use tracing::Instrument;

use super::ledger::Account;
use super::level::{Level, rolled_back};
use crate::error::{Outcome, Result};
use crate::ops::effect::CacheEffect;
use crate::ops::ending::sweep_all;
use crate::ops::fence::Fence;
use crate::ops::shield::shield;
use crate::ops::statement::Deadline;
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
    let claims: Vec<_> = settled.iter().map(|settled| settled.claim.clone()).collect();
    let raised = match context.open() {
        Ok(()) => Fence::raise(&context, claims.clone()).await,
        Err(closed) => Err(closed),
    };
    let mut fence = match raised {
        Ok(fence) => fence,
        Err(refused) => {
            drop(deadline.within(None, pin!(inner.rollback())).await);
            return Err(refused);
        }
    };
    let recorded = deadline.within(Some(&fence), pin!(context.record(&inner, &claims, &sweeps))).await;
    match recorded {
        Ok(receipt) => fence.recorded(receipt),
        Err(error) => {
            drop(deadline.within(Some(&fence), pin!(inner.rollback())).await);
            fence.abandon().await;
            return Err(error);
        }
    }
    if let Err(error) = deadline.committing(&fence, pin!(inner.commit())).await {
        match error.outcome() {
            Outcome::NotCommitted => fence.abandon().await,
            Outcome::Committed | Outcome::Unknown => {
                fence.leave();
                sweeps.iter().for_each(|owner| context.repairs.push_entity(context.all_keys(owner)));
            }
        }
        return Err(error);
    }
    let swept = sweep_all(&context, &sweeps).await;
    let values: HashMap<_, _> = settled.into_iter().map(|settled| (settled.claim.key, settled.value)).collect();
    fence.finish(swept, |key| values.get(key).cloned().flatten()).await
}
