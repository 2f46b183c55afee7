//! Writing through the cache.

mod defaults;
mod delete;
mod effects;
mod hooks;
mod names;
mod save;
mod times;
mod unique_keys;
mod upsert;
