//! The consistency protocol: one key, four states, eight steps.
//!
//! This module is **pure**. It knows no clock, no network, no Redis and no SeaORM: [`apply`] takes what stands under a
//! key, one [`Step`] and the [`Server`]'s view of the moment, and returns what stands there afterwards and the
//! [`Reply`]. Three executors run it: the memory cache calls it under a lock, the Lua scripts of the Redis cache mirror
//! it line by line, and the model checker explores it. The conformance suite feeds all of them the same sequences.
//!
//! | state | meaning | a reader |
//! | --- | --- | --- |
//! | absent | nothing is known | may take a lease |
//! | value | the row, or "no such row" | returns it |
//! | lease | one reader is loading the row | reads the database, does not fill |
//! | fence | writers are in flight | reads the database, does not fill |
//!
//! The invariants that the steps keep between them:
//!
//! 1. A value enters only through [`Step::Fill`] under a lease that nobody broke, or through [`Step::Finish`] by the
//!    only writer in flight. So no value can overtake a later write.
//! 2. A lease or fence is named by its whole [`Stamp`], which the server completes. A command that is repeated or late
//!    makes a fence that nobody can finish; it dies of its deadline and does no harm.
//! 3. A fence that once had two writers, lost one to its deadline, or was found missing by a renewal is *contended*:
//!    it ends absent, never in a value.
//! 4. Everything expires.
//! 5. What another [`Incarnation`] of the server wrote counts as absent.

mod apply;
mod state;
mod step;
#[cfg(test)]
mod tests;

pub use apply::apply;
pub use state::{Entry, Incarnation, Micros, Nonce, Payload, Server, Stamp, State, Token, Trust};
pub use step::{Ending, Reply, Standing, Step};
