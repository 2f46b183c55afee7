//! Every name of a metric and a span, and the few verbs that record them.
//!
//! Metrics go through the [`metrics`] facade and bear the label `entity` (the table's name) where they concern one;
//! spans go through [`tracing`]. Neither bears values of columns, key values, or the text of a database error.

mod names;

use std::time::Duration;

pub use names::*;

/// Counts one event of an entity.
pub(crate) fn count(name: &'static str, entity: &'static str) {
    metrics::counter!(name, "entity" => entity).increment(1);
}

/// Counts several events of an entity; none is no event.
pub(crate) fn count_many(name: &'static str, entity: &'static str, events: usize) {
    if events > 0 {
        metrics::counter!(name, "entity" => entity).increment(events as u64);
    }
}

/// Records how long something took, in seconds.
pub(crate) fn time(name: &'static str, entity: &'static str, elapsed: Duration) {
    metrics::histogram!(name, "entity" => entity).record(elapsed.as_secs_f64());
}

/// Tells of one call to the cache.
pub(crate) fn tell_cache_call(step: &'static str, keys: usize, failures: usize, elapsed: Duration) {
    tracing::event!(
        name: EVENT_CACHE_CALL,
        target: "writethrough",
        tracing::Level::TRACE,
        step,
        keys,
        failures,
        micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
    );
}
