//! Durations that keep the promise: a fence must outlive the statement that it stands for.
//!
//! Here a clock runs, and every deadline is the protocol's own. The database drops a statement that took longer than
//! the statement timeout, whether its process lives or not; a fence lasts that long and a margin more, and within the
//! margin a live process sends its statement.

use std::time::Duration;

use stateright::{Model, Property};
use writethrough_core::protocol::{Micros, Nonce, Reply, Stamp, Step};

use super::explore::{holds, refuted};
use super::key::{ENDLESS, Executor, Row};
use super::reader::{Apart, Does, Readers};
use super::scene::{AGREES, SERVED, Scene, Sight, Staged, promises};
use super::witness::{Versions, Witness};

#[test]
fn a_fence_that_outlives_the_statement_keeps_the_promise() {
    holds(Timing { writers: 2, crashes: 1, ..Timing::RIGHT });
}

#[test]
fn a_fence_that_lasts_no_longer_than_the_statement_is_gone_too_early() {
    refuted(&Timing { fence: Timing::RIGHT.statement, ..Timing::RIGHT }, AGREES);
}

#[test]
fn a_pool_without_a_statement_timeout_lets_a_statement_outlive_its_fence() {
    refuted(&Timing { statement: ENDLESS, ..Timing::RIGHT }, AGREES);
}

#[test]
fn a_process_that_was_frozen_before_its_statement_may_find_its_fence_gone() {
    refuted(&Timing { margin: ENDLESS, ..Timing::RIGHT }, AGREES);
}

/// How long things last, in microseconds.
#[derive(Clone, Debug)]
struct Timing {
    /// How long the database works on a statement at most.
    statement: Duration,
    /// How long a live process takes at most from its fence to its statement.
    margin: Duration,
    fence: Duration,
    writers: usize,
    crashes: u8,
    /// When the clock stops.
    end: Micros,
    executor: Executor,
}

impl Timing {
    const RIGHT: Self = Self {
        statement: Duration::from_micros(2),
        margin: Duration::from_micros(1),
        fence: Duration::from_micros(3),
        writers: 1,
        crashes: 1,
        end: Micros(7),
        executor: Executor { lease: Duration::from_micros(2), ttl: Duration::from_micros(3), ..Executor::RIGHT },
    };
}

#[derive(Clone, Debug, PartialEq, Hash)]
struct Moment {
    scene: Scene<Versions>,
    writers: Vec<Writer>,
    readers: Apart,
    crashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Writer {
    Idle,
    /// Must send its statement by then.
    Fenced {
        stamp: Stamp,
        by: Micros,
    },
    /// The database works on the statement, and drops it then.
    Sent {
        stamp: Stamp,
        until: Micros,
    },
    Committed {
        stamp: Stamp,
        row: Row,
    },
    /// The process is gone; the database works on its statement, and drops it then.
    Orphan {
        until: Micros,
    },
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Tick,
    Fence(u8),
    Send(u8),
    /// The database has executed the statement.
    Update(u8),
    Renew(u8),
    Finish(u8),
    Die(u8),
    Reader((u8, Does)),
}

impl Staged for Moment {
    type Witness = Versions;

    fn scene(&self) -> &Scene<Versions> {
        &self.scene
    }

    fn is_at_rest(&self) -> bool {
        let now = self.scene.key.now;
        self.writers.iter().all(|writer| match writer {
            Writer::Orphan { until } => *until <= now,
            writer => *writer == Writer::Done,
        })
    }
}

impl Moment {
    /// Whether nobody has to do something first.
    fn may_tick(&self, end: Micros) -> bool {
        let now = self.scene.key.now;
        let urgent = |writer: &Writer| matches!(writer, Writer::Fenced { by, .. } if *by <= now);
        now < end && !self.writers.iter().any(urgent)
    }
}

impl Model for Timing {
    type State = Moment;
    type Action = Action;

    fn init_states(&self) -> Vec<Moment> {
        let moment =
            |scene| Moment { scene, writers: vec![Writer::Idle; self.writers], readers: Apart::new(1, 2), crashes: 0 };
        Scene::first(1).map(moment).collect()
    }

    fn actions(&self, moment: &Moment, actions: &mut Vec<Action>) {
        let now = moment.scene.key.now;
        if moment.may_tick(self.end) {
            actions.push(Action::Tick);
        }
        for (who, writer) in (0..).zip(&moment.writers) {
            actions.extend(match writer {
                Writer::Idle => vec![Action::Fence(who)],
                Writer::Fenced { .. } => vec![Action::Send(who), Action::Renew(who)],
                Writer::Sent { until, .. } if now < *until => vec![Action::Update(who), Action::Renew(who)],
                Writer::Sent { .. } => vec![Action::Finish(who)],
                Writer::Committed { .. } => vec![Action::Finish(who), Action::Renew(who)],
                Writer::Orphan { until } if now < *until => vec![Action::Update(who)],
                Writer::Orphan { .. } | Writer::Done => vec![],
            });
            if moment.crashes < self.crashes && matches!(writer, Writer::Sent { .. } | Writer::Committed { .. }) {
                actions.push(Action::Die(who));
            }
        }
        actions.extend(moment.readers.choices().into_iter().map(Action::Reader));
    }

    fn next_state(&self, moment: &Moment, action: Action) -> Option<Moment> {
        let mut next = moment.clone();
        let scene = &mut next.scene;
        match action {
            Action::Tick => scene.key.tick(&self.executor),
            Action::Reader(step) => next.readers.take(step, scene, &self.executor),
            Action::Fence(who)
            | Action::Send(who)
            | Action::Update(who)
            | Action::Renew(who)
            | Action::Finish(who)
            | Action::Die(who) => {
                next.crashes += u8::from(matches!(action, Action::Die(_)));
                let writer = &mut next.writers[usize::from(who)];
                *writer = self.write(*writer, who, action, scene);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = promises();
        properties.push(Property::sometimes(SERVED, |_, moment: &Moment| moment.scene.sight == Sight::Served));
        properties
    }
}

impl Timing {
    fn write(&self, writer: Writer, who: u8, action: Action, scene: &mut Scene<Versions>) -> Writer {
        let now = scene.key.now;
        match (action, writer) {
            (Action::Fence(_), Writer::Idle) => {
                let step = Step::Fence { nonce: Nonce(u64::from(who)), lasting: self.fence };
                match scene.key.step(step, &self.executor) {
                    Reply::Fenced { stamp, .. } => Writer::Fenced { stamp, by: now.after(self.margin) },
                    other => panic!("FENCE was answered with {other:?}"),
                }
            }
            (Action::Send(_), Writer::Fenced { stamp, .. }) => Writer::Sent { stamp, until: now.after(self.statement) },
            (Action::Update(_), Writer::Sent { stamp, .. }) => Writer::Committed { stamp, row: update(who, scene) },
            (Action::Update(_), Writer::Orphan { .. }) => {
                update(who, scene);
                Writer::Done
            }
            (
                Action::Renew(_),
                Writer::Fenced { stamp, .. } | Writer::Sent { stamp, .. } | Writer::Committed { stamp, .. },
            ) => {
                scene.key.step(Step::Renew { stamp, lasting: self.fence }, &self.executor);
                writer
            }
            (Action::Finish(_), Writer::Committed { stamp, row }) => {
                scene.key.step(Step::Finish { stamp, value: Some((row, self.executor.ttl)) }, &self.executor);
                scene.witness.write_returns(who, row);
                Writer::Done
            }
            (Action::Finish(_), Writer::Sent { stamp, .. }) => {
                scene.key.step(Step::Finish { stamp, value: None }, &self.executor);
                Writer::Done
            }
            (Action::Die(_), Writer::Sent { until, .. }) => Writer::Orphan { until },
            (Action::Die(_), Writer::Committed { .. }) => Writer::Done,
            (action, writer) => panic!("{action:?} while {writer:?}"),
        }
    }
}

fn update(who: u8, scene: &mut Scene<Versions>) -> Row {
    scene.committed = Versions::row(who, scene.committed);
    scene.committed
}
