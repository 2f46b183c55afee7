//! The entities that a store has met.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::dependents::Known;
use super::facts::{Facts, facts};
use super::key::KeySpace;
use super::listing::Listing;
use super::recorded::{Recorded, keys_of_recorded};
use super::traits::CachedEntity;
use crate::cache::CacheKey;
use crate::policy::EntityPolicy;

/// The entity that a key belongs to, without its type.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) entity: &'static Facts,
    pub(crate) policy: EntityPolicy,
    prefixes: fn(&KeySpace) -> [String; 3],
    keys_of_recorded: fn(&KeySpace, &Recorded) -> Option<Vec<CacheKey>>,
    pub(crate) listing: Listing,
}

impl Owner {
    pub(crate) fn of<E: CachedEntity>() -> Self {
        Self {
            entity: facts::<E>(),
            policy: E::POLICY,
            prefixes: KeySpace::prefixes::<E>,
            keys_of_recorded: keys_of_recorded::<E>,
            listing: Listing::of::<E>(),
        }
    }

    /// What the entity's keys start with: those of rows, pointers, and lists.
    pub(crate) fn prefixes(&self, keys: &KeySpace) -> [String; 3] {
        (self.prefixes)(keys)
    }

    /// The keys of the entries that a changed row has; `None` where its columns do not tell.
    pub(crate) fn keys_of_recorded(&self, keys: &KeySpace, recorded: &Recorded) -> Option<Vec<CacheKey>> {
        (self.keys_of_recorded)(keys, recorded)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entity.label)
    }
}

/// The entities that a store has met, so that plain statements on their tables are noticed.
#[derive(Debug, Default)]
pub(crate) struct Entities {
    met: RwLock<Vec<Owner>>,
    pub(super) known: Known,
}

impl Entities {
    /// Keeps the entity; whether it is new.
    pub(crate) fn add(&self, owner: Owner) -> bool {
        let is_known = |known: &Vec<Owner>| known.iter().any(|known| std::ptr::eq(known.entity, owner.entity));
        if is_known(&self.met.read().unwrap_or_else(PoisonError::into_inner)) {
            return false;
        }
        let mut known = self.met.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = !is_known(&known);
        if is_new {
            known.push(owner);
        }
        is_new
    }

    /// Those of which this holds.
    pub(crate) fn filter(&self, holds: impl Fn(&Owner) -> bool) -> Vec<Owner> {
        let known = self.met.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|owner| holds(owner)).copied().collect()
    }

    /// How many there are; there are only ever more.
    pub(super) fn count(&self) -> usize {
        self.met.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// All of them.
    pub(super) fn met(&self) -> Vec<Owner> {
        self.met.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
