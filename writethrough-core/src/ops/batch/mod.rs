//! Inserting and updating many rows at once: one transaction, all or nothing.
//!
//! `before_save` of each row, the statements, FENCE around all keys, COMMIT, FINISH of all keys, `after_save` of each row.
//! Which rows go in one statement is the [`plan`]'s business, which of the rows that come back is whose is the [`order`]'s.
//! If a batch writes a row twice, the later write is the one that is published.

mod insert;
mod order;
mod plan;
mod update;

use std::sync::Arc;

use indexmap::IndexMap;
use sea_orm::{ActiveModelBehavior, ConnectionTrait, DbErr};

use self::plan::{Content, parts};
use super::change::Change;
use super::claim::{Claim, Settled};
use super::context::{Context, before_commit, is_mysql};
use super::effect::Saved;
use super::footprint::Footprint;
use super::limits::Limits;
use super::save::{Verb, advise};
use super::shield::PointOfNoReturn;
use super::write::{Write, Written, save_span, traced};
use crate::entity::{CachedEntity, facts};
use crate::error::{Error, Outcome, Result};

/// Writes the rows and brings their entries up to date; returns them in the order given.
///
/// Dropping the future before the first statement is sent cancels the write; afterwards it goes on in the background.
pub(crate) async fn save_many<E: CachedEntity>(
    context: &Arc<Context>,
    active_models: Vec<E::ActiveModel>,
    verb: Verb,
) -> Result<Saved<Vec<E::Model>>> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let write = |point| write::<E>(context.clone(), active_models, verb, point);
    traced(context, entity, save_span(entity), write, |saved| Some(saved.cache)).await
}

async fn write<E: CachedEntity>(
    context: Arc<Context>,
    active_models: Vec<E::ActiveModel>,
    verb: Verb,
    point: PointOfNoReturn,
) -> Result<Saved<Vec<E::Model>>> {
    let Batch { changes, keys, inserts } = Batch::<E>::prepare(&context, &context.db, active_models, verb).await?;
    if changes.is_empty() {
        return Ok(Saved::new(Vec::new(), super::CacheEffect::Refreshed));
    }
    let write = Write::begin(&context, facts::<E>(), point);
    let written = |models: Vec<E::Model>| {
        Ok(Written { settled: keys.settled(&context, &models)?, result: models, sweeps: Vec::new() })
    };
    let (models, cache) = write
        .transaction(async |tx| execute::<E>(changes, tx).await, written)
        .await
        .map_err(|error| advise(error, verb))?;
    let models = after_save::<E>(models, &inserts, &context.db).await?;
    Ok(Saved::new(models, cache))
}

/// Every row is saved, so every row's hook runs, whatever those before it said.
async fn after_save<E: CachedEntity>(
    models: Vec<E::Model>,
    inserts: &[bool],
    db: &impl ConnectionTrait,
) -> Result<Vec<E::Model>> {
    let mut seen = Vec::with_capacity(models.len());
    for (model, insert) in models.into_iter().zip(inserts) {
        seen.push(E::ActiveModel::after_save(model, db, *insert).await);
    }
    let seen: Result<_, DbErr> = seen.into_iter().collect();
    seen.map_err(|error| Error::database(error, Outcome::Committed))
}

/// Rows that the hooks have passed, in the order given.
pub(super) struct Batch<E: CachedEntity> {
    pub(super) changes: Vec<Change<E>>,
    pub(super) keys: Keys<E>,
    /// Of each row, what its hooks are told.
    pub(super) inserts: Vec<bool>,
}

impl<E: CachedEntity> Batch<E> {
    /// Runs `before_save` of each row on this connection.
    pub(super) async fn prepare(
        context: &Context,
        db: &impl ConnectionTrait,
        active_models: Vec<E::ActiveModel>,
        verb: Verb,
    ) -> Result<Self> {
        let mysql = is_mysql(db);
        let mut batch = Self { changes: Vec::new(), keys: Keys(Vec::new()), inserts: Vec::new() };
        for active_model in active_models {
            let insert = verb.inserts(&active_model);
            let active_model = active_model.before_save(db, insert).await.map_err(before_commit)?;
            let change = Change::<E>::new(active_model, insert).map_err(before_commit)?;
            batch.keys.0.push(Footprint::of(context, &change, mysql)?);
            batch.changes.push(change);
            batch.inserts.push(insert);
        }
        Ok(batch)
    }
}

/// The keys of each row of a batch.
pub(super) struct Keys<E: CachedEntity>(Vec<Footprint<E>>);

impl<E: CachedEntity> Keys<E> {
    /// Those that are known before the statements.
    pub(super) fn known(&self) -> Vec<Claim> {
        self.0.iter().filter_map(Footprint::known).flatten().collect()
    }

    /// All keys, each once, and what they become. Those that were known are among them even if the rows came back under
    /// others. Of two writes of one row the later one tells.
    pub(super) fn settled(&self, context: &Context, models: &[E::Model]) -> Result<Vec<Settled>> {
        let mut settled: IndexMap<_, Settled> = IndexMap::new();
        for claim in self.known() {
            settled.insert(claim.key.clone(), Settled { claim, value: None });
        }
        for (footprint, model) in self.0.iter().zip(models) {
            for one in footprint.settled(context, model)? {
                settled.insert(one.claim.key.clone(), one);
            }
        }
        Ok(settled.into_values().collect())
    }
}

/// Sends the statements; the rows that they left, in the order given.
pub(super) async fn execute<E: CachedEntity>(
    changes: Vec<Change<E>>,
    tx: &impl ConnectionTrait,
) -> Result<Vec<E::Model>, DbErr> {
    let mysql = is_mysql(tx);
    let mut placed = Vec::with_capacity(changes.len());
    for part in parts(changes, Limits::of(tx.get_database_backend()), mysql) {
        let rows = match part.content {
            Content::Inserts(inserts) if mysql => inserts.read_back(tx).await?,
            Content::Inserts(inserts) => inserts.returning(tx).await?,
            Content::Updates(updates) if mysql => updates.read_back(tx).await?,
            Content::Updates(updates) => updates.returning(tx).await?,
            Content::One(change) if mysql && change.touches_the_row() => vec![change.read_back(tx).await?],
            Content::One(change) => vec![change.returning(tx).await?],
        };
        placed.extend(part.positions.into_iter().zip(rows));
    }
    placed.sort_unstable_by_key(|(position, _)| *position);
    Ok(placed.into_iter().map(|(_, row)| row).collect())
}
