//! Loading through the cache.

mod absence;
mod keys;
mod many;
mod own_writes;
mod spellings;
