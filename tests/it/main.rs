//! Everything that looks at the workspace from outside; one binary, so that it links once.
//!
//! `scripts/test` starts the servers these tests need and tells where they are.

#![allow(missing_docs, unreachable_pub, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

#[macro_use]
mod support;

mod audits;
mod caches;
mod cancellation;
mod chaos;
mod columns;
mod costs;
mod databases;
mod examples;
mod faults;
mod guarantees;
mod histories;
mod layering;
mod optimistic;
mod outbox;
mod proxy;
mod races;
mod reads;
mod relations;
mod soak;
mod statements;
mod stores;
mod transactions;
mod warm;
mod writes;
