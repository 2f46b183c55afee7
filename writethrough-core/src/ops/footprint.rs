//! Which keys a statement changes the meaning of, as far as its active model tells, and what they become.
//!
//! The row's entry always; a unique key's pointer, and an index's list, if one of its columns is set: that of the new
//! value, because absence may be remembered there, and the list gains a row. The pointer and the list of the old value may
//! stay: whoever follows them looks whether the row still has the value.

use sea_orm::sea_query::Value;
use sea_orm::{ActiveModelTrait, ActiveValue, IdenStatic, ModelTrait};

use super::change::Change;
use super::claim::{Claim, Settled};
use super::context::Context;
use super::load::{encode, ttl_under};
use super::load_by_key::pointer_to_row;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Secondary, facts};
use crate::error::Result;

/// The keys of one insert, update or upsert.
pub(super) struct Footprint<E: CachedEntity> {
    /// Whether the row that comes back is what the statement made of it, so that a value may follow.
    pub(super) publishes: bool,
    known: Option<Vec<Claim>>,
    /// Of each secondary key, what the statement does to it.
    touches: Vec<(Secondary, Touch<E>)>,
}

/// What a statement does to the columns of one secondary key.
enum Touch<E: CachedEntity> {
    /// It sets some of them.
    Sets,
    /// It sets none. Those that the active model knows, and their values: if the row comes back with others, somebody
    /// else has changed them.
    Leaves(Vec<(E::Column, Value)>),
}

impl<E: CachedEntity> Footprint<E> {
    pub(super) fn of(context: &Context, change: &Change<E>, mysql: bool) -> Result<Self> {
        let publishes = change.touches_the_row();
        let (active_model, inserts) = change.active_model();
        let touch = |secondary: Secondary| (secondary, Touch::of(active_model, inserts, secondary.columns::<E>()));
        let touches: Vec<(_, Touch<E>)> = Secondary::all::<E>().map(touch).collect();
        let mut known = match change.known_pk(mysql) {
            Some(pk) if facts::<E>().exact_key || !publishes => Some(vec![context.key::<E>(pk)?]),
            _ => None,
        };
        for (secondary, touch) in &touches {
            if matches!(touch, Touch::Sets)
                && let Some(keys) = &mut known
            {
                match set_values::<E>(active_model, *secondary) {
                    Some(values) => keys.extend(context.secondary_key::<E>(*secondary, &values)?),
                    // The database chooses a part of it.
                    None => known = None,
                }
            }
        }
        Ok(Self { publishes, known: known.map(claims::<E>), touches })
    }

    /// Of a statement that may insert the row or update whatever stands in its way: all keys, none known before.
    pub(super) fn of_upsert() -> Self {
        Self { publishes: true, known: None, touches: Secondary::all::<E>().map(|key| (key, Touch::Sets)).collect() }
    }

    /// Of a statement that sets these columns of whatever rows it finds: none known before.
    pub(super) fn of_columns(set: &[E::Column]) -> Self {
        let sets = |column: &E::Column| set.iter().any(|other| other.as_str() == column.as_str());
        let touch = |key: Secondary| {
            let is_set = key.columns::<E>().iter().any(sets);
            (key, if is_set { Touch::Sets } else { Touch::Leaves(Vec::new()) })
        };
        Self { publishes: true, known: None, touches: Secondary::all::<E>().map(touch).collect() }
    }

    /// All keys, if the database chooses none of them.
    pub(super) fn known(&self) -> Option<Vec<Claim>> {
        self.known.clone()
    }

    /// The keys of the row that came back, and what each becomes. A list becomes nothing: what else is in it, nobody here
    /// knows.
    pub(super) fn settled(&self, context: &Context, model: &E::Model) -> Result<Vec<Settled>> {
        let entity = facts::<E>();
        let entry = context.key_of::<E>(model)?;
        let ttl = if self.publishes { ttl_under::<E>(context, entity, &entry, Some(model))? } else { None };
        let value = ttl.and_then(|ttl| Some((encode::<E>(entity, Some(model))?, ttl)));
        let mut settled = vec![Settled { claim: Claim::new::<E>(entry), value }];
        for (secondary, touch) in &self.touches {
            if touch.leaves_the_key_of(model) {
                continue;
            }
            let Some(key) = context.secondary_key_of::<E>(*secondary, model)? else { continue };
            let value = match secondary {
                Secondary::Unique(unique) if self.publishes => pointer_to_row::<E>(context, *unique, model),
                Secondary::Unique(_) | Secondary::Index(_) => None,
            };
            // An entity may name the same key twice.
            if settled.iter().all(|settled| settled.claim.key != key) {
                settled.push(Settled { claim: Claim::new::<E>(key), value });
            }
        }
        Ok(settled)
    }
}

impl<E: CachedEntity> Touch<E> {
    fn of(active_model: &E::ActiveModel, inserts: bool, columns: &[E::Column]) -> Self {
        let value = |column: &E::Column| active_model.get(*column);
        // What an insert does not set, the database chooses.
        if inserts || columns.iter().any(|column| matches!(value(column), ActiveValue::Set(_))) {
            return Self::Sets;
        }
        let unchanged = |column: &E::Column| match value(column) {
            ActiveValue::Unchanged(value) => Some((*column, value)),
            ActiveValue::Set(_) | ActiveValue::NotSet => None,
        };
        Self::Leaves(columns.iter().filter_map(unchanged).collect())
    }

    /// Whether what stands under the key of the row that came back means what it meant before.
    fn leaves_the_key_of(&self, model: &E::Model) -> bool {
        match self {
            Self::Sets => false,
            Self::Leaves(unchanged) => unchanged.iter().all(|(column, value)| model.get(*column) == *value),
        }
    }
}

/// The values of a secondary key, if the active model sets all of them. What it only knows may have changed since.
fn set_values<E: CachedEntity>(active_model: &E::ActiveModel, secondary: Secondary) -> Option<Vec<Value>> {
    let set = |column: &E::Column| match active_model.get(*column) {
        ActiveValue::Set(value) => Some(value),
        ActiveValue::Unchanged(_) | ActiveValue::NotSet => None,
    };
    secondary.columns::<E>().iter().map(set).collect()
}

fn claims<E: CachedEntity>(mut keys: Vec<CacheKey>) -> Vec<Claim> {
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(Claim::new::<E>).collect()
}
