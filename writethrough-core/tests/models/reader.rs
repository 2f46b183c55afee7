//! Those who load: GET; on a miss LEASE, query, FILL.

use std::fmt::Debug;
use std::hash::Hash;

use writethrough_core::protocol::{Micros, Nonce, Stamp, Standing};

use super::key::{Executor, Row};
use super::scene::Scene;
use super::witness::Witness;

/// A group of loads, alone or together.
pub(super) trait Readers: Clone + Debug + PartialEq + Hash + Send + Sync + 'static {
    /// What one of them does next.
    type Step: Copy + Debug + PartialEq + Send + Sync + 'static;

    /// How many load at the same time.
    fn count(&self) -> usize;
    /// What may happen next.
    fn choices(&self) -> Vec<Self::Step>;
    /// One step happens.
    fn take<W: Witness>(&mut self, step: Self::Step, scene: &mut Scene<W>, executor: &Executor);
}

/// Readers in as many processes, which share nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Apart(Vec<Reader>);

impl Apart {
    /// So many readers, each of which loads so many times.
    pub(super) fn new(readers: usize, loads: u8) -> Self {
        Self(vec![Reader { load: Load::Idle, left: loads, heals: false }; readers])
    }

    /// One reader more, which cannot decode any value it finds and wants it replaced.
    pub(super) fn and_one_that_heals(mut self, loads: u8) -> Self {
        self.0.push(Reader { load: Load::Idle, left: loads, heals: true });
        self
    }
}

impl Readers for Apart {
    type Step = (u8, Does);

    fn count(&self) -> usize {
        self.0.len()
    }

    fn choices(&self) -> Vec<Self::Step> {
        (0..).zip(&self.0).filter_map(|(who, reader)| Some((who, reader.next()?))).collect()
    }

    fn take<W: Witness>(&mut self, (who, does): Self::Step, scene: &mut Scene<W>, executor: &Executor) {
        self.0[usize::from(who)].take(who, does, scene, executor);
    }
}

/// What a reader does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Does {
    Get,
    Lease,
    Query,
    Fill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Reader {
    load: Load,
    /// How many loads it has yet to begin.
    left: u8,
    heals: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Load {
    Idle,
    /// Nothing stood there, or nothing of use, written then.
    Missed(Option<Micros>),
    Leased(Stamp),
    /// Asks the database and leaves the cache alone.
    Bypassing,
    Loaded(Stamp, Row),
}

impl Reader {
    fn next(self) -> Option<Does> {
        match self.load {
            Load::Idle => (self.left > 0).then_some(Does::Get),
            Load::Missed(_) => Some(Does::Lease),
            Load::Leased(_) | Load::Bypassing => Some(Does::Query),
            Load::Loaded(..) => Some(Does::Fill),
        }
    }

    fn take<W: Witness>(&mut self, who: u8, does: Does, scene: &mut Scene<W>, executor: &Executor) {
        self.load = match (does, self.load) {
            (Does::Get, Load::Idle) => self.get(who, scene, executor),
            (Does::Lease, Load::Missed(seen)) => match scene.key.lease(nonce(who), seen, executor) {
                Some(stamp) => Load::Leased(stamp),
                None => Load::Bypassing,
            },
            (Does::Query, Load::Leased(stamp)) => Load::Loaded(stamp, scene.query()),
            (Does::Query, Load::Bypassing) => {
                let row = scene.query();
                scene.answer(who, row);
                Load::Idle
            }
            (Does::Fill, Load::Loaded(stamp, row)) => {
                scene.key.fill(stamp, row, executor);
                scene.answer(who, row);
                Load::Idle
            }
            (does, load) => panic!("{does:?} while {load:?}"),
        };
    }

    fn get<W: Witness>(&mut self, who: u8, scene: &mut Scene<W>, executor: &Executor) -> Load {
        self.left -= 1;
        scene.witness.read_begins(who);
        match scene.key.get(executor) {
            Standing::Value { written_at, .. } if self.heals => Load::Missed(Some(written_at)),
            Standing::Value { value, .. } => {
                scene.hit(who, value);
                Load::Idle
            }
            Standing::Absent => Load::Missed(None),
            Standing::Leased | Standing::Fenced => Load::Bypassing,
        }
    }
}

/// A reader has one lease at a time, and one that it lost never comes back; so its name may be the same each time.
fn nonce(reader: u8) -> Nonce {
    Nonce(100 + u64::from(reader))
}
