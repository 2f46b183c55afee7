#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "migration")]
#[doc(inline)]
pub use writethrough_core::migration;
#[doc(inline)]
pub use writethrough_core::telemetry;
pub use writethrough_core::{
    Audit, AuditHandle, AuditRepair, AuditReport, BreakerState, CacheEffect, CachedEntity, CachedLoader, Changed,
    DatabaseLimit, DeleteManyThrough, Deleted, Difference, EntityPolicy, Error, Health, IntoKey, IsRelatedTo, Loaded,
    MemoryOptions, NegativeTtl, OnCacheFailure, OnPlainWrite, OnWrite, OutboxOptions, Outcome, PkValue, RedisOptions,
    Result, Saved, Session, Source, StaleEntry, Store, StoreBuilder, Transaction, UpdateManyThrough, WarmCursor,
    WarmOptions, WarmProgress,
};
#[doc = include_str!("docs/write_through.md")]
pub use writethrough_macros::WriteThrough;

#[doc(hidden)]
pub use writethrough_core::__private;
