#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[doc(inline)]
pub use writethrough_core::telemetry;
pub use writethrough_core::{
    Audit, AuditHandle, AuditRepair, AuditReport, CacheEffect, CachedEntity, Deleted, Difference, EntityPolicy, Error,
    Loaded, MemoryOptions, NegativeTtl, OnCacheFailure, OnPlainWrite, OnWrite, Outcome, PkValue, RedisOptions, Result,
    Saved, Session, Source, StaleEntry, Store, StoreBuilder, Transaction,
};
#[doc = include_str!("docs/write_through.md")]
pub use writethrough_macros::WriteThrough;

#[doc(hidden)]
pub use writethrough_core::__private;
