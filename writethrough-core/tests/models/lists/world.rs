//! Writers and readers, let loose on each other; between any two of their steps the adversary has its say.

use stateright::{Model, Property};
use writethrough_core::protocol::Stamp;

use super::super::scene::AGREES;
use super::reader::{Does, Reader, Visit};
use super::scene::{Name, SERVER, Scene, Value};
use super::writer::{Act, Plan, Writer};

/// The name of the promise.
pub(super) const REFLECTED: &str =
    "a load returns every row that had the value while it ran, and none that did not have it at any moment";

/// How the cache is kept: rightly, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Design {
    Right,
    /// Readers believe that every row of a list has the value.
    TrustsLists,
    /// Writers fence no list.
    FencesEntriesOnly,
    /// Writers fence the list that loses the row, and not the one that gains it.
    FencesTheOldList,
    /// A reader asks the database first and then takes the lease.
    FillsWithAnEarlierAnswer,
    /// A reader that asked for the list, under its lease, fills the rows' entries as well.
    FillsTheRowsToo,
}

/// Who takes part, and what is to be seen.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    plans: Vec<Plan>,
    /// Whose list each reader loads.
    values: Vec<Value>,
    loads: u8,
    crashes: u8,
    design: Design,
    sights: Vec<(&'static str, Sight)>,
}

/// Whether something worth seeing is seen.
type Sight = fn(&Scenario, &World) -> bool;

impl Scenario {
    /// A world in which nothing goes wrong but that values and leases vanish.
    pub(super) fn new(plans: impl Into<Vec<Plan>>, values: impl Into<Vec<Value>>, loads: u8) -> Self {
        let (plans, values) = (plans.into(), values.into());
        Self { plans, values, loads, crashes: 0, design: Design::Right, sights: Vec::new() }
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

    /// Whether anyone looks there; what nobody reads need not vanish.
    fn is_read(&self, name: Name) -> bool {
        match name {
            Name::Entry(_) => true,
            Name::List(value) => self.values.contains(&value),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct World {
    pub(super) scene: Scene,
    pub(super) writers: Vec<Writer>,
    pub(super) readers: Vec<Reader>,
    crashes: u8,
}

impl World {
    /// Whether no save is under way, and none can come out of the dark.
    pub(super) fn is_at_rest(&self) -> bool {
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

impl Model for Scenario {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        vec![World {
            scene: Scene::new(self.values.len()),
            writers: vec![Writer::Idle; self.plans.len()],
            readers: vec![Reader::new(self.loads); self.values.len()],
            crashes: 0,
        }]
    }

    fn actions(&self, world: &Self::State, actions: &mut Vec<Self::Action>) {
        for (who, (writer, plan)) in (0..).zip(world.writers.iter().zip(&self.plans)) {
            let choices = writer.choices(who, *plan, self.design, &world.scene);
            actions.extend(choices.into_iter().map(|act| Action::Writer(who, act)));
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
            Property::always(REFLECTED, |_, world: &World| world.scene.is_reflected()),
            Property::always(AGREES, |_, world: &World| !world.is_at_rest() || world.scene.agrees()),
        ];
        let sights = self.sights.iter().map(|(name, sight)| Property::sometimes(name, *sight));
        promises.into_iter().chain(sights).collect()
    }
}
