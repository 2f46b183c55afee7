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
use sea_orm::sea_query::ValueTuple;
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
use super::version::{current, evict_if_lost};
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
    let Batch { changes, keys, inserts, contested } =
        Batch::<E>::prepare(&context, &context.db, active_models, verb).await?;
    if changes.is_empty() {
        return Ok(Saved::new(Vec::new(), super::CacheEffect::Refreshed));
    }
    let write = Write::begin(&context, facts::<E>(), point);
    let written = |executed: Executed<E::Model>| {
        let settled = keys.settled(&context, executed.rows::<E>()?)?;
        Ok(Written { settled, result: executed, sweeps: Vec::new() })
    };
    let result = write.transaction(async |tx| execute::<E>(changes, tx).await, written).await;
    evict_if_lost::<E, _>(&context, &result, contested).await;
    let (executed, cache) = result.map_err(|error| advise(error, verb))?;
    let models = after_save::<E>(executed.into_rows::<E>()?, &inserts, &context.db)
        .await
        .map_err(|error| Error::database(error, Outcome::Committed))?;
    Ok(Saved::new(models, cache))
}

/// Every row is saved, so every row's hook runs, whatever those before it said.
pub(super) async fn after_save<E: CachedEntity>(
    models: Vec<E::Model>,
    inserts: &[bool],
    db: &impl ConnectionTrait,
) -> Result<Vec<E::Model>, DbErr> {
    let mut seen = Vec::with_capacity(models.len());
    for (model, insert) in models.into_iter().zip(inserts) {
        seen.push(E::ActiveModel::after_save(model, db, *insert).await);
    }
    seen.into_iter().collect()
}

/// Rows that the hooks have passed, in the order given.
pub(super) struct Batch<E: CachedEntity> {
    pub(super) changes: Vec<Change<E>>,
    pub(super) keys: Keys<E>,
    /// Of each row, what its hooks are told.
    pub(super) inserts: Vec<bool>,
    /// The rows that are to be updated only if they have the version that is expected.
    pub(super) contested: Vec<ValueTuple>,
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
        let mut batch =
            Self { changes: Vec::new(), keys: Keys(Vec::new()), inserts: Vec::new(), contested: Vec::new() };
        for active_model in active_models {
            let insert = verb.inserts(&active_model);
            let active_model = active_model.before_save(db, insert).await.map_err(before_commit)?;
            let change = Change::<E>::new(active_model, insert)?;
            batch.contested.extend(change.contested());
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

/// What the statements came to.
pub(super) enum Executed<M> {
    /// The rows that they left, in the order given.
    Rows(Vec<M>),
    /// An update met its row with another version than the one that it expected: nothing of the batch may be committed.
    Lost,
}

impl<M> Executed<M> {
    pub(super) fn rows<E: CachedEntity>(&self) -> Result<&[M]> {
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::Lost => Err(Error::conflict(facts::<E>().label)),
        }
    }

    pub(super) fn into_rows<E: CachedEntity>(self) -> Result<Vec<M>> {
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::Lost => Err(Error::conflict(facts::<E>().label)),
        }
    }
}

/// Sends the statements.
pub(super) async fn execute<E: CachedEntity>(
    changes: Vec<Change<E>>,
    tx: &impl ConnectionTrait,
) -> Result<Executed<E::Model>, DbErr> {
    let mysql = is_mysql(tx);
    let mut placed = Vec::with_capacity(changes.len());
    for part in parts(changes, Limits::of(tx.get_database_backend()), mysql) {
        let rows = match part.content {
            Content::Inserts(inserts) if mysql => inserts.read_back(tx).await?,
            Content::Inserts(inserts) => inserts.returning(tx).await?,
            Content::Updates(updates) if mysql => updates.read_back(tx).await?,
            Content::Updates(updates) => updates.returning(tx).await?,
            Content::One(change) => match one(change, tx, mysql).await? {
                Some(row) => vec![row],
                None => return Ok(Executed::Lost),
            },
        };
        placed.extend(part.positions.into_iter().zip(rows));
    }
    placed.sort_unstable_by_key(|(position, _)| *position);
    Ok(Executed::Rows(placed.into_iter().map(|(_, row)| row).collect()))
}

/// A statement of its own, and the row that it left; none if somebody else has changed that since the caller saw it.
async fn one<E: CachedEntity>(
    change: Change<E>,
    tx: &impl ConnectionTrait,
    mysql: bool,
) -> Result<Option<E::Model>, DbErr> {
    let contested = change.contested();
    let row = if mysql && change.touches_the_row() { change.read_back(tx).await } else { change.returning(tx).await };
    let (Err(DbErr::RecordNotUpdated), Some(pk)) = (&row, contested) else { return row.map(Some) };
    if current::<E>(tx, pk).await?.is_some() { Ok(None) } else { row.map(Some) }
}
