//! What keeps the application going while the cache fails: a circuit breaker and a repair queue.

mod breaker;
mod guarded;
mod recoveries;
mod repairs;

pub(crate) use guarded::GuardedCache;
pub(crate) use repairs::{Repair, Repairs};
