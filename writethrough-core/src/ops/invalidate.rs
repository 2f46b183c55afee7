//! Removing entries whose rows were written behind the store's back.

use std::sync::Arc;

use sea_orm::sea_query::ValueTuple;
use tracing::{Instrument, Span};

use super::claim::Owner;
use super::context::Context;
use super::effect::CacheEffect;
use crate::cache::{CacheError, CacheKey};
use crate::entity::{CachedEntity, Facts, facts};
use crate::error::{Error, Outcome, Result};
use crate::policy::OnCacheFailure;
use crate::protocol::Step;
use crate::resilience::Repair;
use crate::telemetry;

/// Removes the entry of the row with this primary key.
///
/// The row's pointers may stay: whoever follows one looks whether the row still has the value. Only a pointer that says
/// that no row has a value is not found out, so a row that was inserted, or got a new value, wants [`invalidate_model`].
pub(crate) async fn invalidate<E: CachedEntity>(context: &Arc<Context>, pk: ValueTuple) -> Result<()> {
    context.open()?;
    remove::<E>(context, vec![context.key::<E>(&pk)?]).await
}

/// Removes the entry of this row and its pointers.
pub(crate) async fn invalidate_model<E: CachedEntity>(context: &Arc<Context>, model: &E::Model) -> Result<()> {
    context.open()?;
    remove::<E>(context, keys_of_row::<E>(context, model)?).await
}

/// The key of this row's entry, and those of its pointers.
pub(super) fn keys_of_row<E: CachedEntity>(context: &Context, model: &E::Model) -> Result<Vec<CacheKey>> {
    let mut keys = vec![context.key_of::<E>(model)?];
    let pointers = context.keys.pointer_keys::<E>(model).map_err(|error| Error::input(error.to_string()))?;
    for pointer in pointers.into_iter().flatten() {
        // An entity may name the same key twice, a call may not.
        if !keys.contains(&pointer) {
            keys.push(pointer);
        }
    }
    Ok(keys)
}

async fn remove<E: CachedEntity>(context: &Context, keys: Vec<CacheKey>) -> Result<()> {
    let entity = facts::<E>();
    let span = span(entity);
    let calls = keys.iter().map(|key| (key.clone(), Step::Invalidate)).collect();
    let answers = context.cache.apply(calls).instrument(span.clone()).await;
    let mut refused = None;
    for (key, answer) in keys.into_iter().zip(answers) {
        match answer {
            Ok(_) => telemetry::count(telemetry::INVALIDATIONS, entity.label),
            Err(error) => {
                context.repairs.push(key, Repair::Invalidate, Owner::of::<E>().keys(&context.keys));
                refused = Some(error);
            }
        }
    }
    conclude::<E>(context, &span, refused)
}

/// Removes all entries of the entity, and all pointers to its rows.
pub(crate) async fn invalidate_all<E: CachedEntity>(context: &Arc<Context>) -> Result<()> {
    context.open()?;
    let span = span(facts::<E>());
    let swept = sweep(context, Owner::of::<E>()).instrument(span.clone()).await;
    conclude::<E>(context, &span, swept.err())
}

/// Removes all entries of an entity, or leaves it to the repair queue.
pub(super) async fn sweep(context: &Context, owner: Owner) -> Result<(), CacheError> {
    let keys = owner.keys(&context.keys);
    let mut refused = None;
    for prefix in &keys.prefixes {
        match context.cache.invalidate_prefix(prefix).await {
            Ok(removed) => {
                let removed = usize::try_from(removed).unwrap_or(usize::MAX);
                telemetry::count_many(telemetry::INVALIDATIONS, owner.entity.label, removed);
            }
            Err(error) => refused = Some(error),
        }
    }
    let Some(error) = refused else { return Ok(()) };
    context.repairs.push_entity(keys);
    Err(error)
}

fn span(entity: &Facts) -> Span {
    tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_INVALIDATE,
        entity = entity.label,
        cache = tracing::field::Empty
    )
}

/// Under `degrade` the repair queue does later what was not acknowledged, and this store's reads go to the database until
/// then.
fn conclude<E: CachedEntity>(context: &Context, span: &Span, unacknowledged: Option<CacheError>) -> Result<()> {
    let Some(error) = unacknowledged else {
        span.record("cache", CacheEffect::Invalidated.as_str());
        return Ok(());
    };
    span.record("cache", CacheEffect::Degraded.as_str());
    telemetry::count(telemetry::DEGRADED, facts::<E>().label);
    match context.settings.on_cache_failure(&E::POLICY) {
        OnCacheFailure::Fail => Err(Error::cache(error, Outcome::NotCommitted)
            .advise("the entry may still stand; it is removed in the background")),
        OnCacheFailure::Degrade => Ok(()),
    }
}
