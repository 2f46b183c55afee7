//! Deleting one row.
//!
//! `before_delete`, keys, FENCE, statement, FINISH, `after_delete`. Where keys compare by bytes, a row that was deleted
//! leaves "no such row" in the cache. Elsewhere the database may have deleted a row under another spelling of the key,
//! so the key is taken from the row, in a transaction. Where the rows of other entities depend on the row, a transaction
//! too, which finds them first: see [`cascade`](super::cascade).

use std::pin::pin;
use std::sync::Arc;

use sea_orm::sea_query::{IntoValueTuple, ValueTuple};
use sea_orm::{ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbErr, ValidatedDeleteOne};
use tracing::Span;

use super::cascade::{Family, Touched};
use super::claim::{Claim, Settled};
use super::context::{Context, before_commit, is_mysql};
use super::effect::{CacheEffect, Deleted};
use super::fence::Value;
use super::locked::locked;
use super::shield::PointOfNoReturn;
use super::version::{Expected, stored, unless_lost};
use super::write::{Write, Written, traced};
use crate::entity::{CachedEntity, Facts, PkValue, facts};
use crate::entry::encode_absent;
use crate::error::{Error, Outcome, Result};
use crate::telemetry;

/// Deletes the row of an active model, with its hooks.
///
/// Dropping the future before the FENCE is sent cancels the delete; afterwards it goes on in the background.
pub(crate) async fn delete<E: CachedEntity>(context: &Arc<Context>, active_model: E::ActiveModel) -> Result<Deleted> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let delete = |point| with_hooks::<E>(context.clone(), active_model, point);
    traced(context, entity, delete_span(entity), delete, |deleted| Some(deleted.cache)).await
}

/// Deletes a row by its primary key, without hooks, as SeaORM's `delete_by_id` does.
pub(crate) async fn delete_by_id<E: CachedEntity>(context: &Arc<Context>, id: PkValue<E>) -> Result<Deleted> {
    context.enter::<E>()?;
    let pk = id.into_value_tuple();
    let entity = facts::<E>();
    let delete = |point| without_hooks::<E>(context.clone(), pk, point);
    traced(context, entity, delete_span(entity), delete, |deleted| Some(deleted.cache)).await
}

/// The span of a delete.
pub(super) fn delete_span(entity: &Facts) -> Span {
    tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_DELETE,
        entity = entity.label,
        cache = tracing::field::Empty
    )
}

async fn with_hooks<E: CachedEntity>(
    context: Arc<Context>,
    active_model: E::ActiveModel,
    point: PointOfNoReturn,
) -> Result<Deleted> {
    let active_model = active_model.before_delete(&context.db).await.map_err(before_commit)?;
    let for_hook = active_model.clone();
    let Removal { pk, statement, contested } = Removal::<E>::of(active_model)?;
    let write = Write::begin(&context, facts::<E>(), point);
    let (existed, cache) = execute::<E>(&write, pk, statement).await?;
    if let Some(pk) = contested.filter(|_| !existed) {
        unless_lost::<E>(&context, stored::<E>(&context.db, pk)).await?;
    }
    for_hook
        .after_delete(&context.db)
        .await
        .map_err(|error| Error::database(error, if existed { Outcome::Committed } else { Outcome::NotCommitted }))?;
    Ok(Deleted::new(existed, cache))
}

/// The statement that deletes the row of an active model.
pub(super) struct Removal<E: CachedEntity> {
    pub(super) pk: ValueTuple,
    pub(super) statement: ValidatedDeleteOne<E>,
    /// The row, if the statement expects a version of it.
    pub(super) contested: Option<ValueTuple>,
}

impl<E: CachedEntity> Removal<E> {
    /// Fails as SeaORM does if the primary key is not set, and if the version is not.
    pub(super) fn of(mut active_model: E::ActiveModel) -> Result<Self> {
        let pk = active_model.get_primary_key_value();
        let pk = pk.ok_or_else(|| before_commit(DbErr::PrimaryKeyNotSet { ctx: "DeleteOne" }))?;
        let expected = Expected::<E>::taken_from(&mut active_model)?;
        let contested = expected.as_ref().map(|_| pk.clone());
        let statement = E::delete(active_model).validate().map_err(before_commit)?;
        let statement = match expected {
            Some(expected) => expected.deleting(statement),
            None => statement,
        };
        Ok(Self { pk, statement, contested })
    }
}

async fn without_hooks<E: CachedEntity>(
    context: Arc<Context>,
    pk: ValueTuple,
    point: PointOfNoReturn,
) -> Result<Deleted> {
    let id = sea_orm::sea_query::FromValueTuple::from_value_tuple(pk.clone());
    let statement = E::delete_by_id::<PkValue<E>>(id);
    let write = Write::begin(&context, facts::<E>(), point);
    let (existed, cache) = execute::<E>(&write, pk, statement).await?;
    Ok(Deleted::new(existed, cache))
}

async fn execute<E: CachedEntity>(
    write: &Write<'_>,
    pk: ValueTuple,
    statement: ValidatedDeleteOne<E>,
) -> Result<(bool, CacheEffect)> {
    let context = write.context;
    let claim = Claim::new::<E>(context.key::<E>(&pk)?);
    if let Some(family) = Family::of::<E>(context) {
        return with_family(write, &family, claim, pk, statement).await;
    }
    if write.entity.exact_key {
        let remembered = absent::<E>(context);
        let claims = vec![claim.clone()];
        let written = |existed| {
            let settled = vec![Settled { claim, value: remembered.filter(|_| existed) }];
            Ok(Written { result: existed, settled, sweeps: Vec::new() })
        };
        if context.outbox.is_some() {
            let statement = async |tx: &DatabaseTransaction| Ok(statement.exec(tx).await?.rows_affected > 0);
            return write.fenced_transaction(claims, statement, written).await;
        }
        let statement = pin!(async { Ok(statement.exec(&context.db).await?.rows_affected > 0) });
        return write.autocommit(claims, statement, written).await;
    }
    let mysql = is_mysql(&context.db);
    let written = |row: Option<E::Model>| {
        let key = row.as_ref().map(|row| context.key_of::<E>(row)).transpose()?;
        let settled = key.map(|key| Settled { claim: Claim::new::<E>(key), value: None });
        Ok(Written { result: row, settled: settled.into_iter().collect(), sweeps: Vec::new() })
    };
    let (row, effect) =
        write.transaction(async |tx| delete_returning::<E>(tx, mysql, pk, statement).await, written).await?;
    Ok((row.is_some(), if row.is_some() { effect } else { CacheEffect::Invalidated }))
}

/// Deletes the row and finds what depends on it, in one transaction.
async fn with_family<E: CachedEntity>(
    write: &Write<'_>,
    family: &Family<'_>,
    claim: Claim,
    pk: ValueTuple,
    statement: ValidatedDeleteOne<E>,
) -> Result<(bool, CacheEffect)> {
    let absent = absent::<E>(write.context);
    let statements = async |tx: &DatabaseTransaction| {
        family.begin(tx).await?;
        let touched = family.lock(tx, &[pk]).await?;
        // Nothing is deleted that was not found before: nobody has looked for what depends on it.
        let existed = !touched.is_nothing && statement.exec(tx).await?.rows_affected > 0;
        Ok(Some(touched).filter(|_| existed))
    };
    let written = |touched: Option<Touched>| {
        let (settled, sweeps) = match &touched {
            Some(touched) => touched.settled(absent),
            None => (vec![Settled { claim, value: None }], Vec::new()),
        };
        Ok(Written { result: touched, settled, sweeps })
    };
    let (touched, effect) = write.transaction(statements, written).await?;
    let existed = touched.is_some();
    Ok((existed, if existed { effect } else { CacheEffect::Invalidated }))
}

/// What is remembered of a row that was deleted, if that may be.
pub(super) fn absent<E: CachedEntity>(context: &Context) -> Value {
    let ttl = context.settings.negative_ttl(&E::POLICY).filter(|_| facts::<E>().exact_key)?;
    Some((encode_absent::<E>(), ttl))
}

/// The row that the statement deleted.
pub(super) async fn delete_returning<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    mysql: bool,
    pk: ValueTuple,
    statement: ValidatedDeleteOne<E>,
) -> Result<Option<E::Model>, DbErr> {
    if !mysql {
        return statement.exec_with_returning(tx).await;
    }
    let Some(row) = locked::<E>(tx, pk).await? else { return Ok(None) };
    // A statement that expects another version meets no row.
    Ok(if statement.exec(tx).await?.rows_affected > 0 { Some(row) } else { None })
}
