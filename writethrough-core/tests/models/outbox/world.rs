//! The world of one row with an outbox in its database.

use std::collections::BTreeMap;

use stateright::{Model, Property};

use super::super::key::Row;
use super::super::reader::{Apart, Readers};
use super::super::scene::{Scene, Staged, promises};
use super::super::witness::{Versions, Witness};
use super::super::world::{self as one_row, Faults};
use super::super::writer::Writer;
use super::process::{Move, Process, Trusts};
use super::relay::{Relay, Relays, Turn};

/// The name of what a process relies on after an outage.
pub(super) const TRUSTED: &str = "a process that trusts the cache again gets nothing older than when it came back";
const REPAIRED: &str = "an old value waits for the relay alone";
const CONSULTED: &str = "a process trusts the cache again and finds a value there";

/// The writers whose rows stand in the outbox, and what each of them has left in the database.
pub(super) type Records = BTreeMap<u8, Option<Row>>;

/// When a write is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Recorded {
    /// In its own transaction, so that the record is there with the commit.
    WithCommit,
    /// In another transaction, as the first thing that a writer does.
    BeforeTransaction,
}

/// When a writer removes its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Removed {
    /// The cache has acknowledged.
    AfterFinish,
    /// The database has committed.
    BeforeFinish,
}

/// How the outbox is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Design {
    pub(super) recorded: Recorded,
    pub(super) removed: Removed,
    pub(super) relays: Relays,
    pub(super) trusts: Trusts,
}

/// Who takes part beside those in the world of one row.
#[derive(Clone, Debug)]
pub(super) struct Scenario<W = Versions> {
    row: one_row::Scenario<Apart, W>,
    /// Writers that cannot reach the cache.
    cut_off: u8,
    relays: u8,
    processes: u8,
    design: Design,
    shows_repairs: bool,
}

impl<W: Witness> Scenario<W> {
    /// One relay, and the right design.
    pub(super) fn new(row: one_row::Scenario<Apart, W>) -> Self {
        let design = Design {
            recorded: Recorded::WithCommit,
            removed: Removed::AfterFinish,
            relays: Relays::InvalidateFirst,
            trusts: Trusts::OnceConsultedSince,
        };
        Self { row, cut_off: 0, relays: 1, processes: 0, design, shows_repairs: false }
    }

    /// The same with other faults.
    pub(super) fn faults(self, change: impl FnOnce(&mut Faults)) -> Self {
        Self { row: self.row.faults(change), ..self }
    }

    /// The same with so many writers that cannot reach the cache.
    pub(super) fn cut_off(self, cut_off: u8) -> Self {
        Self { cut_off, ..self }
    }

    /// The same with so many relays.
    pub(super) fn relays(self, relays: u8) -> Self {
        Self { relays, ..self }
    }

    /// The same with so many processes that have an outage.
    pub(super) fn processes(self, processes: u8) -> Self {
        Self { processes, ..self }
    }

    /// The same with another design.
    pub(super) fn designed(mut self, change: impl FnOnce(&mut Design)) -> Self {
        change(&mut self.design);
        self
    }

    /// The same, and an old value must have been there for the relay.
    pub(super) fn shows_repairs(self) -> Self {
        Self { shows_repairs: true, ..self }
    }

    /// The number of the first writer that cannot reach the cache; the others come before.
    fn first_cut_off(&self) -> u8 {
        u8::try_from(self.row.statements.len()).expect("a few writers")
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct World<W> {
    row: one_row::World<Apart, W>,
    records: Records,
    /// The next writer that cannot reach the cache.
    next_cut_off: u8,
    relays: Vec<Relay>,
    processes: Vec<Process>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    Row(one_row::Action<<Apart as Readers>::Step>),
    /// A writer removes its record.
    Remove(u8),
    /// A writer commits, and the cache cannot hear it.
    WriteWithoutCache(u8),
    Relay(usize, Turn),
    Process(usize, Move),
}

impl<W: Witness> Staged for World<W> {
    type Witness = W;

    fn scene(&self) -> &Scene<W> {
        &self.row.scene
    }

    /// No write is under way, and every record was seen to.
    fn is_at_rest(&self) -> bool {
        self.row.is_at_rest() && self.records.is_empty() && self.relays.iter().all(Relay::is_idle)
    }
}

impl<W: Witness> World<W> {
    fn needs_the_relay(&self) -> bool {
        self.row.is_at_rest() && !self.records.is_empty() && !self.row.scene.agrees()
    }

    fn may_remove(&self, who: u8, removed: Removed) -> bool {
        let is_committed = |writer: &Writer| matches!(writer, Writer::Committed(..));
        self.row.writers.get(usize::from(who)).is_some_and(|writer| match removed {
            Removed::AfterFinish => *writer == Writer::Done,
            Removed::BeforeFinish => *writer == Writer::Done || is_committed(writer),
        })
    }

    /// Whether nobody will tell the caller of this write that the cache knows.
    fn is_gone(&self, who: u8) -> bool {
        self.row.writers.get(usize::from(who)).is_none_or(|writer| matches!(writer, Writer::Dead(_)))
    }

    fn write_without_cache(&mut self, who: u8) {
        let scene = &mut self.row.scene;
        scene.witness.write_begins(who);
        scene.committed = W::row(who, scene.committed);
        self.next_cut_off += 1;
    }

    /// A relay has seen to these records.
    fn seen_to(&mut self, records: Records) {
        for who in records.into_keys() {
            // Another relay may have been faster.
            if let Some(Some(row)) = self.records.remove(&who)
                && self.is_gone(who)
            {
                self.row.scene.witness.write_returns(who, row);
            }
        }
    }
}

impl<W: Witness> Model for Scenario<W> {
    type State = World<W>;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        let world = |row| World {
            row,
            records: Records::new(),
            next_cut_off: 0,
            relays: vec![Relay::Idle; usize::from(self.relays)],
            processes: vec![Process::new(); usize::from(self.processes)],
        };
        self.row.init_states().into_iter().map(world).collect()
    }

    fn actions(&self, world: &Self::State, actions: &mut Vec<Self::Action>) {
        let mut of_row = Vec::new();
        self.row.actions(&world.row, &mut of_row);
        actions.extend(of_row.into_iter().map(Action::Row));
        let removable = world.records.keys().filter(|who| world.may_remove(**who, self.design.removed));
        actions.extend(removable.map(|who| Action::Remove(*who)));
        if world.next_cut_off < self.cut_off && world.row.scene.lock.is_none() {
            actions.push(Action::WriteWithoutCache(self.first_cut_off() + world.next_cut_off));
        }
        for (at, relay) in world.relays.iter().enumerate() {
            let turns = relay.choices(&world.records, self.design.relays);
            actions.extend(turns.into_iter().map(|turn| Action::Relay(at, turn)));
        }
        for (at, process) in world.processes.iter().enumerate() {
            let moves = process.choices(self.design.trusts);
            actions.extend(moves.into_iter().map(|turn| Action::Process(at, turn)));
        }
    }

    fn next_state(&self, world: &Self::State, action: Self::Action) -> Option<Self::State> {
        let mut next = world.clone();
        let World { row, records, relays, processes, .. } = &mut next;
        let (scene, executor) = (&mut row.scene, &self.row.habits.executor);
        match action {
            Action::Row(action) => *row = self.row.next_state(&world.row, action)?,
            Action::Remove(who) => drop(records.remove(&who)),
            Action::WriteWithoutCache(who) => next.write_without_cache(who),
            Action::Relay(at, turn) => {
                let gone = relays[at].take(turn, self.design.relays, records, scene, executor);
                next.seen_to(gone);
            }
            Action::Process(at, turn) => processes[at].take(turn, self.design.trusts, records, scene, executor),
        }
        if let Some((who, row)) = self.recorded(world, &next, action) {
            next.records.insert(who, row);
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = promises();
        if self.processes > 0 {
            let is_right = |_: &Self, world: &World<W>| !world.processes.iter().any(|process| process.misled);
            properties.push(Property::always(TRUSTED, is_right));
            properties.push(Property::sometimes(CONSULTED, |scenario: &Self, world: &World<W>| {
                let trusts_again = |process: &Process| process.trusts_again(scenario.design.trusts);
                world.row.scene.key.value().is_some() && world.processes.iter().any(trusts_again)
            }));
        }
        if self.shows_repairs {
            properties.push(Property::sometimes(REPAIRED, |_, world: &World<W>| world.needs_the_relay()));
        }
        properties
    }
}

impl<W: Witness> Scenario<W> {
    /// Who has recorded a write in this step, and the row that it left.
    fn recorded(&self, before: &World<W>, after: &World<W>, action: Action) -> Option<(u8, Option<Row>)> {
        let committed = after.row.scene.committed;
        let who = match action {
            Action::Row(one_row::Action::Writer(who, _)) | Action::WriteWithoutCache(who) => who,
            _ => return None,
        };
        match self.design.recorded {
            Recorded::WithCommit => (committed != before.row.scene.committed).then_some((who, Some(committed))),
            Recorded::BeforeTransaction => {
                let is_idle = before.row.writers.get(usize::from(who)).is_none_or(|writer| *writer == Writer::Idle);
                is_idle.then_some((who, None))
            }
        }
    }
}
