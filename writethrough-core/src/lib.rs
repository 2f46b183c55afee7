//! The runtime of `writethrough`.
//!
//! Use the facade crate `writethrough`; this one is where it is built. `ARCHITECTURE.md` at the root of the repository
//! is the map.

#![warn(unreachable_pub)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod cache;
pub mod entity;
pub mod entry;
mod error;
mod ops;
mod outbox;
pub mod policy;
pub mod protocol;
mod resilience;
mod store;
pub mod telemetry;

pub use cache::memory::MemoryOptions;
pub use cache::redis::RedisOptions;
pub use entity::{CachedEntity, IntoKey, IsRelatedTo, PkValue};
pub use error::{Error, Outcome, Result};
pub use ops::{
    Audit, AuditHandle, AuditRepair, AuditReport, CacheEffect, Changed, Deleted, Difference, Loaded, Saved, Source,
    StaleEntry, Transaction, WarmCursor, WarmOptions, WarmProgress,
};
pub use outbox::OutboxOptions;
pub use policy::{DatabaseLimit, EntityPolicy, NegativeTtl, OnCacheFailure, OnPlainWrite, OnWrite};
pub use resilience::BreakerState;
pub use store::{CachedLoader, DeleteManyThrough, Health, Session, Store, StoreBuilder, UpdateManyThrough};

/// The outbox as migrations of SeaORM.
#[cfg(feature = "migration")]
pub mod migration {
    pub use crate::outbox::{CreateOutbox, CreateOutboxTriggers};
}
