//! How a store does, for probes and dashboards.

use crate::ops::Context;
use crate::resilience::BreakerState;

/// How a [`Store`](super::Store) does at one moment, as this process sees it. Asking costs nothing: neither the cache nor
/// the database is asked.
///
/// A store that is not healthy still answers, from the database; so this is for dashboards and alerts rather than for
/// taking a process out of service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// What the circuit breaker around the cache lets through.
    pub breaker: BreakerState,
    /// Whether loads trust the cache: not while a write of this store waits to be put right there, nor after an outage
    /// until the outbox was consulted.
    pub trusts_cache: bool,
    /// Keys that wait in the repair queue.
    pub waiting_keys: usize,
    /// Entities that wait there as a whole.
    pub waiting_entities: usize,
    /// Rows that stood in the outbox when the relay of this store last looked, those of writes under way included; `None`
    /// without an outbox.
    pub waiting_in_outbox: Option<usize>,
    /// What goes on without its caller: background refreshes, writes whose future was dropped.
    pub background_tasks: usize,
    /// Queries that count against the [`database_limit`](crate::StoreBuilder::database_limit).
    pub limited_queries: usize,
    /// Loads that wait for their turn at the database under that limit.
    pub waiting_loads: usize,
}

impl Health {
    pub(super) fn of(context: &Context) -> Self {
        let (waiting_keys, waiting_entities) = context.repairs.lengths();
        let (limited_queries, waiting_loads) = context.bulkhead.lengths();
        Self {
            breaker: context.cache.state(),
            trusts_cache: context.trusts_cache(),
            waiting_keys,
            waiting_entities,
            waiting_in_outbox: context.outbox.as_ref().map(|outbox| outbox.waiting()),
            background_tasks: context.tasks.len(),
            limited_queries,
            waiting_loads,
        }
    }

    /// Whether the cache is in use: the breaker is closed, and loads trust the cache.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.breaker == BreakerState::Closed && self.trusts_cache
    }
}
