//! Writers and readers, let loose on each other; between any two of their steps the adversary has its say.

use std::collections::BTreeMap;

use stateright::{Model, Property};
use writethrough_core::protocol::Stamp;

use super::super::scene::AGREES;
use super::cache::{Cache, Name, SERVER};
use super::reader::{Does, Reader, Visit};
use super::table::{Answer, Save, Table, Value};
use super::witness::{Moments, Witness};
use super::writer::{Act, Plan, Writer};

/// The name of the promise.
pub(super) const LINEARIZABLE: &str = "a lookup returns the row that had the value at some moment while it ran";

/// How the cache is kept: rightly, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Design {
    Right,
    /// Readers believe that the row to which a pointer leads has the value.
    TrustsPointers,
    /// Writers do not fence the pointer of the new value.
    FencesEntriesOnly,
    /// A reader that asked by value, under the pointer's lease, fills the row's entry as well.
    FillsTheEntryToo,
    /// A reader that was misled asks the database first and then takes the lease.
    HealsWithAnEarlierAnswer,
}

/// Who takes part, and what is to be seen.
#[derive(Clone, Debug)]
pub(super) struct Scenario<W: Witness = Moments> {
    plans: Vec<Plan>,
    /// What each reader looks up.
    values: Vec<Value>,
    pub(super) lookups: u8,
    crashes: u8,
    design: Design,
    sights: Vec<(&'static str, Sight<W>)>,
}

/// Whether something worth seeing is seen.
type Sight<W> = fn(&Scenario<W>, &World<W>) -> bool;

impl<W: Witness> Scenario<W> {
    /// A world in which nothing goes wrong but that values and leases vanish.
    pub(super) fn new(plans: impl Into<Vec<Plan>>, values: impl Into<Vec<Value>>, lookups: u8) -> Self {
        let (plans, values) = (plans.into(), values.into());
        Self { plans, values, lookups, crashes: 0, design: Design::Right, sights: Vec::new() }
    }

    /// The same with so many crashes.
    pub(super) fn crashes(self, crashes: u8) -> Self {
        Self { crashes, ..self }
    }

    /// The same with another design.
    pub(super) fn by(self, design: Design) -> Self {
        Self { design, ..self }
    }

    /// Whether anyone looks there; what nobody reads need not vanish.
    fn is_read(&self, name: Name) -> bool {
        match name {
            Name::Entry(_) => true,
            Name::Pointer(value) => self.values.contains(&value),
        }
    }

    /// The same where this must be seen somewhere.
    pub(super) fn shows(mut self, name: &'static str, sight: Sight<W>) -> Self {
        self.sights.push((name, sight));
        self
    }
}

/// What clients share.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct Scene<W> {
    pub(super) table: Table,
    /// The saves of transactions that are not committed yet, and whose they are.
    open: BTreeMap<u8, Save>,
    pub(super) cache: Cache,
    pub(super) witness: W,
}

impl<W: Witness> Scene<W> {
    /// Whether a transaction holds a lock that this writer needs.
    pub(super) fn must_wait(&self, who: u8, save: Save) -> bool {
        self.open.iter().any(|(owner, other)| *owner != who && self.table.collide(save, *other))
    }

    /// A transaction runs its statement.
    pub(super) fn prepare(&mut self, who: u8, save: Save) -> Answer {
        let answer = self.table.clone().save(save);
        if answer == Answer::Saved {
            self.open.insert(who, save);
        }
        answer
    }

    /// The database runs a statement in autocommit, or a `COMMIT`.
    pub(super) fn save(&mut self, who: u8, save: Save) -> Answer {
        let answer = self.table.save(save);
        self.witness.commits(&self.table);
        self.roll_back(who);
        answer
    }

    /// What a transaction holds is free again.
    pub(super) fn roll_back(&mut self, who: u8) {
        self.open.remove(&who);
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct World<W> {
    pub(super) scene: Scene<W>,
    pub(super) writers: Vec<Writer>,
    pub(super) readers: Vec<Reader>,
    crashes: u8,
}

impl<W> World<W> {
    /// Whether no save is under way, and none can come out of the dark.
    fn is_at_rest(&self) -> bool {
        self.writers.iter().all(Writer::is_at_rest)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    Writer(u8, Act),
    Reader(u8, Does),
    LapseToken(Name, Stamp),
    Evict(Name),
}

impl<W: Witness> Model for Scenario<W> {
    type State = World<W>;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        let table = Table::START;
        vec![World {
            scene: Scene {
                table,
                open: BTreeMap::new(),
                cache: Cache::full(&table),
                witness: W::new(self.values.len()),
            },
            writers: vec![Writer::Idle; self.plans.len()],
            readers: vec![Reader::new(self.lookups); self.values.len()],
            crashes: 0,
        }]
    }

    fn actions(&self, world: &Self::State, actions: &mut Vec<Self::Action>) {
        for (who, (writer, plan)) in (0..).zip(world.writers.iter().zip(&self.plans)) {
            actions.extend(
                writer.choices(who, *plan, self.design, &world.scene).into_iter().map(|act| Action::Writer(who, act)),
            );
            if writer.is_in_flight() && world.crashes < self.crashes {
                actions.push(Action::Writer(who, Act::Die));
            }
        }
        for (who, reader) in (0..).zip(&world.readers) {
            actions.extend(reader.next(self.design).map(|does| Action::Reader(who, does)));
        }
        for name in Name::ALL {
            let key = world.scene.cache.key(name);
            if key.is_evictable() && self.is_read(name) {
                actions.push(Action::Evict(name));
            }
            for stamp in key.tokens() {
                let who = u8::try_from(stamp.nonce.0).expect("a writer's nonce is its number");
                // No fence is lost while what it stands for may yet happen.
                if world.writers[usize::from(who)].is_at_rest() {
                    actions.push(Action::LapseToken(name, stamp));
                }
            }
        }
    }

    fn next_state(&self, world: &Self::State, action: Self::Action) -> Option<Self::State> {
        let mut next = world.clone();
        match action {
            Action::Writer(who, act) => {
                let at = usize::from(who);
                next.crashes += u8::from(act == Act::Die);
                next.writers[at] = world.writers[at].take(who, act, self.plans[at], self.design, &mut next.scene);
            }
            Action::Reader(who, does) => {
                let at = usize::from(who);
                let mut visit = Visit { who, value: self.values[at], design: self.design, scene: &mut next.scene };
                next.readers[at].take(does, &mut visit);
            }
            Action::LapseToken(name, stamp) => next.scene.cache.key_mut(name).lapse_token(stamp, &SERVER),
            Action::Evict(name) => next.scene.cache.key_mut(name).lapse(&SERVER),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let promises = [
            Property::always(LINEARIZABLE, |_, world: &World<W>| world.scene.witness.is_linearizable()),
            Property::always(AGREES, |_, world: &World<W>| {
                !world.is_at_rest() || world.scene.cache.agrees(&world.scene.table)
            }),
        ];
        let sights = self.sights.iter().map(|(name, sight)| Property::sometimes(name, *sight));
        promises.into_iter().chain(sights).collect()
    }
}
