//! The keys whose meaning a write changes.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::fence::Value;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Facts, KeySpace, facts};
use crate::policy::EntityPolicy;
use crate::resilience::EntityKeys;

/// The entity that a key belongs to, without its type.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(super) entity: &'static Facts,
    pub(super) policy: EntityPolicy,
    prefixes: fn(&KeySpace) -> [String; 2],
}

impl Owner {
    pub(crate) fn of<E: CachedEntity>() -> Self {
        Self { entity: facts::<E>(), policy: E::POLICY, prefixes: KeySpace::prefixes::<E> }
    }

    /// All keys of the entity.
    pub(super) fn keys(&self, keys: &KeySpace) -> EntityKeys {
        EntityKeys { label: self.entity.label, prefixes: (self.prefixes)(keys) }
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entity.label)
    }
}

/// The entities that a store has met, so that plain statements on their tables are noticed.
#[derive(Debug, Default)]
pub(crate) struct Entities(RwLock<Vec<Owner>>);

impl Entities {
    /// Keeps the entity, if it is new.
    pub(crate) fn add(&self, owner: Owner) {
        let is_known = |known: &Vec<Owner>| known.iter().any(|known| std::ptr::eq(known.entity, owner.entity));
        if is_known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !is_known(&known) {
            known.push(owner);
        }
    }

    /// Those of which this holds.
    pub(super) fn filter(&self, holds: impl Fn(&Owner) -> bool) -> Vec<Owner> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|owner| holds(owner)).copied().collect()
    }
}

/// A key that a write has to fence.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) key: CacheKey,
    pub(super) owner: Owner,
}

impl Claim {
    pub(super) fn new<E: CachedEntity>(key: CacheKey) -> Self {
        Self { key, owner: Owner::of::<E>() }
    }
}

/// A key of a row that was written, and what may stand there once the write is committed.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) claim: Claim,
    pub(super) value: Value,
}
