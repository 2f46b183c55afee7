//! Loading all rows that have a value of an index, of one value or of many at once.
//!
//! GET the list, which names the rows by their primary keys. Load these rows as any load of many does, and verify that each
//! still has the value: a list that a write left behind may have rows too many, and they are dropped. It never lacks one, for
//! a write that gives a row a value fences that value's list until it is over. On a miss: LEASE the list, query the primary
//! keys alone, FILL; then the rows, so that each is filled under a lease of its own. Without a lease: query, and leave the
//! list alone.
//!
//! Lists are kept only where all columns of the index compare by bytes: elsewhere another spelling of the value would have
//! a list of its own, which nobody fences. Nor is one kept that is longer than the store allows. Such rows come from the
//! database. Queries are not shared with other loads.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use sea_orm::sea_query::{Expr, ExprTrait, IntoValueTuple, Value, ValueTuple};
use sea_orm::{
    ConnectionTrait, Iterable, PrimaryKeyArity, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    TryGetableMany,
};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::bypass::Bypass;
use super::context::{Context, before_commit};
use super::lease::{Lease, Seen, take_leases};
use super::load_many::{BINDS_PER_QUERY, load_rows};
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Facts, PkValue, Secondary, facts, is_one_of};
use crate::entry::{Payload, decode_list, encode_list};
use crate::error::Result;
use crate::protocol::{Payload as _, Standing};
use crate::telemetry;

/// Loads the rows of each of these values of this index, in the order asked, duplicates kept; of each in the order of their
/// primary keys. `index` counts [`CachedEntity::indexes`].
///
/// NULL is equal to nothing, so no row has it.
///
/// Dropping the future releases the leases it may hold.
pub(crate) async fn load_lists<E: CachedEntity>(
    context: &Arc<Context>,
    index: usize,
    values: Vec<Vec<Value>>,
) -> Result<Vec<Vec<E::Model>>> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let secondary = Secondary::Index(index);
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_LOAD_LISTS,
        entity = entity.label,
        index = secondary.facts(entity).map(|facts| facts.name.as_str()),
        lists = values.len(),
        bypass = tracing::field::Empty
    );
    let started = Instant::now();
    let run = async {
        let (mut lists, order) = Lists::<E>::of(context, index, values)?;
        lists.run(&span).await?;
        Ok(lists.in_order(order))
    };
    let lists = run.instrument(span.clone()).await;
    telemetry::time(telemetry::LOAD_TIME, entity.label, started.elapsed());
    lists
}

/// Asks the database alone, on this connection; in the order asked, duplicates kept.
pub(super) async fn find_lists<E: CachedEntity>(
    context: &Arc<Context>,
    db: &impl ConnectionTrait,
    index: usize,
    values: Vec<Vec<Value>>,
) -> Result<Vec<Vec<E::Model>>> {
    let (mut lists, order) = Lists::<E>::of(context, index, values)?;
    let asked: Vec<_> = lists.wanted.keys().cloned().collect();
    lists.ask_for_rows(db, &asked).await?;
    Ok(lists.in_order(order))
}

/// What is known of a list before its rows are loaded.
enum List {
    /// The primary keys of its rows, and perhaps of some that had the value once.
    Of(Vec<ValueTuple>),
    /// It is not kept.
    Unkept,
}

struct Lists<'a, E: CachedEntity> {
    context: &'a Arc<Context>,
    entity: &'static Facts,
    index: usize,
    wanted: IndexMap<CacheKey, Vec<Value>>,
    lists: HashMap<CacheKey, List>,
    rows: HashMap<CacheKey, Vec<E::Model>>,
    /// Why the cache was of no use for one of the lists, if it was not.
    outage: Option<Bypass>,
}

impl<'a, E: CachedEntity> Lists<'a, E> {
    /// Also tells the order in which they were asked for; no key where a value is NULL.
    fn of(context: &'a Arc<Context>, index: usize, values: Vec<Vec<Value>>) -> Result<(Self, Vec<Option<CacheKey>>)> {
        let mut order = Vec::with_capacity(values.len());
        let mut wanted = IndexMap::new();
        for values in values {
            let key = context.secondary_key::<E>(Secondary::Index(index), &values)?;
            order.push(key.clone());
            if let Some(key) = key {
                wanted.entry(key).or_insert(values);
            }
        }
        let entity = facts::<E>();
        Ok((Self { context, entity, index, wanted, lists: HashMap::new(), rows: HashMap::new(), outage: None }, order))
    }

    fn in_order(mut self, order: Vec<Option<CacheKey>>) -> Vec<Vec<E::Model>> {
        let mut left: HashMap<CacheKey, usize> = HashMap::new();
        order.iter().flatten().for_each(|key| *left.entry(key.clone()).or_default() += 1);
        let mut rows = |key: CacheKey| match left.get_mut(&key) {
            Some(left) if *left > 1 => {
                *left -= 1;
                self.rows.get(&key).cloned()
            }
            _ => self.rows.remove(&key),
        };
        order.into_iter().map(|key| key.and_then(&mut rows).unwrap_or_default()).collect()
    }

    async fn run(&mut self, span: &Span) -> Result<()> {
        if self.is_exact() {
            self.find_lists(span).await?;
            self.load_members(span).await?;
        }
        let unkept: Vec<_> = self.wanted.keys().filter(|key| !self.rows.contains_key(*key)).cloned().collect();
        if unkept.is_empty() {
            return Ok(());
        }
        let place = self.context.turn(self.outage, Instant::now(), self.entity).await?;
        let started = Instant::now();
        self.ask_for_rows(&self.context.db, &unkept).await?;
        drop(place);
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, started.elapsed());
        Ok(())
    }

    /// Whether lists of this index may be kept.
    fn is_exact(&self) -> bool {
        Secondary::Index(self.index).facts(self.entity).is_some_and(|index| index.exact)
    }

    /// GET; LEASE what is missing, query, FILL.
    async fn find_lists(&mut self, span: &Span) -> Result<()> {
        let misses = self.ask_cache(span).await;
        let lease = self.take_leases(span, misses).await;
        telemetry::count_many(telemetry::HITS, self.entity.label, self.lists.len());
        let asked: Vec<_> = self.wanted.keys().filter(|key| !self.lists.contains_key(*key)).cloned().collect();
        telemetry::count_many(telemetry::MISSES, self.entity.label, asked.len());
        // Where nothing can be kept, the rows themselves are asked for.
        if asked.is_empty() || (self.outage.is_some() && lease.is_empty()) {
            return Ok(());
        }
        let place = self.context.turn(self.outage, Instant::now(), self.entity).await?;
        let started = Instant::now();
        for asked in asked.chunks(self.values_per_query()) {
            let cut = self.ask_for_members(asked.to_vec()).await?;
            if !cut.is_empty() {
                self.ask_again(cut).await?;
            }
        }
        drop(place);
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, started.elapsed());
        let filled = lease.fill(|key| self.entry_for(key)).await;
        telemetry::count_many(telemetry::FILLS, self.entity.label, filled);
        Ok(())
    }

    /// GETs all lists; returns those that a lease may be taken for.
    async fn ask_cache(&mut self, span: &Span) -> Vec<(CacheKey, Seen)> {
        let mut misses = Vec::new();
        let keys: Vec<_> = self.wanted.keys().cloned().collect();
        let standings = self.context.standings(&keys).await;
        for (key, standing) in keys.into_iter().zip(standings) {
            match standing.and_then(|standing| self.read(standing)) {
                Ok(Ok(list)) => drop(self.lists.insert(key, list)),
                Ok(Err(seen)) => misses.push((key, seen)),
                Err(why) => self.note(why, span),
            }
        }
        misses
    }

    async fn take_leases(&mut self, span: &Span, misses: Vec<(CacheKey, Seen)>) -> Lease {
        let wanted = misses.len();
        let (lease, standings) = take_leases(self.context, misses).await;
        if lease.len() + standings.len() < wanted {
            self.note(Bypass::Unavailable, span);
        }
        for (key, standing) in standings {
            if let Ok(Ok(list)) = self.read(standing) {
                self.lists.insert(key, list);
            }
        }
        lease
    }

    /// Keeps the first reason why the cache is of no use.
    fn note(&mut self, why: Bypass, span: &Span) {
        if why.is_outage() && self.outage.is_none() {
            self.outage = Some(why.told_to(span));
        }
    }

    /// The list that stands there, or what a lease may be taken by.
    fn read(&self, standing: Standing<Payload>) -> Result<Result<List, Seen>, Bypass> {
        match standing {
            Standing::Absent => Ok(Err(None)),
            Standing::Leased | Standing::Fenced => Err(Bypass::Occupied),
            Standing::Value { written_at, value } => match decode_list::<E>(self.index, &value) {
                Ok(pks) if self.have_keys(&pks) => Ok(Ok(List::Of(pks))),
                _ => {
                    telemetry::count(telemetry::DECODE_ERRORS, self.entity.label);
                    Ok(Err(Some((written_at, value.mark()))))
                }
            },
        }
    }

    /// Whether each of these rows could be loaded by its primary key: one that is too long has no key in the cache.
    fn have_keys(&self, pks: &[ValueTuple]) -> bool {
        pks.iter().all(|pk| self.context.key::<E>(pk).is_ok())
    }

    /// Asks for the members of these lists in one query, no more than they may have together. Returns those of which it did
    /// not learn all.
    ///
    /// The rows come list by list, so if there are more, all but the last list are complete, and at least one of them is
    /// too long.
    async fn ask_for_members(&mut self, open: Vec<CacheKey>) -> Result<Vec<CacheKey>> {
        let most = self.context.settings.max_list_len;
        let limit = most.saturating_mul(open.len()).saturating_add(1);
        let mut members: IndexMap<CacheKey, Vec<ValueTuple>> = IndexMap::new();
        let rows = self.query_members(&open, limit).await?;
        let is_cut = rows.len() >= limit;
        rows.into_iter().for_each(|(key, pk)| members.entry(key).or_default().push(pk));
        let last = if is_cut { members.keys().next_back().cloned() } else { None };
        let mut unknown = Vec::new();
        for key in open {
            let members = members.swap_remove(&key);
            let list = match members {
                Some(members) if members.len() > most => List::Unkept,
                Some(_) if last.as_ref() == Some(&key) => {
                    unknown.push(key);
                    continue;
                }
                None if is_cut => {
                    unknown.push(key);
                    continue;
                }
                Some(members) if !self.have_keys(&members) => List::Unkept,
                members => List::Of(members.unwrap_or_default()),
            };
            self.lists.insert(key, list);
        }
        Ok(unknown)
    }

    /// Asks once more for lists of which the answer was cut: without those that are too long, the rest is one answer. What
    /// does not fit even then, because rows came meanwhile, is not kept.
    async fn ask_again(&mut self, cut: Vec<CacheKey>) -> Result<()> {
        let long = self.query_too_long(&cut).await?;
        let rest: Vec<_> = cut.iter().filter(|key| !long.contains(*key)).cloned().collect();
        let open = if rest.is_empty() { rest } else { self.ask_for_members(rest).await? };
        self.lists.extend(long.into_iter().chain(open).map(|key| (key, List::Unkept)));
        Ok(())
    }

    /// Those of these lists that are too long.
    async fn query_too_long(&self, lists: &[CacheKey]) -> Result<HashSet<CacheKey>> {
        let columns = Secondary::Index(self.index).columns::<E>();
        let most = u64::try_from(self.context.settings.max_list_len).unwrap_or(u64::MAX);
        let query = E::find().select_only().columns(columns.iter().copied());
        let query = query.filter(is_one_of(columns, &self.values_of(lists)));
        let query = columns.iter().fold(query, |query, column| query.group_by(*column));
        let query = query.having(Expr::cust("COUNT(*)").gt(most)).into_query();
        let rows = self.context.deadline().within(None, pin!(self.context.db.query_all(&query))).await?;
        let key = |row| {
            let values = E::index_values(self.index, row, 0).map_err(before_commit)?;
            self.context.secondary_key::<E>(Secondary::Index(self.index), &values)
        };
        rows.iter().filter_map(|row| key(row).transpose()).collect()
    }

    /// The primary keys of the rows in these lists, list by list, each in the order of the primary keys.
    async fn query_members(&self, open: &[CacheKey], limit: usize) -> Result<Vec<(CacheKey, ValueTuple)>> {
        let columns = Secondary::Index(self.index).columns::<E>();
        let pk_columns = || E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        let mut query = E::find().select_only().columns(pk_columns()).filter(is_one_of(columns, &self.values_of(open)));
        if open.len() > 1 {
            query = columns
                .iter()
                .fold(query.columns(columns.iter().copied()), |query, column| query.order_by_asc(*column));
        }
        let query = pk_columns().fold(query, QueryOrder::order_by_asc).limit(u64::try_from(limit).ok()).into_query();
        let rows = self.context.deadline().within(None, pin!(self.context.db.query_all(&query))).await?;
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            let pk = PkValue::<E>::try_get_many_by_index(&row).map_err(|error| before_commit(error.into()))?;
            let key = match open {
                [key] => Some(key.clone()),
                _ => {
                    let values = E::index_values(self.index, &row, PkValue::<E>::ARITY).map_err(before_commit)?;
                    self.context.secondary_key::<E>(Secondary::Index(self.index), &values)?
                }
            };
            members.extend(key.map(|key| (key, pk.into_value_tuple())));
        }
        Ok(members)
    }

    /// Loads the rows of all lists that are known, and drops those that have another value.
    async fn load_members(&mut self, span: &Span) -> Result<()> {
        let lists: Vec<_> = std::mem::take(&mut self.lists)
            .into_iter()
            .filter_map(|(key, list)| match list {
                List::Of(pks) => Some((key, pks)),
                List::Unkept => None,
            })
            .collect();
        let pks = lists.iter().flat_map(|(_, pks)| pks).cloned().collect();
        let mut rows = load_rows::<E>(self.context, span, pks).await?.into_iter();
        for (key, pks) in lists {
            let members = rows.by_ref().take(pks.len()).flatten().filter(|row| self.is_in(row, &key)).collect();
            self.rows.insert(key, members);
        }
        Ok(())
    }

    /// Whether the row has the value of this list, byte by byte.
    fn is_in(&self, row: &E::Model, list: &CacheKey) -> bool {
        let own = self.context.secondary_key_of::<E>(Secondary::Index(self.index), row);
        matches!(own, Ok(Some(own)) if own == *list)
    }

    /// Asks the database for the rows of these lists themselves.
    async fn ask_for_rows(&mut self, db: &impl ConnectionTrait, asked: &[CacheKey]) -> Result<()> {
        // Where several spellings are equal, only the database can tell which rows have a value.
        let at_once = if self.is_exact() { self.values_per_query() } else { 1 };
        for asked in asked.chunks(at_once) {
            asked.iter().for_each(|key| drop(self.rows.insert(key.clone(), Vec::new())));
            let columns = Secondary::Index(self.index).columns::<E>();
            let query = E::find().filter(is_one_of(columns, &self.values_of(asked)));
            let by_pk = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
            let query = by_pk.fold(query, QueryOrder::order_by_asc);
            for row in self.context.deadline().within(None, pin!(query.all(db))).await? {
                let key = match asked {
                    [key] => Some(key.clone()),
                    _ => self.context.secondary_key_of::<E>(Secondary::Index(self.index), &row)?,
                };
                if let Some(rows) = key.and_then(|key| self.rows.get_mut(&key)) {
                    rows.push(row);
                }
            }
        }
        Ok(())
    }

    fn values_of(&self, keys: &[CacheKey]) -> Vec<Vec<Value>> {
        keys.iter().filter_map(|key| self.wanted.get(key)).cloned().collect()
    }

    fn values_per_query(&self) -> usize {
        BINDS_PER_QUERY / Secondary::Index(self.index).columns::<E>().len().max(1)
    }

    /// What is filled for a list, if it may be kept, and for how long.
    fn entry_for(&self, key: &CacheKey) -> Option<(Payload, Duration)> {
        let Some(List::Of(pks)) = self.lists.get(key) else { return None };
        let ttl = self.context.settings.list_ttl(&E::POLICY, pks.len())?;
        let list = encode_list::<E>(self.index, pks)
            .inspect_err(|error| tracing::error!(entity = self.entity.label, %error, "the list cannot be cached"))
            .ok()?;
        Some((list, ttl))
    }
}
