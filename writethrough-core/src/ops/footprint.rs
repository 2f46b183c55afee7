//! Which keys a statement changes the meaning of, as far as its active model tells, and what they become.

use std::marker::PhantomData;

use super::change::Change;
use super::claim::{Claim, Settled};
use super::context::Context;
use super::load::{encode, ttl_under};
use crate::entity::{CachedEntity, facts};
use crate::error::Result;

/// The keys of one insert or update.
pub(super) struct Footprint<E> {
    /// Whether the row that comes back is what the statement made of it, so that a value may follow.
    pub(super) publishes: bool,
    known: Option<Vec<Claim>>,
    _entity: PhantomData<fn() -> E>,
}

impl<E: CachedEntity> Footprint<E> {
    pub(super) fn of(context: &Context, change: &Change<E>, mysql: bool) -> Result<Self> {
        let publishes = change.touches_the_row();
        let known = match change.known_pk(mysql) {
            Some(pk) if facts::<E>().exact_key || !publishes => Some(vec![Claim::new::<E>(context.key::<E>(pk)?)]),
            _ => None,
        };
        Ok(Self { publishes, known, _entity: PhantomData })
    }

    /// All keys, if the database chooses none of them.
    pub(super) fn known(&self) -> Option<Vec<Claim>> {
        self.known.clone()
    }

    /// The keys of the row that came back, and what each becomes.
    pub(super) fn settled(&self, context: &Context, model: &E::Model) -> Result<Vec<Settled>> {
        let entity = facts::<E>();
        let key = context.key_of::<E>(model)?;
        let ttl = if self.publishes { ttl_under::<E>(context, entity, &key, Some(model))? } else { None };
        let value = ttl.and_then(|ttl| Some((encode::<E>(entity, Some(model))?, ttl)));
        Ok(vec![Settled { claim: Claim::new::<E>(key), value }])
    }
}
