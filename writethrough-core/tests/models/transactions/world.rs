//! One transaction, and beside it, on each row, writers in autocommit and readers.

use stateright::{Model, Property};
use writethrough_core::policy::OnWrite;
use writethrough_core::protocol::Stamp;

use super::super::key::Executor;
use super::super::reader::{Apart, Does, Readers};
use super::super::scene::{self, AGREES, FRESH, MONOTONIC, REAL};
use super::super::witness::{Promise, Witness};
use super::super::writer::{self, Habits, Writer};
use super::ledger::Ledger;
use super::program::Program;
use super::transaction::{self, Transaction};

/// One row, its key, and what was promised of it.
pub(super) type Scene = scene::Scene<Ledger>;

/// What the layer does with a transaction: the right thing, or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Design {
    Right,
    /// It publishes a row although a plain write came after the save.
    TrustsRowsFromBeforeAPlainWrite,
    /// It publishes what was saved in a savepoint that was rolled back.
    KeepsWhatASavepointRolledBack,
    /// It forgets the keys that were noted in a savepoint, though that was released.
    ForgetsTheKeysOfAReleasedSavepoint,
    /// It fences when a statement is sent and finishes when it is answered.
    FinishesBeforeCommit,
    /// It sends `COMMIT` though a statement has failed, and believes that what was answered with success was committed.
    BelievesTheAnswerToCommit,
    /// It sends what comes after the database has ended the transaction.
    GoesOnAfterADeadlock,
}

/// Who takes part, and what is to be seen.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    program: Program,
    /// How many writers and which readers each row has.
    rows: Vec<(usize, Apart)>,
    crashes: u8,
    design: Design,
    sights: Vec<(&'static str, Sight)>,
}

/// Whether something worth seeing is seen.
type Sight = fn(&Scenario, &World) -> bool;

impl Scenario {
    /// A transaction that has no rows to work on yet.
    pub(super) fn new(program: Program) -> Self {
        Self { program, rows: Vec::new(), crashes: 0, design: Design::Right, sights: Vec::new() }
    }

    /// The same with one row more, beside so many writers of it and a reader of so many loads.
    pub(super) fn row(mut self, writers: usize, loads: u8) -> Self {
        self.rows.push((writers, Apart::new(1, loads)));
        self
    }

    /// The same with so many crashes.
    pub(super) fn crashes(self, crashes: u8) -> Self {
        Self { crashes, ..self }
    }

    /// The same with another design.
    pub(super) fn by(self, design: Design) -> Self {
        Self { design, ..self }
    }

    /// The same where this must be seen somewhere.
    pub(super) fn shows(mut self, name: &'static str, sight: Sight) -> Self {
        self.sights.push((name, sight));
        self
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct World {
    pub(super) transaction: Transaction,
    pub(super) scenes: Vec<Scene>,
    beside: Vec<Beside>,
    crashes: u8,
}

/// Those who know nothing of the transaction.
#[derive(Clone, Debug, PartialEq, Hash)]
struct Beside {
    writers: Vec<Writer>,
    readers: Apart,
}

impl World {
    fn keeps(&self, promise: Promise) -> bool {
        self.scenes.iter().all(|scene| scene.witness.keeps(promise))
    }

    /// Whether no write is under way, and none can come out of the dark.
    fn is_at_rest(&self) -> bool {
        let writers = self.beside.iter().flat_map(|beside| &beside.writers);
        self.transaction.is_at_rest() && writers.copied().all(Writer::is_at_rest)
    }

    /// No fence is lost while what it stands for may yet happen.
    fn may_lapse(&self, row: u8, stamp: Stamp) -> bool {
        if stamp.nonce == Transaction::nonce() {
            return self.transaction.is_at_rest();
        }
        let writers = (0..).zip(&self.beside[usize::from(row)].writers);
        writers.into_iter().any(|(who, writer)| stamp.nonce == Writer::nonce(who) && writer.is_at_rest())
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    Transaction(transaction::Act),
    Writer(u8, u8, writer::Act),
    Reader(u8, (u8, Does)),
    LapseToken(u8, Stamp),
    Evict(u8),
}

const HABITS: Habits =
    Habits { on_write: OnWrite::Refresh, rollbacks: false, renewals: false, executor: Executor::RIGHT };

impl Model for Scenario {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        // Everything is cached; what is not to be, the adversary evicts.
        let cached = |readers| Scene::first(readers).find(|scene| scene.key.value().is_some());
        vec![World {
            transaction: Transaction::new(self.rows.len()),
            scenes: self.rows.iter().filter_map(|(_, readers)| cached(readers.count())).collect(),
            beside: self
                .rows
                .iter()
                .map(|(writers, readers)| Beside { writers: vec![Writer::Idle; *writers], readers: readers.clone() })
                .collect(),
            crashes: 0,
        }]
    }

    fn actions(&self, world: &Self::State, actions: &mut Vec<Self::Action>) {
        let may_die = world.crashes < self.crashes;
        let transaction = &world.transaction;
        let acts = transaction.choices(&self.program, self.design, &world.scenes);
        actions.extend(acts.into_iter().map(Action::Transaction));
        if may_die && transaction.is_in_flight() {
            actions.push(Action::Transaction(transaction::Act::Die));
        }
        for (row, (beside, scene)) in (0..).zip(world.beside.iter().zip(&world.scenes)) {
            for (who, writer) in (0..).zip(&beside.writers) {
                let acts = writer.choices(writer::Statement::Autocommit, &HABITS, scene);
                actions.extend(acts.into_iter().map(|act| Action::Writer(row, who, act)));
                if may_die && writer.is_in_flight() {
                    actions.push(Action::Writer(row, who, writer::Act::Die));
                }
            }
            actions.extend(beside.readers.choices().into_iter().map(|step| Action::Reader(row, step)));
            let tokens = scene.key.tokens().into_iter().filter(|stamp| world.may_lapse(row, *stamp));
            actions.extend(tokens.map(|stamp| Action::LapseToken(row, stamp)));
            if scene.key.is_evictable() {
                actions.push(Action::Evict(row));
            }
        }
    }

    fn next_state(&self, world: &Self::State, action: Self::Action) -> Option<Self::State> {
        let mut next = world.clone();
        match action {
            Action::Transaction(act) => {
                next.crashes += u8::from(act == transaction::Act::Die);
                next.transaction.take(act, self.design, &mut next.scenes);
            }
            Action::Writer(row, who, act) => {
                next.crashes += u8::from(act == writer::Act::Die);
                let (row, at) = (usize::from(row), usize::from(who));
                let writer = &mut next.beside[row].writers[at];
                let scene = &mut next.scenes[row];
                *writer = writer.take(who, act, writer::Statement::Autocommit, &HABITS, scene);
                scene.witness.note(scene.committed);
            }
            Action::Reader(row, step) => {
                let row = usize::from(row);
                next.beside[row].readers.take(step, &mut next.scenes[row], &HABITS.executor);
            }
            Action::LapseToken(row, stamp) => {
                next.scenes[usize::from(row)].key.lapse_token(stamp, &HABITS.executor);
            }
            Action::Evict(row) => next.scenes[usize::from(row)].key.lapse(&HABITS.executor),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let promises = [
            Property::always(FRESH, |_, world: &World| world.keeps(Promise::Fresh)),
            Property::always(MONOTONIC, |_, world: &World| world.keeps(Promise::Monotonic)),
            Property::always(REAL, |_, world: &World| world.keeps(Promise::Real)),
            Property::always(AGREES, |_, world: &World| !world.is_at_rest() || world.scenes.iter().all(Scene::agrees)),
        ];
        let sights = self.sights.iter().map(|(name, sight)| Property::sometimes(name, *sight));
        promises.into_iter().chain(sights).collect()
    }
}
