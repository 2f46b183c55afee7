//! The circuit breaker: a cache that fails is left alone for a while, so that a dead or hung one costs its timeout a few
//! times and not on every call.
//!
//! It opens when at least three calls of the last ten seconds failed, and at least half of those since the first failure, or
//! when the client has lost its connections; timeouts count, an error that a live server answers does not. After a
//! pause, or as soon as there is a connection again, it is half open: three calls may be under way, three answers
//! close it, and one failure opens it for twice as long.
//!
//! Crates for this (`failsafe`, `recloser`, `tower-circuitbreaker`) wrap calls or keep the system's clock; this one hands
//! out permits that a cancelled caller gives back, keeps tokio's clock, hears of the client's connections, lets repairs
//! insist, and costs one atomic load while all is well.

mod circuit;
mod window;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use self::circuit::{Circuit, Role, Stay};
use super::recoveries::Recoveries;
use crate::cache::Listener;
use crate::telemetry;

/// What the circuit breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Everything: the cache answers.
    Closed,
    /// A few calls at a time, to see whether the cache answers again.
    HalfOpen,
    /// Nothing: the cache failed and is left alone for a moment.
    Open,
}

/// Decides who may send, by what became of those before.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    circuit: Mutex<Circuit>,
    /// What is known of the circuit without the lock: two bits of it, and the stay.
    posted: AtomicU64,
    recoveries: Recoveries,
}

/// What `posted` says in its lowest bits: closed and nothing failed lately, or one of the states.
const CALM: u64 = 0;
const CLOSED: u64 = 1;
const HALF_OPEN: u64 = 2;
const OPEN: u64 = 3;
const STATE_BITS: u32 = 2;

/// Permission to send one command; report its result. Dropping it unreported (the caller was cancelled) gives a probe's
/// place to the next one.
#[must_use]
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    role: Role,
    since: Stay,
}

impl Breaker {
    /// Permission to send, or `None` while the breaker is open or others probe.
    pub(super) fn admit(&self) -> Option<Permit<'_>> {
        let (state, since) = self.posted();
        if state == CALM || state == CLOSED {
            return Some(Permit { breaker: self, role: Role::Ordinary, since });
        }
        self.change(|circuit| {
            let role = circuit.admit(Instant::now())?;
            Some(Permit { breaker: self, role, since: circuit.stay() })
        })
    }

    /// Permission for one who will not be put off; what comes of it counts all the same.
    pub(super) fn insist(&self) -> Permit<'_> {
        Permit { breaker: self, role: Role::Ordinary, since: self.posted().1 }
    }

    /// What it lets through.
    pub(super) fn state(&self) -> BreakerState {
        match self.posted().0 {
            HALF_OPEN => BreakerState::HalfOpen,
            OPEN => BreakerState::Open,
            _ => BreakerState::Closed,
        }
    }

    /// How often the cache came back.
    pub(super) fn recoveries(&self) -> &Recoveries {
        &self.recoveries
    }

    fn posted(&self) -> (u64, Stay) {
        let posted = self.posted.load(Ordering::Acquire);
        (posted & ((1 << STATE_BITS) - 1), Stay(posted >> STATE_BITS))
    }

    /// Changes the circuit, and posts and tells what became of it.
    fn change<T>(&self, change: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuit = self.lock();
        let before = circuit.state();
        let result = change(&mut circuit);
        let (after, Stay(stay)) = (circuit.state(), circuit.stay());
        let bits = match after {
            BreakerState::Closed if circuit.is_calm() => CALM,
            BreakerState::Closed => CLOSED,
            BreakerState::HalfOpen => HALF_OPEN,
            BreakerState::Open => OPEN,
        };
        self.posted.store(stay << STATE_BITS | bits, Ordering::Release);
        if before != after {
            tell(before, after);
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says where it matters that the breaker is in another state.
fn tell(before: BreakerState, after: BreakerState) {
    let gauge = match after {
        BreakerState::Closed => {
            tracing::info!("the cache answers again");
            0.0
        }
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => {
            if before == BreakerState::Closed {
                tracing::warn!("the cache fails; until it answers again, loads ask the database");
            }
            2.0
        }
    };
    metrics::gauge!(telemetry::BREAKER_STATE).set(gauge);
}

impl Listener for Breaker {
    fn cut_off(&self) {
        self.change(|circuit| circuit.cut_off(Instant::now()));
    }

    fn coming_back(&self) {
        self.recoveries.count();
    }

    fn came_back(&self) {
        self.change(Circuit::came_back);
    }
}

impl Permit<'_> {
    /// Whether the server answered.
    pub(super) fn report(self, answered: bool) {
        if answered && self.breaker.posted().0 == CALM {
            return;
        }
        let now = Instant::now();
        self.breaker.change(|circuit| match answered {
            // Counted before anybody is given the answer.
            true if circuit.answered(now) => self.breaker.recoveries.count(),
            true => {}
            false => circuit.failed(now, self.since),
        });
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.role == Role::Probe {
            self.breaker.change(|circuit| circuit.leave(self.role, self.since));
        }
    }
}

#[cfg(test)]
mod tests;
