//! Removing entries whose rows were written behind the store's back.

use std::pin::pin;
use std::sync::Arc;

use sea_orm::sea_query::ValueTuple;
use tracing::{Instrument, Span};

use super::claim::Claim;
use super::context::Context;
use super::ending::{Ended, remove, sweep};
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Owner, Secondary, facts};
use crate::error::{Outcome, Result};
use crate::telemetry;

/// Removes the entry of the row with this primary key.
///
/// The row's pointers and lists may stay: whoever follows one looks whether the row still has the value. Only a pointer
/// that says that no row has a value is not found out, nor is a list that lacks a row: so a row that was inserted, or got a
/// new value, wants [`invalidate_model`].
pub(crate) async fn invalidate<E: CachedEntity>(context: &Arc<Context>, pk: ValueTuple) -> Result<()> {
    context.enter::<E>()?;
    remove_now::<E>(context, vec![Claim::new::<E>(context.key::<E>(&pk)?)]).await
}

/// Removes the entry of this row, its pointers, and the lists that have it.
pub(crate) async fn invalidate_model<E: CachedEntity>(context: &Arc<Context>, model: &E::Model) -> Result<()> {
    context.enter::<E>()?;
    let claims = keys_of_row::<E>(context, model)?.into_iter().map(Claim::new::<E>).collect();
    remove_now::<E>(context, claims).await
}

/// Removes all entries of the entity, and all pointers to its rows and lists of them.
pub(crate) async fn invalidate_all<E: CachedEntity>(context: &Arc<Context>) -> Result<()> {
    context.enter::<E>()?;
    let owner = Owner::of::<E>();
    let ended = told(span::<E>(), sweep(context, owner)).await;
    leave_to_relays(context, &ended, &[], &[owner]).await;
    result(ended)
}

/// The key of this row's entry, and those of its pointers and lists.
pub(super) fn keys_of_row<E: CachedEntity>(context: &Context, model: &E::Model) -> Result<Vec<CacheKey>> {
    let mut keys = vec![context.key_of::<E>(model)?];
    for secondary in Secondary::all::<E>() {
        let key = context.secondary_key_of::<E>(secondary, model)?;
        // An entity may name the same key twice, a call may not.
        if let Some(key) = key.filter(|key| !keys.contains(key)) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn span<E: CachedEntity>() -> Span {
    tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_INVALIDATE,
        entity = facts::<E>().label,
        cache = tracing::field::Empty
    )
}

async fn remove_now<E: CachedEntity>(context: &Context, claims: Vec<Claim>) -> Result<()> {
    let ended = told(span::<E>(), remove(context, claims.clone())).await;
    leave_to_relays(context, &ended, &claims, &[]).await;
    result(ended)
}

/// Waits in the span, and tells it what became of the entries.
async fn told(span: Span, end: impl Future<Output = Ended>) -> Ended {
    let ended = end.instrument(span.clone()).await;
    span.record("cache", ended.effect().as_str());
    ended
}

/// What the cache did not acknowledge waits in the repair queue, and with an outbox there too, in case this process dies.
async fn leave_to_relays(context: &Context, ended: &Ended, claims: &[Claim], owners: &[Owner]) {
    if ended.is_acknowledged() {
        return;
    }
    let left = pin!(context.leave(claims, owners));
    if context.deadline().within(None, left).await.is_err() {
        tracing::warn!("an invalidation could not be recorded in the outbox; only this process remembers it");
    }
}

fn result(ended: Ended) -> Result<()> {
    ended.result(Outcome::NotCommitted, "the entry may still stand; it is removed in the background").map(drop)
}
