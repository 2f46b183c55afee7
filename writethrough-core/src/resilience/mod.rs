//! What keeps the application going while the cache fails: a circuit breaker, a limit on what the database
//! is asked meanwhile, and a repair queue.

mod breaker;
mod bulkhead;
mod guarded;
mod recoveries;
mod repairs;

pub use breaker::BreakerState;
pub(crate) use bulkhead::{Bulkhead, Place};
pub(crate) use guarded::GuardedCache;
pub(crate) use repairs::{EntityKeys, Repair, Repairs};
