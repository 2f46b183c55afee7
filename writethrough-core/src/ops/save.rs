//! Inserting and updating one row.
//!
//! Hooks surround the write as they do in SeaORM: `before_save`, keys, FENCE, statement, FINISH, `after_save`. Cached is
//! the row that the database returned; returned is what `after_save` made of it.
//!
//! - A key that is known before: FENCE, the statement in autocommit, FINISH.
//! - A key that only the database knows (generated, defaulted, or stored in a spelling of its own): a transaction with
//!   the statement, FENCE around the key that came back, COMMIT, FINISH.
//! - On MySQL and MariaDB, which do not return rows: the statement and a locking read in one transaction, because a plain
//!   read may see an older row.

use std::pin::pin;
use std::sync::Arc;

use sea_orm::{ActiveModelBehavior, ActiveModelTrait, DbErr};
use tokio::time::Instant;
use tracing::Instrument;

use super::change::Change;
use super::context::{Context, before_commit};
use super::effect::{CacheEffect, Saved};
use super::load::{encode, ttl_under};
use super::shield::{PointOfNoReturn, shield};
use super::write::{Write, Written};
use crate::entity::{CachedEntity, facts};
use crate::error::{Error, Outcome, Result};
use crate::telemetry;

/// Which write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Insert if a primary-key column is not set, update otherwise, as SeaORM's `save` does.
    Save,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
}

/// Writes the row and brings its entry up to date.
///
/// Dropping the future before the FENCE is sent cancels the write; afterwards the write goes on in the background.
pub(crate) async fn save<E: CachedEntity>(
    context: &Arc<Context>,
    active_model: E::ActiveModel,
    verb: Verb,
) -> Result<Saved<E::Model>> {
    context.open()?;
    let entity = facts::<E>();
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_SAVE,
        entity = entity.label,
        cache = tracing::field::Empty
    );
    let started = Instant::now();
    let write = |point| write::<E>(context.clone(), active_model, verb, point);
    let saved = shield(&context.tasks, write).instrument(span.clone()).await?;
    telemetry::time(telemetry::SAVE_TIME, entity.label, started.elapsed());
    span.record("cache", saved.cache.as_str());
    Ok(saved)
}

async fn write<E: CachedEntity>(
    context: Arc<Context>,
    active_model: E::ActiveModel,
    verb: Verb,
    point: PointOfNoReturn,
) -> Result<Saved<E::Model>> {
    let insert = match verb {
        Verb::Insert => true,
        Verb::Update => false,
        Verb::Save => !active_model.is_update(),
    };
    let active_model = active_model.before_save(&context.db, insert).await.map_err(before_commit)?;
    let change = if insert {
        Change::<E>::insert(active_model)
    } else {
        Change::<E>::update(active_model).map_err(before_commit)?
    };
    let write = Write::begin::<E>(&context, point);
    let (model, cache) = execute(&write, change).await.map_err(|error| advise(error, verb))?;
    let model = E::ActiveModel::after_save(model, &context.db, insert)
        .await
        .map_err(|error| Error::database(error, Outcome::Committed))?;
    Ok(Saved::new(model, cache))
}

/// Chooses the way that the key and the database allow.
async fn execute<E: CachedEntity>(write: &Write<'_>, change: Change<E>) -> Result<(E::Model, CacheEffect)> {
    let context = write.context;
    let publishes = change.touches_the_row();
    let written = |model: E::Model| {
        let key = context.key_of::<E>(&model)?;
        let ttl = if publishes { ttl_under::<E>(context, write.entity, &key, Some(&model))? } else { None };
        let value = ttl.and_then(|ttl| Some((encode::<E>(write.entity, Some(&model))?, ttl)));
        Ok(Written { result: model, key: Some(key), value })
    };
    let known = match change.known_pk(write.is_mysql()) {
        Some(pk) if write.entity.exact_key || !publishes => Some(context.key::<E>(pk)?),
        _ => None,
    };
    match known {
        Some(key) if write.is_mysql() && publishes => {
            write.fenced_transaction::<E, _>(key, async |tx| change.read_back(tx).await, written).await
        }
        Some(key) => write.autocommit::<E, _>(key, pin!(change.returning(&context.db)), written).await,
        None if write.is_mysql() => write.transaction::<E, _>(async |tx| change.read_back(tx).await, written).await,
        None => write.transaction::<E, _>(async |tx| change.returning(tx).await, written).await,
    }
}

fn advise(error: Error, verb: Verb) -> Error {
    match (error.db_err(), verb) {
        (Some(DbErr::RecordNotUpdated), Verb::Save) => error.advise(
            "save updates when every primary-key column is set, and there is no such row; to insert a row under a key \
             of your own, call insert_through",
        ),
        (Some(DbErr::RecordNotUpdated), _) => error.advise("there is no row with this primary key"),
        _ => error,
    }
}
