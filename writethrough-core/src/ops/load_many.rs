//! Loading many rows: one multi-key read, one query for what it missed, one multi-key fill.
//!
//! Each key goes the same way as in a single load. Queries are not shared with other loads: a key that somebody else
//! is loading is asked of the database and left alone in the cache.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use sea_orm::sea_query::{IntoValueTuple, ValueTuple};
use sea_orm::{ConnectionTrait, PrimaryKeyArity, QueryFilter};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::bypass::Bypass;
use super::context::Context;
use super::lease::{Lease, Seen, take_leases};
use super::load::{Answer, encode, read_standing, ttl_under};
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Facts, PkValue, facts, find_by_pk, has_one_of};
use crate::entry::Payload;
use crate::error::Result;
use crate::protocol::Standing;
use crate::telemetry;

/// Bind parameters in one query: far below what every database takes.
pub(super) const BINDS_PER_QUERY: usize = 10_000;

/// Loads the rows with these primary keys, in the order asked, duplicates kept.
pub(crate) async fn load_many<E: CachedEntity>(
    context: &Arc<Context>,
    ids: Vec<PkValue<E>>,
) -> Result<Vec<Option<E::Model>>> {
    load_pks::<E>(context, ids.into_iter().map(IntoValueTuple::into_value_tuple).collect()).await
}

/// The same for keys whose type nobody knows any more.
pub(super) async fn load_pks<E: CachedEntity>(
    context: &Arc<Context>,
    pks: Vec<ValueTuple>,
) -> Result<Vec<Option<E::Model>>> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_LOAD_MANY,
        entity = entity.label,
        keys = pks.len(),
        bypass = tracing::field::Empty
    );
    let started = Instant::now();
    let models = load_rows::<E>(context, &span, pks).instrument(span.clone()).await;
    telemetry::time(telemetry::LOAD_TIME, entity.label, started.elapsed());
    models
}

/// The same for a load that has a span of its own.
pub(super) async fn load_rows<E: CachedEntity>(
    context: &Arc<Context>,
    span: &Span,
    pks: Vec<ValueTuple>,
) -> Result<Vec<Option<E::Model>>> {
    let (mut many, order) = Many::<E>::of(context, pks)?;
    many.run(span).await?;
    Ok(many.in_order(&order))
}

/// Asks the database alone, on this connection; in the order asked, duplicates kept.
pub(super) async fn find_many<E: CachedEntity>(
    context: &Arc<Context>,
    db: &impl ConnectionTrait,
    pks: Vec<ValueTuple>,
) -> Result<Vec<Option<E::Model>>> {
    let (mut many, order) = Many::<E>::of(context, pks)?;
    let asked: Vec<_> = many.wanted.keys().cloned().collect();
    many.ask_database(db, &asked).await?;
    Ok(many.in_order(&order))
}

/// Fills the entries of those of these rows that have none. An entry that somebody writes or loads is left to them.
///
/// Tells how many were filled; and why not all, if the cache was of no use.
pub(super) async fn fill_missing<E: CachedEntity>(
    context: &Arc<Context>,
    span: &Span,
    pks: Vec<ValueTuple>,
) -> Result<(usize, Option<Bypass>)> {
    let (mut many, _) = Many::<E>::of(context, pks)?;
    let misses = many.ask_cache(span).await;
    if many.outage.is_some() {
        return Ok((0, many.outage));
    }
    let lease = many.take_leases(span, misses).await;
    let leased = lease.keys();
    if many.outage.is_some() || leased.is_empty() {
        return Ok((0, many.outage));
    }
    many.ask_database(&context.db, &leased).await?;
    let (filled, failure) = lease.fill_or_release(|key| many.entry_for(key)).await;
    Ok((filled, failure.map(|error| Bypass::because_of(&error))))
}

struct Many<'a, E: CachedEntity> {
    context: &'a Arc<Context>,
    entity: &'static Facts,
    wanted: IndexMap<CacheKey, ValueTuple>,
    found: HashMap<CacheKey, Option<E::Model>>,
    /// Why the cache was of no use for one of the keys, if it was not.
    outage: Option<Bypass>,
}

impl<'a, E: CachedEntity> Many<'a, E> {
    /// Also tells the order in which they were asked for.
    fn of(context: &'a Arc<Context>, pks: Vec<ValueTuple>) -> Result<(Self, Vec<CacheKey>)> {
        let mut order = Vec::with_capacity(pks.len());
        let mut wanted = IndexMap::new();
        for pk in pks {
            let key = context.key::<E>(&pk)?;
            order.push(key.clone());
            wanted.entry(key).or_insert(pk);
        }
        Ok((Self { context, entity: facts::<E>(), wanted, found: HashMap::new(), outage: None }, order))
    }

    fn in_order(&self, order: &[CacheKey]) -> Vec<Option<E::Model>> {
        order.iter().map(|key| self.found.get(key).cloned().flatten()).collect()
    }

    async fn run(&mut self, span: &Span) -> Result<()> {
        let misses = self.ask_cache(span).await;
        telemetry::count_many(telemetry::HITS, self.entity.label, self.found.len());
        let lease = self.take_leases(span, misses).await;
        let asked: Vec<_> = self.wanted.keys().filter(|key| !self.found.contains_key(*key)).cloned().collect();
        telemetry::count_many(telemetry::MISSES, self.entity.label, asked.len());
        if asked.is_empty() {
            return Ok(());
        }
        let place = self.context.turn(self.outage, Instant::now(), self.entity).await?;
        let started = Instant::now();
        self.ask_database(&self.context.db, &asked).await?;
        drop(place);
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, started.elapsed());
        self.fill(lease).await;
        Ok(())
    }

    /// GETs all keys; returns those that a lease may be taken for.
    async fn ask_cache(&mut self, span: &Span) -> Vec<(CacheKey, Seen)> {
        let mut misses = Vec::new();
        let keys: Vec<_> = self.wanted.keys().cloned().collect();
        let standings = self.context.standings(&keys).await;
        for (key, standing) in keys.into_iter().zip(standings) {
            match standing.map_or_else(Answer::Bypass, |standing| self.read(&key, standing)) {
                Answer::Hit(model) => drop(self.found.insert(key, model)),
                Answer::Miss(seen) => misses.push((key, seen)),
                Answer::Bypass(why) => self.note(why, span),
            }
        }
        misses
    }

    /// Keeps the first reason why the cache is of no use.
    fn note(&mut self, why: Bypass, span: &Span) {
        if why.is_outage() && self.outage.is_none() {
            self.outage = Some(why.told_to(span));
        }
    }

    async fn take_leases(&mut self, span: &Span, misses: Vec<(CacheKey, Seen)>) -> Lease {
        let wanted = misses.len();
        let (lease, standings) = take_leases(self.context, misses).await;
        if lease.len() + standings.len() < wanted {
            self.note(Bypass::Unavailable, span);
        }
        for (key, standing) in standings {
            if let Answer::Hit(model) = self.read(&key, standing) {
                self.found.insert(key, model);
            }
        }
        lease
    }

    async fn ask_database(&mut self, db: &impl ConnectionTrait, asked: &[CacheKey]) -> Result<()> {
        let mut rows = self.query(db, asked).await?;
        for key in asked {
            self.found.insert(key.clone(), rows.remove(key));
        }
        if self.entity.exact_key {
            return Ok(());
        }
        // What was not found under its own spelling may stand under another, perhaps one that was asked for, too.
        let missing: Vec<_> = asked.iter().filter(|key| matches!(self.found.get(*key), Some(None))).cloned().collect();
        if !missing.is_empty() && !self.query(db, &missing).await?.is_empty() {
            for key in missing {
                let row = self.ask_for_another_spelling(db, &key).await?;
                self.found.insert(key, row);
            }
        }
        Ok(())
    }

    /// The rows with these keys, by the keys that they bear.
    async fn query(&self, db: &impl ConnectionTrait, keys: &[CacheKey]) -> Result<HashMap<CacheKey, E::Model>> {
        let mut rows = HashMap::new();
        let pks: Vec<_> = keys.iter().filter_map(|key| self.wanted.get(key)).cloned().collect();
        for pks in pks.chunks(BINDS_PER_QUERY / PkValue::<E>::ARITY.max(1)) {
            let query = E::find().filter(has_one_of::<E>(pks));
            for model in self.context.deadline().within(None, pin!(query.all(db))).await? {
                rows.insert(self.context.key_of::<E>(&model)?, model);
            }
        }
        Ok(rows)
    }

    /// Under a collation that does not compare by bytes, the row that was asked for may bear another spelling.
    async fn ask_for_another_spelling(&self, db: &impl ConnectionTrait, key: &CacheKey) -> Result<Option<E::Model>> {
        let Some(pk) = self.wanted.get(key) else {
            return Ok(None);
        };
        self.context.deadline().within(None, pin!(find_by_pk::<E>(pk).one(db))).await
    }

    /// FILLs what may be kept, RELEASEs the rest.
    async fn fill(&self, lease: Lease) {
        let filled = lease.fill(|key| self.entry_for(key)).await;
        telemetry::count_many(telemetry::FILLS, self.entity.label, filled);
    }

    fn entry_for(&self, key: &CacheKey) -> Option<(Payload, Duration)> {
        let model = self.found.get(key).and_then(Option::as_ref);
        // A row whose key cannot be named is not kept.
        let ttl = ttl_under::<E>(self.context, self.entity, key, model).ok().flatten()?;
        Some((encode::<E>(self.entity, model)?, ttl))
    }

    fn read(&self, key: &CacheKey, standing: Standing<Payload>) -> Answer<E::Model> {
        match self.wanted.get(key) {
            Some(pk) => read_standing::<E>(self.entity, standing, pk),
            None => Answer::Bypass(Bypass::Occupied),
        }
    }
}
