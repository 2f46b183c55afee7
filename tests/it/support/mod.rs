//! What tests stand on: databases, caches, a faulty network, and what was said to whom.

#![allow(dead_code)]

#[macro_use]
pub mod databases;
pub mod entities;
pub mod probe;
pub mod proxy;
pub mod redis;
#[macro_use]
pub mod stage;
pub mod statements;
pub mod wire;

pub use databases::{Backend, TestDatabase};
pub use proxy::{Fault, FaultProxy};
pub use statements::StatementLog;
