//! Sharing a query between loads of the same key.
//!
//! One query per key runs at a time; loads that arrive meanwhile wait for it. A waiting load may take the result only
//! if it could have got it from the database itself:
//!
//! - the query was sent after the load began, or
//! - the query ran under a lease, and its FILL was applied after the load began: then no write was acknowledged between
//!   the query and the FILL. A load that does not trust the cache, because a write of this store could not reach it,
//!   does not trust the lease either.
//!
//! "After" is told by a counter: a load notes it when it begins, a flight draws from it before it sends its query and
//! before it sends its FILL. A load that may not take the result looks again, and the first of those leads the next
//! flight. The leader may be cancelled, fail or panic: the waiting loads look again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::cache::CacheKey;
use crate::entry::Payload;

/// How long a load waits for another's query. A leader that is not polled (it stands in a `select!` whose other branch
/// waits for this very load) must not be waited for for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// A moment, for comparing what was sent with what had begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// The queries that run, by key.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    clock: AtomicU64,
    running: Mutex<HashMap<CacheKey, watch::Receiver<Option<Landing>>>>,
}

/// What a flight brought home, and when it was sent.
#[derive(Clone, Debug)]
pub(super) struct Landing {
    /// The row as an entry, so that every load decodes one of its own; `None` for "no such row".
    row: Option<Payload>,
    query_sent: Moment,
    fill_sent: Option<Moment>,
}

impl Landing {
    /// The result, if a load that began then may take it; `trusted` tells whether it trusts the cache.
    pub(super) fn usable_since(self, began: Moment, trusted: bool) -> Option<Option<Payload>> {
        let filled_since = trusted && self.fill_sent.is_some_and(|sent| sent > began);
        let usable = self.query_sent > began || filled_since;
        usable.then_some(self.row)
    }
}

/// How a flight ended for one who waited.
#[derive(Debug)]
pub(super) enum Flown {
    /// It brought something.
    Landed(Landing),
    /// It failed, was cancelled, or brought nothing to share: look again.
    Lost,
    /// It is still under way after [`PATIENCE`]: ask alone.
    Overdue,
}

/// What a load does that missed.
pub(super) enum Seat<'a> {
    /// It asks the database, for itself and for whoever waits.
    Lead(Lead<'a>),
    /// It waits for the one that does.
    Follow(Follow),
}

impl Flights {
    /// Now, for a load that begins.
    pub(super) fn now(&self) -> Moment {
        Moment(self.clock.load(Ordering::SeqCst))
    }

    /// Takes a seat: the first leads, the others follow.
    pub(super) fn board(&self, key: &CacheKey) -> Seat<'_> {
        let mut running = self.lock();
        if let Some(landing) = running.get(key) {
            return Seat::Follow(Follow(landing.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        running.insert(key.clone(), receiver);
        let now = self.now();
        Seat::Lead(Lead { flights: self, key: key.clone(), sender, query_sent: now })
    }

    fn tick(&self) -> Moment {
        Moment(self.clock.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, watch::Receiver<Option<Landing>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The load that asks the database. Dropping it ends the flight.
pub(super) struct Lead<'a> {
    flights: &'a Flights,
    key: CacheKey,
    sender: watch::Sender<Option<Landing>>,
    query_sent: Moment,
}

impl Lead<'_> {
    /// To be called right before the query is sent.
    pub(super) fn query_sent(&mut self) {
        self.query_sent = self.flights.tick();
    }

    /// To be called right before the FILL is sent.
    pub(super) fn fill_sent(&self) -> Moment {
        self.flights.tick()
    }

    /// Whether anybody waits for the result.
    pub(super) fn is_followed(&self) -> bool {
        // One receiver stands in the map.
        self.sender.receiver_count() > 1
    }

    /// Hands the result to those who wait; `fill_sent` only if the FILL was applied.
    pub(super) fn land(self, row: Option<Payload>, fill_sent: Option<Moment>) {
        // Out of the map first, so that nobody boards a flight that has landed.
        self.flights.lock().remove(&self.key);
        self.sender.send_replace(Some(Landing { row, query_sent: self.query_sent, fill_sent }));
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut running = self.flights.lock();
        if running.get(&self.key).is_some_and(|landing| landing.same_channel(&self.sender.subscribe())) {
            running.remove(&self.key);
        }
    }
}

/// A load that waits for another's query.
pub(super) struct Follow(watch::Receiver<Option<Landing>>);

impl Follow {
    /// Waits for it to end.
    pub(super) async fn landing(mut self) -> Flown {
        match tokio::time::timeout(PATIENCE, self.0.wait_for(Option::is_some)).await {
            Ok(Ok(landing)) => landing.clone().map_or(Flown::Lost, Flown::Landed),
            Ok(Err(_)) => Flown::Lost,
            Err(_) => Flown::Overdue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Option<Payload> {
        Some(Payload(bytes::Bytes::from_static(b"row")))
    }

    fn landed(flown: Flown) -> Option<Landing> {
        match flown {
            Flown::Landed(landing) => Some(landing),
            Flown::Lost | Flown::Overdue => None,
        }
    }

    fn lead<'a>(flights: &'a Flights, key: &CacheKey) -> Lead<'a> {
        match flights.board(key) {
            Seat::Lead(lead) => lead,
            Seat::Follow(_) => panic!("somebody leads already"),
        }
    }

    fn follow(flights: &Flights, key: &CacheKey) -> Follow {
        match flights.board(key) {
            Seat::Follow(follow) => follow,
            Seat::Lead(_) => panic!("nobody leads"),
        }
    }

    #[tokio::test]
    async fn a_load_that_began_before_the_query_was_sent_takes_its_result_without_a_lease() {
        let (flights, key) = (Flights::default(), CacheKey::new("k"));
        let mut lead = lead(&flights, &key);
        let began = flights.now();
        let follow = follow(&flights, &key);
        lead.query_sent();
        lead.land(row(), None);
        assert_eq!(landed(follow.landing().await).and_then(|landing| landing.usable_since(began, true)), Some(row()));
    }

    #[tokio::test]
    async fn a_load_that_began_after_the_query_was_sent_takes_it_only_if_the_fill_was_sent_later_and_applied() {
        let (flights, key) = (Flights::default(), CacheKey::new("k"));
        let mut unfilled = lead(&flights, &key);
        unfilled.query_sent();
        let began = flights.now();
        let waiting = follow(&flights, &key);
        unfilled.land(row(), None);
        assert!(landed(waiting.landing().await).and_then(|landing| landing.usable_since(began, true)).is_none());

        let mut filled = lead(&flights, &key);
        filled.query_sent();
        let before_fill = flights.now();
        let early = follow(&flights, &key);
        let fill = filled.fill_sent();
        let after_fill = flights.now();
        let late = follow(&flights, &key);
        filled.land(row(), Some(fill));
        assert!(landed(early.landing().await).and_then(|landing| landing.usable_since(before_fill, true)).is_some());
        assert!(landed(late.landing().await).and_then(|landing| landing.usable_since(after_fill, true)).is_none());
    }

    #[tokio::test]
    async fn a_load_that_does_not_trust_the_cache_does_not_trust_a_lease() {
        let (flights, key) = (Flights::default(), CacheKey::new("k"));
        let mut lead = lead(&flights, &key);
        lead.query_sent();
        let began = flights.now();
        let follow = follow(&flights, &key);
        let fill = lead.fill_sent();
        lead.land(row(), Some(fill));
        assert!(landed(follow.landing().await).and_then(|landing| landing.usable_since(began, false)).is_none());
    }

    #[tokio::test]
    async fn a_cancelled_leader_lets_the_others_look_again() {
        let (flights, key) = (Flights::default(), CacheKey::new("k"));
        let cancelled = lead(&flights, &key);
        let waiting = follow(&flights, &key);
        drop(cancelled);
        assert!(matches!(waiting.landing().await, Flown::Lost));
        let _next = lead(&flights, &key);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_for_a_leader_that_is_not_polled() {
        let (flights, key) = (Flights::default(), CacheKey::new("k"));
        let _not_polled = lead(&flights, &key);
        assert!(matches!(follow(&flights, &key).landing().await, Flown::Overdue));
    }
}
