//! Writers and readers of one row, and an adversary.

use std::marker::PhantomData;

use stateright::{Model, Property};
use writethrough_core::policy::OnWrite;
use writethrough_core::protocol::{Entry, Stamp, Step};

use super::key::{Executor, Row};
use super::reader::Readers;
use super::scene::{REFILLED, SERVED, Scene, Sight, Staged, promises};
use super::witness::{Versions, Witness};
use super::writer::{Act, Habits, Statement, Writer};

/// Who takes part, and what may go wrong.
#[derive(Clone, Debug)]
pub(super) struct Scenario<R, W = Versions> {
    pub(super) statements: Vec<Statement>,
    pub(super) readers: R,
    pub(super) habits: Habits,
    pub(super) faults: Faults,
    witness: PhantomData<W>,
}

/// What the adversary may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    /// Values and leases vanish: evicted, expired, flushed.
    pub(super) evictions: bool,
    /// Anyone sends INVALIDATE.
    pub(super) invalidations: bool,
    /// So many processes die.
    pub(super) crashes: u8,
    /// So many tokens lapse while their writer is in flight: the fence is lost early.
    pub(super) lost_tokens: u8,
    /// The database drops the statement of a process that is gone before its token lapses.
    pub(super) statement_timeout: bool,
    pub(super) restart: Restart,
}

/// Whether the server goes back to a snapshot, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    Never,
    /// While no writer is in flight.
    WhenIdle,
    AnyTime,
}

impl<R: Readers, W: Witness> Scenario<R, W> {
    /// A world in which nothing goes wrong but that values and leases vanish.
    pub(super) fn new(statements: impl Into<Vec<Statement>>, readers: R) -> Self {
        let habits =
            Habits { on_write: OnWrite::Refresh, rollbacks: false, renewals: false, executor: Executor::RIGHT };
        let faults = Faults {
            evictions: true,
            invalidations: false,
            crashes: 0,
            lost_tokens: 0,
            statement_timeout: true,
            restart: Restart::Never,
        };
        Self { statements: statements.into(), readers, habits, faults, witness: PhantomData }
    }

    /// The same with other habits.
    pub(super) fn habits(mut self, change: impl FnOnce(&mut Habits)) -> Self {
        change(&mut self.habits);
        self
    }

    /// The same with other faults.
    pub(super) fn faults(mut self, change: impl FnOnce(&mut Faults)) -> Self {
        change(&mut self.faults);
        self
    }

    /// The same with another server.
    pub(super) fn executed_by(mut self, executor: Executor) -> Self {
        self.habits.executor = executor;
        self
    }

    fn may_lapse(&self, world: &World<R, W>, who: u8) -> bool {
        match world.writers[usize::from(who)] {
            Writer::Dead(Some(_)) => !self.faults.statement_timeout,
            writer => !writer.is_in_flight() || world.lost_tokens < self.faults.lost_tokens,
        }
    }

    fn may_restart(&self, world: &World<R, W>) -> bool {
        match self.faults.restart {
            Restart::Never => false,
            Restart::WhenIdle => !world.writers.iter().any(|writer| writer.is_in_flight()),
            Restart::AnyTime => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct World<R, W> {
    pub(super) scene: Scene<W>,
    pub(super) writers: Vec<Writer>,
    readers: R,
    crashes: u8,
    lost_tokens: u8,
    snapshot: Snapshot,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Snapshot {
    NotTaken,
    Taken(Option<Entry<Row>>),
    Restored,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action<S> {
    Writer(u8, Act),
    Reader(S),
    LapseToken(u8, Stamp),
    Evict,
    Invalidate,
    TakeSnapshot,
    RestartFromSnapshot,
}

impl<R: Readers, W: Witness> Staged for World<R, W> {
    type Witness = W;

    fn scene(&self) -> &Scene<W> {
        &self.scene
    }

    fn is_at_rest(&self) -> bool {
        self.writers.iter().all(|writer| writer.is_at_rest())
    }
}

impl<R: Readers, W: Witness> Model for Scenario<R, W> {
    type State = World<R, W>;
    type Action = Action<R::Step>;

    fn init_states(&self) -> Vec<Self::State> {
        let world = |scene| World {
            scene,
            writers: vec![Writer::Idle; self.statements.len()],
            readers: self.readers.clone(),
            crashes: 0,
            lost_tokens: 0,
            snapshot: Snapshot::NotTaken,
        };
        Scene::first(self.readers.count()).map(world).collect()
    }

    fn actions(&self, world: &Self::State, actions: &mut Vec<Self::Action>) {
        for (who, (writer, statement)) in (0..).zip(world.writers.iter().zip(&self.statements)) {
            let acts = writer.choices(*statement, &self.habits, &world.scene);
            actions.extend(acts.into_iter().map(|act| Action::Writer(who, act)));
            if writer.is_in_flight() && world.crashes < self.faults.crashes {
                actions.push(Action::Writer(who, Act::Die));
            }
        }
        actions.extend(world.readers.choices().into_iter().map(Action::Reader));
        for stamp in world.scene.key.tokens() {
            let who = u8::try_from(stamp.nonce.0).expect("a writer's nonce is its number");
            if self.may_lapse(world, who) {
                actions.push(Action::LapseToken(who, stamp));
            }
        }
        if self.faults.evictions && world.scene.key.is_evictable() {
            actions.push(Action::Evict);
        }
        if self.faults.invalidations {
            actions.push(Action::Invalidate);
        }
        match world.snapshot {
            Snapshot::NotTaken if self.faults.restart != Restart::Never => actions.push(Action::TakeSnapshot),
            Snapshot::Taken(_) if self.may_restart(world) => actions.push(Action::RestartFromSnapshot),
            _ => {}
        }
    }

    fn next_state(&self, world: &Self::State, action: Self::Action) -> Option<Self::State> {
        let mut next = world.clone();
        let executor = &self.habits.executor;
        match action {
            Action::Writer(who, act) => {
                let at = usize::from(who);
                next.crashes += u8::from(act == Act::Die);
                next.writers[at] = world.writers[at].take(who, act, self.statements[at], &self.habits, &mut next.scene);
            }
            Action::Reader(step) => next.readers.take(step, &mut next.scene, executor),
            Action::LapseToken(who, stamp) => {
                next.lost_tokens += u8::from(world.writers[usize::from(who)].is_in_flight());
                next.scene.key.lapse_token(stamp, executor);
            }
            Action::Evict => next.scene.key.lapse(executor),
            Action::Invalidate => {
                next.scene.key.step(Step::Invalidate, executor);
            }
            Action::TakeSnapshot => next.snapshot = Snapshot::Taken(next.scene.key.entry.clone()),
            Action::RestartFromSnapshot => {
                let Snapshot::Taken(entry) = std::mem::replace(&mut next.snapshot, Snapshot::Restored) else {
                    return None;
                };
                next.scene.key.restart(entry, executor);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = promises();
        // A world in which writers leave no value behind shows that it works when a reader brings the new row back.
        properties.push(match self.habits.on_write {
            OnWrite::Invalidate => {
                Property::sometimes(REFILLED, |_, world: &Self::State| world.scene.key.value() > Some(Row(0)))
            }
            _ => Property::sometimes(SERVED, |_, world: &Self::State| world.scene.sight == Sight::Served),
        });
        properties
    }
}
