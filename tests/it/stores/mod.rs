//! Stores: what they are made of, what they say, and how they end.

mod build;
mod close;
mod embedded;
mod health;
mod measured;
mod names;
mod spans;
mod without_cache;
