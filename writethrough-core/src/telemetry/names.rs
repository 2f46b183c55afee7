//! The names. Counters end in `_total`, histograms in `_seconds`.

/// Counter: loads answered by the cache.
pub const HITS: &str = "writethrough_hits_total";
/// Counter: loads that asked the database.
pub const MISSES: &str = "writethrough_misses_total";
/// Counter: entries that a load wrote.
pub const FILLS: &str = "writethrough_fills_total";
/// Counter: entries that a write refreshed.
pub const REFRESHES: &str = "writethrough_refreshes_total";
/// Counter: entries that a write or `invalidate` removed.
pub const INVALIDATIONS: &str = "writethrough_invalidations_total";
/// Counter: writes that met another writer of the same row.
pub const CONTENDED: &str = "writethrough_contended_total";
/// Counter: keys that a write left to the repair queue.
pub const DEGRADED: &str = "writethrough_degraded_total";
/// Counter: plain statements in a transaction that write to the table of a cached entity.
pub const PLAIN_WRITES: &str = "writethrough_plain_writes_total";
/// Counter: keys that the repair queue has put right. No label.
pub const REPAIRS: &str = "writethrough_repairs_total";
/// Counter: entries and whole entities that a relay has invalidated for rows of the outbox. No label.
pub const OUTBOX_REPAIRS: &str = "writethrough_outbox_repairs_total";
/// Counter: entities that were marked as a whole, because the repair queue was full.
pub const REPAIR_OVERFLOWS: &str = "writethrough_repair_overflows_total";
/// Counter: entities that were invalidated as a whole, because a delete may have changed more of their rows than the bulk
/// limit.
pub const CASCADE_OVERFLOWS: &str = "writethrough_cascade_overflows_total";
/// Counter: entries that could not be decoded and were replaced.
pub const DECODE_ERRORS: &str = "writethrough_decode_errors_total";
/// Counter: loads that found no turn at the database while the cache was gone.
pub const OVERLOADED: &str = "writethrough_overloaded_total";
/// Counter: cache commands that were not acknowledged. No label.
pub const CACHE_ERRORS: &str = "writethrough_cache_errors_total";
/// Counter: entries that an audit compared with the database.
pub const AUDITED: &str = "writethrough_audited_total";
/// Counter: entries that an audit found to differ, with no write in flight to explain it.
pub const AUDIT_DIFFERENCES: &str = "writethrough_audit_differences_total";
/// Counter: stale entries that an audit removed.
pub const AUDIT_REPAIRS: &str = "writethrough_audit_repairs_total";
/// Counter: entries that a warm-up wrote.
pub const WARMED: &str = "writethrough_warmed_total";
/// Gauge: 0 the breaker is closed, 1 half open, 2 open. No label.
pub const BREAKER_STATE: &str = "writethrough_breaker_state";
/// Gauge: keys, and entities as a whole, that wait in the repair queue. No label.
pub const REPAIR_QUEUE: &str = "writethrough_repair_queue_length";
/// Gauge: rows of the outbox at a relay's last look. No label.
pub const OUTBOX_LENGTH: &str = "writethrough_outbox_length";
/// Gauge: loads that wait for their turn at the database while the cache is gone. No label.
pub const DATABASE_QUEUE: &str = "writethrough_database_queue_length";

/// Histogram: a load, from call to return.
pub const LOAD_TIME: &str = "writethrough_load_seconds";
/// Histogram: a save or delete, from call to return.
pub const SAVE_TIME: &str = "writethrough_save_seconds";
/// Histogram: the database's part of a load, save or delete.
pub const DATABASE_TIME: &str = "writethrough_database_seconds";
/// Histogram: the commit of a transaction, from call to return. No label.
pub const COMMIT_TIME: &str = "writethrough_commit_seconds";
/// Histogram: one round trip to the cache. No label.
pub const CACHE_TIME: &str = "writethrough_cache_seconds";
/// Histogram: how long ago a stale entry that an audit found was written.
pub const AUDIT_AGE: &str = "writethrough_audit_age_seconds";

/// Span: one load. Fields: `entity`, `source` (cache, database), `bypass` (left_alone, unavailable, distrusted: why the
/// cache was of no use).
pub const SPAN_LOAD: &str = "writethrough.load";
/// Span: one load by a unique key. Fields: `entity`, `key` (its columns), `source` (cache, database), `bypass`.
pub const SPAN_LOAD_BY_KEY: &str = "writethrough.load_by_key";
/// Span: a load of many. Fields: `entity`, `keys`, `bypass`.
pub const SPAN_LOAD_MANY: &str = "writethrough.load_many";
/// Span: a load of the rows that have a value of an index, or of several values at once. Fields: `entity`, `index` (its
/// columns), `lists`, `bypass`.
pub const SPAN_LOAD_LISTS: &str = "writethrough.load_lists";
/// Span: an insert or update. Fields: `entity`, `cache` (refreshed, invalidated, contended, deferred, degraded).
pub const SPAN_SAVE: &str = "writethrough.save";
/// Span: a delete. Fields: `entity`, `cache`.
pub const SPAN_DELETE: &str = "writethrough.delete";
/// Span: the commit of a transaction. Fields: `keys`, `cache`.
pub const SPAN_COMMIT: &str = "writethrough.commit";
/// Span: an invalidation. Fields: `entity`, `cache` (invalidated, degraded).
pub const SPAN_INVALIDATE: &str = "writethrough.invalidate";
/// Span: an audit. Fields: `entity`, `compared`, `stale`.
pub const SPAN_AUDIT: &str = "writethrough.audit";
/// Span: a warm-up. Fields: `entity`, `seen`, `filled`.
pub const SPAN_WARM: &str = "writethrough.warm";

/// Event, at the level of traces: one call to the cache, of whatever kind. Fields: `step` (GET, LEASE, FILL, …; SCAN for a
/// page of a walk over keys, SWEEP for an invalidation of a whole entity), `keys`, `failures` (how many were not
/// acknowledged), `micros`.
pub const EVENT_CACHE_CALL: &str = "writethrough.cache_call";
