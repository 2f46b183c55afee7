//! Loading one row.
//!
//! GET; a value is returned. Otherwise LEASE, query, FILL. Without a lease: query, and leave the cache alone. Loads of
//! the same key share queries as [`flights`](super::flights) allows.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use sea_orm::ModelTrait;
use sea_orm::sea_query::{IntoValueTuple, ValueTuple};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::boxed;
use super::bypass::Bypass;
use super::context::Context;
use super::effect::{Loaded, Source};
use super::flights::{Flown, Lead, Moment, Seat};
use super::lease::{Lease, Seen, take_leases};
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Facts, PkValue, facts, find_by_pk};
use crate::entry::{Decoded, Payload, decode, encode_absent, encode_row};
use crate::error::Result;
use crate::protocol::{Payload as _, Standing};
use crate::telemetry;

/// What the cache said to a load.
pub(super) enum Answer<M> {
    /// The row, or that there is none.
    Hit(Option<M>),
    /// Nothing usable: a lease may be taken.
    Miss(Seen),
    /// Ask the database, leave the cache alone.
    Bypass(Bypass),
}

/// Loads the row with this primary key.
///
/// Dropping the future releases the lease it may hold.
pub(crate) async fn load<E: CachedEntity>(context: &Arc<Context>, id: PkValue<E>) -> Result<Loaded<E::Model>> {
    load_pk::<E>(context, id.into_value_tuple()).await
}

/// The same for a key whose type nobody knows any more.
pub(super) async fn load_pk<E: CachedEntity>(context: &Arc<Context>, pk: ValueTuple) -> Result<Loaded<E::Model>> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_LOAD,
        entity = entity.label,
        source = tracing::field::Empty,
        bypass = tracing::field::Empty
    );
    // Pinned here, so that it is not moved into its span.
    let run = pin!(Load::<E>::new(context, entity, &span, pk)?.run());
    measured(entity, &span, run).await
}

/// Runs a load in its span, and counts and times it.
pub(super) async fn measured<M>(
    entity: &Facts,
    span: &Span,
    run: Pin<&mut impl Future<Output = Result<Loaded<M>>>>,
) -> Result<Loaded<M>> {
    let started = Instant::now();
    let loaded = run.instrument(span.clone()).await?;
    telemetry::time(telemetry::LOAD_TIME, entity.label, started.elapsed());
    let (counter, source) = match loaded.source {
        Source::Cache => (telemetry::HITS, "cache"),
        Source::Database => (telemetry::MISSES, "database"),
    };
    telemetry::count(counter, entity.label);
    span.record("source", source);
    Ok(loaded)
}

/// One load of one row, whoever wants it.
pub(super) struct Load<'a, E: CachedEntity> {
    context: &'a Arc<Context>,
    entity: &'static Facts,
    span: &'a Span,
    key: CacheKey,
    pk: ValueTuple,
    _entity: std::marker::PhantomData<fn() -> E>,
}

impl<'a, E: CachedEntity> Load<'a, E> {
    pub(super) fn new(
        context: &'a Arc<Context>,
        entity: &'static Facts,
        span: &'a Span,
        pk: ValueTuple,
    ) -> Result<Self> {
        Ok(Self { context, entity, span, key: context.key::<E>(&pk)?, pk, _entity: std::marker::PhantomData })
    }

    pub(super) async fn run(self) -> Result<Loaded<E::Model>> {
        let began = self.context.flights.now();
        let trusted = self.context.trusts_cache();
        match self.ask_cache().await {
            Answer::Hit(model) => Ok(Loaded::new(model, Source::Cache)),
            // Boxed, so that a hit does not carry around the room for what it does not do.
            other => boxed(|| self.go_on(other, began, trusted)).await,
        }
    }

    async fn go_on(self, mut answer: Answer<E::Model>, began: Moment, trusted: bool) -> Result<Loaded<E::Model>> {
        let missed = Instant::now();
        loop {
            let seen = match answer {
                Answer::Hit(model) => return Ok(Loaded::new(model, Source::Cache)),
                Answer::Miss(seen) => Ok(seen),
                Answer::Bypass(why) => Err(why),
            };
            match self.context.flights.board(&self.key) {
                Seat::Lead(lead) => return self.lead(lead, seen, missed).await,
                Seat::Follow(follow) => match follow.landing().await {
                    Flown::Landed(landing) => {
                        if let Some(model) = landing.usable_since(began, trusted).and_then(read_shared::<E>) {
                            return Ok(Loaded::new(model, Source::Database));
                        }
                    }
                    Flown::Lost => {}
                    Flown::Overdue => {
                        let _place = self.context.turn(seen.err(), missed, self.entity).await?;
                        let model = self.query().await?;
                        return Ok(Loaded::new(model, Source::Database));
                    }
                },
            }
            answer = self.ask_cache().await;
        }
    }

    async fn ask_cache(&self) -> Answer<E::Model> {
        match self.context.standing(&self.key).await {
            Ok(standing) => read_standing::<E>(self.entity, standing, &self.pk),
            Err(bypass) => Answer::Bypass(bypass.told_to(self.span)),
        }
    }

    /// LEASE if nothing stands there, query, FILL.
    async fn lead(&self, mut lead: Lead<'_>, seen: Result<Seen, Bypass>, missed: Instant) -> Result<Loaded<E::Model>> {
        let lease = match seen {
            Ok(seen) => match self.take_lease(seen).await {
                Ok(lease) => lease,
                Err(model) => return Ok(Loaded::new(model, Source::Cache)),
            },
            Err(why) => Err(why),
        };
        let place = self.context.turn(lease.as_ref().err().copied(), missed, self.entity).await?;
        lead.query_sent();
        let model = self.query().await?;
        drop(place);
        let row = match &model {
            Some(model) if lease.is_ok() || lead.is_followed() => encode::<E>(self.entity, Some(model)),
            _ => None,
        };
        let fill_sent = match lease {
            Ok(lease) => self.fill(lease, &lead, model.as_ref(), row.clone()).await?,
            Err(_) => None,
        };
        if row.is_some() || model.is_none() {
            lead.land(row, fill_sent);
        }
        Ok(Loaded::new(model, Source::Database))
    }

    async fn query(&self) -> Result<Option<E::Model>> {
        let asked = Instant::now();
        let query = pin!(find_by_pk::<E>(&self.pk).one(&self.context.db));
        let model = self.context.deadline().within(None, query).await?;
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, asked.elapsed());
        Ok(model)
    }

    /// FILLs what was found if it may be kept, RELEASEs otherwise. Tells when an applied FILL was sent.
    async fn fill(
        &self,
        lease: Lease,
        lead: &Lead<'_>,
        model: Option<&E::Model>,
        row: Option<Payload>,
    ) -> Result<Option<Moment>> {
        let ttl = ttl_under::<E>(self.context, self.entity, &self.key, model)?;
        let payload = if model.is_none() { Some(encode_absent::<E>()) } else { row };
        let entry = payload.zip(ttl);
        let sent = lead.fill_sent();
        let applied = lease.fill(|_| entry.clone()).await;
        telemetry::count_many(telemetry::FILLS, self.entity.label, applied);
        Ok((applied > 0).then_some(sent))
    }

    /// The lease, or why there is none; or, as an error, the value that has come meanwhile.
    async fn take_lease(&self, seen: Seen) -> Result<Result<Lease, Bypass>, Option<E::Model>> {
        let (lease, mut standings) = take_leases(self.context, vec![(self.key.clone(), seen)]).await;
        let Some((_, standing)) = standings.pop() else {
            return Ok(if lease.is_empty() { Err(Bypass::Unavailable.told_to(self.span)) } else { Ok(lease) });
        };
        match read_standing::<E>(self.entity, standing, &self.pk) {
            Answer::Hit(model) => Err(model),
            Answer::Miss(_) | Answer::Bypass(_) => Ok(Err(Bypass::Occupied)),
        }
    }
}

/// How long what was found under `key` may be kept there; `None` if it may not.
///
/// A row is kept under the value that the database stores, and only if `cache_if` agrees. Absence is a statement about
/// every other spelling of the key too, so it is kept only where keys compare by bytes.
pub(super) fn ttl_under<E: CachedEntity>(
    context: &Context,
    entity: &Facts,
    key: &CacheKey,
    model: Option<&E::Model>,
) -> Result<Option<std::time::Duration>> {
    Ok(match model {
        Some(model) if E::keep(model) && (entity.exact_key || context.key_of::<E>(model)? == *key) => {
            Some(context.settings.ttl(&E::POLICY))
        }
        None if entity.exact_key => context.settings.negative_ttl(&E::POLICY),
        _ => None,
    })
}

/// The bytes of an entry; `None` if a column cannot be encoded, which is logged: such rows are never kept.
pub(super) fn encode<E: CachedEntity>(entity: &Facts, model: Option<&E::Model>) -> Option<Payload> {
    let Some(model) = model else {
        return Some(encode_absent::<E>());
    };
    encode_row::<E>(model)
        .inspect_err(|error| tracing::error!(entity = entity.label, %error, "the row cannot be cached"))
        .ok()
}

/// Understands what stands under a key.
pub(super) fn read_standing<E: CachedEntity>(
    entity: &Facts,
    standing: Standing<Payload>,
    pk: &ValueTuple,
) -> Answer<E::Model> {
    match standing {
        Standing::Absent => Answer::Miss(None),
        Standing::Leased | Standing::Fenced => Answer::Bypass(Bypass::Occupied),
        Standing::Value { written_at, value } => match read_payload::<E>(&value, pk) {
            Some(model) => Answer::Hit(model),
            None => {
                telemetry::count(telemetry::DECODE_ERRORS, entity.label);
                Answer::Miss(Some((written_at, value.mark())))
            }
        },
    }
}

/// The row in an entry, if the entry can be understood and is the one that was asked for.
fn read_payload<E: CachedEntity>(payload: &Payload, pk: &ValueTuple) -> Option<Option<E::Model>> {
    match decode::<E>(payload) {
        Ok(Decoded::Row(model)) if model.get_primary_key_value() == *pk => Some(Some(model)),
        Ok(Decoded::Absent) => Some(None),
        _ => None,
    }
}

/// What another load of the same key found. It is the answer to the same question, so a row that bears another
/// spelling of the key is, too.
pub(super) fn read_shared<E: CachedEntity>(row: Option<Payload>) -> Option<Option<E::Model>> {
    let Some(payload) = row else {
        return Some(None);
    };
    match decode::<E>(&payload) {
        Ok(Decoded::Row(model)) => Some(Some(model)),
        _ => None,
    }
}
