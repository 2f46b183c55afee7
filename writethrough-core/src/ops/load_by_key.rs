//! Loading one row by a unique secondary key.
//!
//! GET the pointer. To a primary key: load that row as any load by primary key does, and verify that it still has the
//! value; so a pointer that a write left behind is harmless. "No such row" is an answer. Everything else, a pointer that
//! no longer fits included: LEASE the pointer, query by the value, FILL the pointer. Without a lease: query, and leave
//! the cache alone.
//!
//! The row's own entry is not filled: its lease was not taken before the query. And a row that was found under another
//! spelling than its own is answered, but nothing is kept under that spelling: no write would fence it.
//!
//! Loads of one value share its query, but only one that was sent after they began. That the pointer was filled later
//! says that no row came to this value meanwhile; it says nothing of the other columns of the row that has it.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::{Value, ValueTuple};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use tokio::time::Instant;
use tracing::Span;

use super::boxed;
use super::bypass::Bypass;
use super::context::Context;
use super::effect::{Loaded, Source};
use super::flights::{Flown, Lead, Moment, Seat};
use super::lease::{Lease, Seen, take_leases};
use super::load::{Load, encode, measured, read_shared};
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Facts, Secondary, SecondaryKey, facts};
use crate::entry::{Decoded, Payload, decode_pointer, encode_no_row, encode_pointer};
use crate::error::{Error, Result};
use crate::protocol::{Payload as _, Standing};
use crate::telemetry;

/// Loads the row that has these values in the columns of this unique key.
///
/// NULL is equal to nothing, so nobody is asked for a row that has it.
///
/// Dropping the future releases the lease it may hold.
pub(crate) async fn load_by_key<E: CachedEntity>(
    context: &Arc<Context>,
    key: usize,
    values: Vec<Value>,
) -> Result<Option<E::Model>> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let pointer = context.secondary_key::<E>(Secondary::Unique(key), &values)?;
    let (Some(pointer), Some(unique)) = (pointer, entity.unique_keys.get(key)) else {
        return Ok(None);
    };
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_LOAD_BY_KEY,
        entity = entity.label,
        key = unique.name,
        source = tracing::field::Empty,
        bypass = tracing::field::Empty
    );
    let load = ByKey::<E> { context, entity, span: &span, key, unique, values, pointer, _entity: PhantomData };
    // Pinned here, so that it is not moved into its span.
    Ok(measured(entity, &span, pin!(load.run())).await?.model)
}

/// Asks the database alone, on this connection.
pub(super) async fn find_by_key<E: CachedEntity>(
    context: &Context,
    db: &impl ConnectionTrait,
    key: usize,
    values: &[Value],
) -> Result<Option<E::Model>> {
    let columns = E::unique_keys().get(key).copied().unwrap_or_default();
    let equal = |query, (column, value): (&E::Column, &Value)| QueryFilter::filter(query, column.eq(value.clone()));
    let query = columns.iter().zip(values).fold(E::find(), equal);
    let mut rows = context.deadline().within(None, pin!(query.limit(2).all(db))).await?.into_iter();
    match (rows.next(), rows.next()) {
        (row, None) => Ok(row),
        _ => Err(several_rows(facts::<E>(), key)),
    }
}

/// The pointer to this row, if it may be kept, and for how long.
pub(super) fn pointer_to_row<E: CachedEntity>(
    context: &Context,
    key: usize,
    model: &E::Model,
) -> Option<(Payload, Duration)> {
    // A row whose primary key has no key in the cache could not be loaded by it.
    if !E::keep(model) || context.key_of::<E>(model).is_err() {
        return None;
    }
    let pointer = encode_pointer::<E>(key, model)
        .inspect_err(|error| tracing::error!(entity = facts::<E>().label, %error, "the key cannot be cached"))
        .ok()?;
    Some((pointer, context.settings.ttl(&E::POLICY)))
}

pub(super) fn several_rows(entity: &Facts, key: usize) -> Error {
    let columns = entity.unique_keys.get(key).map(|unique| unique.columns.as_slice()).unwrap_or_default();
    let columns: Vec<_> = columns.iter().map(|column| format!("`{column}`")).collect();
    Error::input(format!(
        "several rows of `{}` have the same {}: give the table a unique index on it, or ask for such rows with SeaORM \
         itself",
        entity.label,
        columns.join(" and "),
    ))
}

/// What stands under a pointer's key.
enum Sign {
    /// The row with this primary key had the value. What to take a lease by, if it has it no more.
    To(ValueTuple, Seen),
    /// No row has the value.
    Nowhere,
    /// Nothing usable: a lease may be taken.
    Miss(Seen),
    /// Ask the database, leave the cache alone.
    Bypass(Bypass),
}

struct ByKey<'a, E: CachedEntity> {
    context: &'a Arc<Context>,
    entity: &'static Facts,
    span: &'a Span,
    key: usize,
    unique: &'static SecondaryKey,
    values: Vec<Value>,
    pointer: CacheKey,
    _entity: PhantomData<fn() -> E>,
}

impl<E: CachedEntity> ByKey<'_, E> {
    async fn run(self) -> Result<Loaded<E::Model>> {
        let began = self.context.flights.now();
        let trusted = self.context.trusts_cache();
        let mut sign = self.ask_cache().await;
        let mut source = Source::Cache;
        let mut missed = None;
        loop {
            let seen = match sign {
                Sign::To(pk, seen) => {
                    let found = self.follow(pk, &mut source).await?;
                    if found.is_some() {
                        return Ok(Loaded::new(found, source));
                    }
                    Ok(seen)
                }
                Sign::Nowhere => return Ok(Loaded::new(None, source)),
                Sign::Miss(seen) => Ok(seen),
                Sign::Bypass(why) => Err(why),
            };
            // Boxed, so that a hit does not carry around the room for what it does not do.
            let missed = *missed.get_or_insert_with(Instant::now);
            match boxed(|| self.ask_database(seen, missed, began, trusted)).await? {
                ControlFlow::Break(model) => return Ok(Loaded::new(model, Source::Database)),
                ControlFlow::Continue(look) => sign = look,
            }
        }
    }

    async fn ask_cache(&self) -> Sign {
        match self.context.standing(&self.pointer).await {
            Ok(standing) => self.read(standing),
            Err(bypass) => Sign::Bypass(bypass.told_to(self.span)),
        }
    }

    fn read(&self, standing: Standing<Payload>) -> Sign {
        let (seen, decoded) = match standing {
            Standing::Absent => return Sign::Miss(None),
            Standing::Leased | Standing::Fenced => return Sign::Bypass(Bypass::Occupied),
            Standing::Value { written_at, value } => {
                (Some((written_at, value.mark())), decode_pointer::<E>(self.key, &value))
            }
        };
        match decoded {
            Ok(Decoded::Row(pk)) => Sign::To(pk, seen),
            Ok(Decoded::Absent) => Sign::Nowhere,
            Err(_) => {
                telemetry::count(telemetry::DECODE_ERRORS, self.entity.label);
                Sign::Miss(seen)
            }
        }
    }

    /// The row with this primary key, if it still has the value.
    async fn follow(&self, pk: ValueTuple, source: &mut Source) -> Result<Option<E::Model>> {
        // A primary key that has no key in the cache is none that we would have kept.
        let Ok(load) = Load::<E>::new(self.context, self.entity, self.span, pk) else {
            return Ok(None);
        };
        let loaded = load.run().await?;
        if loaded.source == Source::Database {
            *source = Source::Database;
        }
        Ok(loaded.model.filter(|model| self.is_own_spelling(model)))
    }

    /// What the database says, or what stands under the pointer's key meanwhile.
    async fn ask_database(
        &self,
        seen: Result<Seen, Bypass>,
        missed: Instant,
        began: Moment,
        trusted: bool,
    ) -> Result<ControlFlow<Option<E::Model>, Sign>> {
        match self.context.flights.board(&self.pointer) {
            Seat::Lead(lead) => return self.lead(lead, seen, missed).await,
            Seat::Follow(follow) => match follow.landing().await {
                Flown::Landed(landing) => {
                    if let Some(model) = landing.usable_since(began, trusted).and_then(read_shared::<E>) {
                        return Ok(ControlFlow::Break(model));
                    }
                }
                Flown::Lost => {}
                Flown::Overdue => {
                    let _place = self.context.turn(seen.err(), missed, self.entity).await?;
                    return self.query().await.map(ControlFlow::Break);
                }
            },
        }
        Ok(ControlFlow::Continue(self.ask_cache().await))
    }

    /// LEASE if nothing that fits stands there, query, FILL.
    async fn lead(
        &self,
        mut lead: Lead<'_>,
        seen: Result<Seen, Bypass>,
        missed: Instant,
    ) -> Result<ControlFlow<Option<E::Model>, Sign>> {
        let lease = match seen {
            Ok(seen) => match self.take_lease(seen).await {
                Ok(lease) => lease,
                Err(sign) => return Ok(ControlFlow::Continue(sign)),
            },
            Err(why) => Err(why),
        };
        let place = self.context.turn(lease.as_ref().err().copied(), missed, self.entity).await?;
        lead.query_sent();
        let model = self.query().await?;
        drop(place);
        if let Ok(lease) = lease {
            let pointer = self.pointer_to(model.as_ref());
            let filled = lease.fill(|_| pointer.clone()).await;
            telemetry::count_many(telemetry::FILLS, self.entity.label, filled);
        }
        let row = model.as_ref().filter(|_| lead.is_followed()).and_then(|model| encode::<E>(self.entity, Some(model)));
        if row.is_some() || model.is_none() {
            // Never as of the FILL: see above.
            lead.land(row, None);
        }
        Ok(ControlFlow::Break(model))
    }

    /// The lease, or why there is none; or, as an error, the pointer that has come meanwhile.
    async fn take_lease(&self, seen: Seen) -> Result<Result<Lease, Bypass>, Sign> {
        let (lease, mut standings) = take_leases(self.context, vec![(self.pointer.clone(), seen)]).await;
        let Some((_, standing)) = standings.pop() else {
            return Ok(if lease.is_empty() { Err(Bypass::Unavailable.told_to(self.span)) } else { Ok(lease) });
        };
        match self.read(standing) {
            sign @ (Sign::To(..) | Sign::Nowhere) => Err(sign),
            Sign::Miss(_) | Sign::Bypass(_) => Ok(Err(Bypass::Occupied)),
        }
    }

    async fn query(&self) -> Result<Option<E::Model>> {
        let asked = Instant::now();
        let found = find_by_key::<E>(self.context, &self.context.db, self.key, &self.values).await;
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, asked.elapsed());
        found
    }

    /// The pointer to what was found, if it may be kept, and for how long.
    ///
    /// Absence is a statement about every other spelling of the value too, so it is kept only where the key compares by
    /// bytes.
    fn pointer_to(&self, model: Option<&E::Model>) -> Option<(Payload, Duration)> {
        let Some(model) = model else {
            let ttl = self.context.settings.negative_ttl(&E::POLICY).filter(|_| self.unique.exact)?;
            return Some((encode_no_row::<E>(self.key), ttl));
        };
        if self.is_own_spelling(model) { pointer_to_row::<E>(self.context, self.key, model) } else { None }
    }

    /// Whether the row has the value that was asked for, byte by byte.
    fn is_own_spelling(&self, model: &E::Model) -> bool {
        matches!(self.context.keys.secondary_key_of::<E>(Secondary::Unique(self.key), model), Ok(Some(own)) if own == self.pointer)
    }
}
