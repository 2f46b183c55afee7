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

use super::change::Change;
use super::context::{Context, before_commit, is_mysql};
use super::effect::{CacheEffect, Saved};
use super::footprint::Footprint;
use super::shield::PointOfNoReturn;
use super::version::{explained, stored};
use super::write::{Write, Written, save_span, traced};
use crate::entity::{CachedEntity, facts};
use crate::error::{Error, Outcome, Result};

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

impl Verb {
    /// Whether this active model is to be inserted.
    pub(super) fn inserts(self, active_model: &impl ActiveModelTrait) -> bool {
        match self {
            Self::Insert => true,
            Self::Update => false,
            Self::Save => !active_model.is_update(),
        }
    }
}

/// Writes the row and brings its entry up to date.
///
/// Dropping the future before the FENCE is sent cancels the write; afterwards the write goes on in the background.
pub(crate) async fn save<E: CachedEntity>(
    context: &Arc<Context>,
    active_model: E::ActiveModel,
    verb: Verb,
) -> Result<Saved<E::Model>> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let write = |point| write::<E>(context.clone(), active_model, verb, point);
    traced(context, entity, save_span(entity), write, |saved| Some(saved.cache)).await
}

async fn write<E: CachedEntity>(
    context: Arc<Context>,
    active_model: E::ActiveModel,
    verb: Verb,
    point: PointOfNoReturn,
) -> Result<Saved<E::Model>> {
    let insert = verb.inserts(&active_model);
    let active_model = active_model.before_save(&context.db, insert).await.map_err(before_commit)?;
    let change = Change::<E>::new(active_model, insert)?;
    let contested = change.contested();
    let write = Write::begin(&context, facts::<E>(), point);
    let (model, cache) = match (execute(&write, change).await, contested) {
        (Err(error), Some(pk)) => Err(explained::<E>(&context, stored::<E>(&context.db, pk), error).await),
        (result, _) => result,
    }
    .map_err(|error| advise(error, verb))?;
    let model = E::ActiveModel::after_save(model, &context.db, insert)
        .await
        .map_err(|error| Error::database(error, Outcome::Committed))?;
    Ok(Saved::new(model, cache))
}

/// Chooses the way that the key and the database allow.
async fn execute<E: CachedEntity>(write: &Write<'_>, change: Change<E>) -> Result<(E::Model, CacheEffect)> {
    let context = write.context;
    let mysql = is_mysql(&context.db);
    let footprint = Footprint::<E>::of(context, &change, mysql)?;
    let written = |model: E::Model| {
        let settled = footprint.settled(context, &model)?;
        Ok(Written { result: model, settled, sweeps: Vec::new() })
    };
    match footprint.known() {
        Some(claims) if mysql && footprint.publishes => {
            write.fenced_transaction(claims, async |tx| change.read_back(tx).await, written).await
        }
        Some(claims) if context.outbox.is_some() => {
            write.fenced_transaction(claims, async |tx| change.returning(tx).await, written).await
        }
        Some(claims) => write.autocommit(claims, pin!(change.returning(&context.db)), written).await,
        None if mysql => write.transaction(async |tx| change.read_back(tx).await, written).await,
        None => write.transaction(async |tx| change.returning(tx).await, written).await,
    }
}

/// Adds what a caller who meant something else can do about it.
pub(super) fn advise(error: Error, verb: Verb) -> Error {
    match (error.db_err(), verb) {
        (Some(DbErr::RecordNotUpdated), Verb::Save) => error.advise(
            "save updates when every primary-key column is set, and there is no such row; to insert a row under a key \
             of your own, call insert_through",
        ),
        (Some(DbErr::RecordNotUpdated), _) => error.advise("there is no row with this primary key"),
        _ => error,
    }
}
