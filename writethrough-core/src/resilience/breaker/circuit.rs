//! The states of the breaker and what leads from one to the other; pure, but for the jitter.

use std::time::Duration;

use tokio::time::Instant;

use super::BreakerState;
use super::window::{SPAN, Window};

/// How long it stays open at first, and at most; each time it opens again doubles it. Jittered up by half.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(100);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Answers that close it again, and calls that may be under way until then.
pub(super) const PROBES: u32 = 3;

/// Which stay in a state this is. A failure says nothing of a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stay(pub(super) u64);

/// Whether a call takes the place of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Ordinary,
    Probe,
}

#[derive(Debug, Default)]
pub(super) struct Circuit {
    phase: Phase,
    stay: Stay,
    backoff: Backoff,
}

#[derive(Debug)]
enum Phase {
    Closed(Window),
    Open { until: Instant },
    HalfOpen { under_way: u32, answered: u32 },
}

impl Default for Phase {
    fn default() -> Self {
        Self::Closed(Window::default())
    }
}

impl Circuit {
    pub(super) fn state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    pub(super) fn stay(&self) -> Stay {
        self.stay
    }

    /// Whether it is closed and nothing failed lately, so that a success changes nothing.
    pub(super) fn is_calm(&self) -> bool {
        matches!(&self.phase, Phase::Closed(window) if window.is_empty())
    }

    /// Who a caller is, if it may send.
    pub(super) fn admit(&mut self, now: Instant) -> Option<Role> {
        match &mut self.phase {
            Phase::Closed(_) => Some(Role::Ordinary),
            Phase::Open { until } if now < *until => None,
            Phase::Open { .. } => {
                self.enter(Phase::HalfOpen { under_way: 1, answered: 0 });
                Some(Role::Probe)
            }
            Phase::HalfOpen { under_way, answered } => (*under_way + *answered < PROBES).then(|| {
                *under_way += 1;
                Role::Probe
            }),
        }
    }

    /// A probe ended, however it did.
    pub(super) fn leave(&mut self, role: Role, since: Stay) {
        if let Phase::HalfOpen { under_way, .. } = &mut self.phase
            && role == Role::Probe
            && since == self.stay
        {
            *under_way -= 1;
        }
    }

    /// The server answered, whenever it was asked. Tells whether that is the first answer after an outage.
    pub(super) fn answered(&mut self, now: Instant) -> bool {
        match &mut self.phase {
            Phase::Closed(window) => {
                window.count(now, false);
                false
            }
            Phase::Open { .. } => {
                self.enter(Phase::HalfOpen { under_way: 0, answered: 1 });
                true
            }
            Phase::HalfOpen { answered, .. } => {
                *answered += 1;
                let is_first = *answered == 1;
                if *answered >= PROBES {
                    self.backoff.closed_at = Some(now);
                    self.enter(Phase::default());
                }
                is_first
            }
        }
    }

    /// A call of that stay was not answered.
    pub(super) fn failed(&mut self, now: Instant, since: Stay) {
        if since != self.stay {
            return;
        }
        match &mut self.phase {
            Phase::Closed(window) => {
                window.count(now, true);
                if window.is_failing() {
                    self.open(now);
                }
            }
            // Of one who insisted: it says nothing new.
            Phase::Open { .. } => {}
            Phase::HalfOpen { .. } => self.open(now),
        }
    }

    /// There is no connection.
    pub(super) fn cut_off(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Open { .. }) {
            self.open(now);
        }
    }

    /// There is a connection again.
    pub(super) fn came_back(&mut self) {
        if matches!(self.phase, Phase::Open { .. }) {
            self.enter(Phase::HalfOpen { under_way: 0, answered: 0 });
        }
    }

    fn open(&mut self, now: Instant) {
        let until = now + self.backoff.next(now, self.state());
        self.enter(Phase::Open { until });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.stay = Stay(self.stay.0 + 1);
    }
}

/// Each pause is twice as long as the one before, unless all was well for a while between them.
#[derive(Debug, Default)]
struct Backoff {
    opened: u32,
    closed_at: Option<Instant>,
}

impl Backoff {
    fn next(&mut self, now: Instant, from: BreakerState) -> Duration {
        let was_well = self.closed_at.is_some_and(|closed| now.duration_since(closed) >= SPAN);
        if from == BreakerState::Closed && was_well {
            self.opened = 0;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.opened.min(16)).min(LONGEST_PAUSE);
        self.opened = self.opened.saturating_add(1);
        pause.mul_f64(rand::random_range(1.0..1.5))
    }
}
