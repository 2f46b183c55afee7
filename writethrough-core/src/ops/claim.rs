//! The keys whose meaning a write changes.

use super::fence::Value;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Owner};

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
