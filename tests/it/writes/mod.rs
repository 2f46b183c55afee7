//! Writing through the cache.

mod batches;
mod bulk;
mod defaults;
mod delete;
mod effects;
mod formats;
mod hooks;
mod names;
mod policies;
mod save;
mod times;
mod unique_keys;
mod upsert;
