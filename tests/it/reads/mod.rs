//! Loading through the cache.

mod absence;
mod by_key;
mod keys;
mod lists;
mod many;
mod own_writes;
mod pointers;
mod spellings;
