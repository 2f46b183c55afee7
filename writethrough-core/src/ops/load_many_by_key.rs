//! Loading many rows by a unique secondary key: one multi-key read of the pointers, one of the rows, one query for what is
//! missed.
//!
//! Each value goes the way of a single load: its pointer is followed, and the row verified; otherwise LEASE the pointer, query
//! by the value, FILL the pointer. Queries are not shared with other loads.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use sea_orm::sea_query::{Value, ValueTuple};
use sea_orm::{ConnectionTrait, ModelTrait, QueryFilter};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::bypass::Bypass;
use super::context::Context;
use super::lease::{Lease, Seen, take_leases};
use super::load_by_key::{find_by_key, load_by_key, pointer_to_row, several_rows};
use super::load_many::{BINDS_PER_QUERY, load_rows};
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Facts, Secondary, facts, is_one_of};
use crate::entry::{Decoded, Payload, decode_pointer, encode_no_row};
use crate::error::Result;
use crate::protocol::{Payload as _, Standing};
use crate::telemetry;

/// Loads the rows that have these values in the columns of this unique key, in the order asked, duplicates kept.
///
/// NULL is equal to nothing, so nobody is asked for a row that has it.
pub(crate) async fn load_many_by_key<E: CachedEntity>(
    context: &Arc<Context>,
    key: usize,
    mut values: Vec<Vec<Value>>,
) -> Result<Vec<Option<E::Model>>> {
    if values.len() < 2 {
        return match values.pop() {
            // Alone it shares its query with others.
            Some(values) => Ok(vec![load_by_key::<E>(context, key, values).await?]),
            None => Ok(Vec::new()),
        };
    }
    context.enter::<E>()?;
    let entity = facts::<E>();
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_LOAD_MANY,
        entity = entity.label,
        keys = values.len(),
        bypass = tracing::field::Empty
    );
    let started = Instant::now();
    let (mut many, order) = Many::<E>::of(context, key, values)?;
    many.run(&span).instrument(span.clone()).await?;
    telemetry::time(telemetry::LOAD_TIME, entity.label, started.elapsed());
    Ok(many.in_order(&order))
}

/// Asks the database alone, on this connection.
pub(super) async fn find_many_by_key<E: CachedEntity>(
    context: &Arc<Context>,
    db: &impl ConnectionTrait,
    key: usize,
    values: Vec<Vec<Value>>,
) -> Result<Vec<Option<E::Model>>> {
    let (mut many, order) = Many::<E>::of(context, key, values)?;
    let asked: Vec<_> = many.wanted.keys().cloned().collect();
    many.ask_database(db, &asked).await?;
    Ok(many.in_order(&order))
}

struct Many<'a, E: CachedEntity> {
    context: &'a Arc<Context>,
    entity: &'static Facts,
    key: usize,
    /// The values, by their pointers.
    wanted: IndexMap<CacheKey, Vec<Value>>,
    found: HashMap<CacheKey, Option<E::Model>>,
    /// Why the cache was of no use for one of the pointers, if it was not.
    outage: Option<Bypass>,
}

impl<'a, E: CachedEntity> Many<'a, E> {
    /// Also tells the order in which they were asked for; no pointer where a value is NULL.
    fn of(context: &'a Arc<Context>, key: usize, values: Vec<Vec<Value>>) -> Result<(Self, Vec<Option<CacheKey>>)> {
        let mut order = Vec::with_capacity(values.len());
        let mut wanted = IndexMap::new();
        for values in values {
            let pointer = context.secondary_key::<E>(Secondary::Unique(key), &values)?;
            if let Some(pointer) = &pointer {
                wanted.entry(pointer.clone()).or_insert(values);
            }
            order.push(pointer);
        }
        Ok((Self { context, entity: facts::<E>(), key, wanted, found: HashMap::new(), outage: None }, order))
    }

    fn in_order(&self, order: &[Option<CacheKey>]) -> Vec<Option<E::Model>> {
        order.iter().map(|pointer| self.found.get(pointer.as_ref()?).cloned().flatten()).collect()
    }

    async fn run(&mut self, span: &Span) -> Result<()> {
        let misses = self.follow_pointers(span).await?;
        let lease = self.take_leases(span, misses).await;
        let asked: Vec<_> = self.wanted.keys().filter(|pointer| !self.found.contains_key(*pointer)).cloned().collect();
        telemetry::count_many(telemetry::MISSES, self.entity.label, asked.len());
        if asked.is_empty() {
            return Ok(());
        }
        let place = self.context.turn(self.outage, Instant::now(), self.entity).await?;
        let started = Instant::now();
        self.ask_database(&self.context.db, &asked).await?;
        drop(place);
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, started.elapsed());
        let filled = lease.fill(|pointer| self.entry_for(pointer)).await;
        telemetry::count_many(telemetry::FILLS, self.entity.label, filled);
        Ok(())
    }

    /// GETs all pointers, and loads the rows that they lead to. Returns the pointers that a lease may be taken for.
    async fn follow_pointers(&mut self, span: &Span) -> Result<Vec<(CacheKey, Seen)>> {
        let pointers: Vec<_> = self.wanted.keys().cloned().collect();
        let standings = self.context.standings(&pointers).await;
        let (mut leads, mut pks, mut misses) = (Vec::new(), Vec::new(), Vec::new());
        for (pointer, standing) in pointers.into_iter().zip(standings) {
            match standing.map(|standing| self.read(standing)) {
                Ok(Sign::To(pk, seen)) => {
                    leads.push((pointer, seen));
                    pks.push(pk);
                }
                Ok(Sign::Nowhere) => {
                    telemetry::count(telemetry::HITS, self.entity.label);
                    self.found.insert(pointer, None);
                }
                Ok(Sign::Miss(seen)) => misses.push((pointer, seen)),
                Ok(Sign::Occupied) => {}
                Err(why) => self.note(why, span),
            }
        }
        let rows = load_rows::<E>(self.context, span, pks).await?;
        for ((pointer, seen), row) in leads.into_iter().zip(rows) {
            match row.filter(|row| self.pointer_of(row).as_ref() == Some(&pointer)) {
                Some(row) => drop(self.found.insert(pointer, Some(row))),
                None => misses.push((pointer, seen)),
            }
        }
        Ok(misses)
    }

    async fn take_leases(&mut self, span: &Span, misses: Vec<(CacheKey, Seen)>) -> Lease {
        let wanted = misses.len();
        let (lease, standings) = take_leases(self.context, misses).await;
        if lease.len() + standings.len() < wanted {
            self.note(Bypass::Unavailable, span);
        }
        lease
    }

    /// Keeps the first reason why the cache is of no use.
    fn note(&mut self, why: Bypass, span: &Span) {
        if why.is_outage() && self.outage.is_none() {
            self.outage = Some(why.told_to(span));
        }
    }

    fn read(&self, standing: Standing<Payload>) -> Sign {
        let (seen, decoded) = match standing {
            Standing::Absent => return Sign::Miss(None),
            Standing::Leased | Standing::Fenced => return Sign::Occupied,
            Standing::Value { written_at, value } => {
                (Some((written_at, value.mark())), decode_pointer::<E>(self.key, &value))
            }
        };
        match decoded {
            // A primary key that has no key in the cache is none that we would have kept.
            Ok(Decoded::Row(pk)) if self.context.key::<E>(&pk).is_ok() => Sign::To(pk, seen),
            Ok(Decoded::Row(_)) => Sign::Miss(seen),
            Ok(Decoded::Absent) => Sign::Nowhere,
            Err(_) => {
                telemetry::count(telemetry::DECODE_ERRORS, self.entity.label);
                Sign::Miss(seen)
            }
        }
    }

    async fn ask_database(&mut self, db: &impl ConnectionTrait, asked: &[CacheKey]) -> Result<()> {
        let columns = Secondary::Unique(self.key).columns::<E>();
        let mut is_spelt_otherwise = false;
        asked.iter().for_each(|pointer| drop(self.found.insert(pointer.clone(), None)));
        for asked in asked.chunks(BINDS_PER_QUERY / columns.len().max(1)) {
            let values: Vec<_> = asked.iter().filter_map(|pointer| self.wanted.get(pointer)).cloned().collect();
            let query = E::find().filter(is_one_of(columns, &values));
            for model in self.context.deadline().within(None, pin!(query.all(db))).await? {
                match self.pointer_of(&model).and_then(|pointer| self.found.get_mut(&pointer)) {
                    // The same row may come twice: several spellings of its value may have been asked for.
                    Some(Some(found)) if found.get_primary_key_value() == model.get_primary_key_value() => {}
                    Some(Some(_)) => return Err(several_rows(self.entity, self.key)),
                    Some(found) => *found = Some(model),
                    None => is_spelt_otherwise = true,
                }
            }
        }
        // Under a collation that does not compare by bytes, the row that was asked for may bear another spelling.
        for pointer in asked.iter().filter(|_| is_spelt_otherwise) {
            if let (Some(None), Some(values)) = (self.found.get(pointer), self.wanted.get(pointer)) {
                let row = find_by_key::<E>(self.context, db, self.key, values).await?;
                self.found.insert(pointer.clone(), row);
            }
        }
        Ok(())
    }

    /// The pointer to what was found, if it may be kept, and for how long.
    fn entry_for(&self, pointer: &CacheKey) -> Option<(Payload, Duration)> {
        match self.found.get(pointer)? {
            Some(row) if self.pointer_of(row).as_ref() == Some(pointer) => {
                pointer_to_row::<E>(self.context, self.key, row)
            }
            Some(_) => None,
            None => {
                let is_exact = Secondary::Unique(self.key).facts(self.entity).is_some_and(|unique| unique.exact);
                let ttl = self.context.settings.negative_ttl(&E::POLICY).filter(|_| is_exact)?;
                Some((encode_no_row::<E>(self.key), ttl))
            }
        }
    }

    fn pointer_of(&self, row: &E::Model) -> Option<CacheKey> {
        self.context.secondary_key_of::<E>(Secondary::Unique(self.key), row).ok().flatten()
    }
}

/// What stands under a pointer's key.
enum Sign {
    /// The row with this primary key had the value. What to take a lease by, if it has it no more.
    To(ValueTuple, Seen),
    /// No row has the value.
    Nowhere,
    /// Nothing usable: a lease may be taken.
    Miss(Seen),
    /// Somebody loads or writes it.
    Occupied,
}
