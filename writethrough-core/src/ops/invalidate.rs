//! Removing entries whose rows were written behind the store's back.

use std::sync::Arc;

use sea_orm::sea_query::ValueTuple;
use tracing::Instrument;

use super::context::Context;
use crate::cache::CacheError;
use crate::entity::{CachedEntity, facts};
use crate::error::{Error, Outcome, Result};
use crate::policy::OnCacheFailure;
use crate::protocol::Step;
use crate::resilience::Repair;
use crate::telemetry;

/// Removes the entry of the row with this primary key.
pub(crate) async fn invalidate<E: CachedEntity>(context: &Arc<Context>, pk: ValueTuple) -> Result<()> {
    context.open()?;
    let entity = facts::<E>();
    let key = context.key::<E>(&pk)?;
    let span = tracing::debug_span!(target: "writethrough", telemetry::SPAN_INVALIDATE, entity = entity.label);
    let answer = context.cache.apply(vec![(key.clone(), Step::Invalidate)]).instrument(span).await.pop();
    match answer {
        Some(Err(error)) => {
            context.repairs.push(key, Repair::Invalidate, || context.keys.prefix::<E>());
            unacknowledged::<E>(context, error)
        }
        _ => {
            telemetry::count(telemetry::INVALIDATIONS, entity.label);
            Ok(())
        }
    }
}

/// Removes all entries of the entity.
pub(crate) async fn invalidate_all<E: CachedEntity>(context: &Arc<Context>) -> Result<()> {
    context.open()?;
    let entity = facts::<E>();
    let span = tracing::debug_span!(target: "writethrough", telemetry::SPAN_INVALIDATE, entity = entity.label);
    let prefix = context.keys.prefix::<E>();
    match context.cache.invalidate_prefix(&prefix).instrument(span).await {
        Ok(removed) => {
            telemetry::count_many(
                telemetry::INVALIDATIONS,
                entity.label,
                usize::try_from(removed).unwrap_or(usize::MAX),
            );
            Ok(())
        }
        Err(error) => {
            context.repairs.push_entity(prefix);
            unacknowledged::<E>(context, error)
        }
    }
}

/// Under `degrade` the repair queue does it later, and this store's reads go to the database until then.
fn unacknowledged<E: CachedEntity>(context: &Context, error: CacheError) -> Result<()> {
    telemetry::count(telemetry::DEGRADED, facts::<E>().label);
    match context.settings.on_cache_failure(&E::POLICY) {
        OnCacheFailure::Fail => Err(Error::cache(error, Outcome::NotCommitted)
            .advise("the entry may still stand; it is removed in the background")),
        OnCacheFailure::Degrade => Ok(()),
    }
}
