//! Those who see to what is recorded: read the records, INVALIDATE, remove them.

use writethrough_core::protocol::Step;

use super::super::key::{Executor, Row};
use super::super::scene::Scene;
use super::super::witness::Witness;
use super::world::Records;

/// How relays work: rightly, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relays {
    /// INVALIDATE; the records go when it was acknowledged.
    InvalidateFirst,
    /// The records go, then INVALIDATE.
    RemoveFirst,
    /// Instead of INVALIDATE, the row that the relay read with the records becomes the value.
    SetTheRow,
}

/// What a relay does next, or suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Turn {
    Look,
    Tell,
    Remove,
    /// The process dies, or its command or the reply is lost; another turn may begin.
    GiveUp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relay {
    Idle,
    /// It knows of these records, and what the row was.
    Looked(Records, Row),
    /// The cache has acknowledged.
    Told(Records),
    /// The records are gone, and the cache does not know.
    Removed,
}

impl Relay {
    pub(super) fn is_idle(&self) -> bool {
        *self == Self::Idle
    }

    pub(super) fn choices(&self, records: &Records, relays: Relays) -> Vec<Turn> {
        match self {
            Self::Idle if records.is_empty() => vec![],
            Self::Idle => vec![Turn::Look],
            Self::Looked(..) if relays == Relays::RemoveFirst => vec![Turn::Remove, Turn::GiveUp],
            Self::Looked(..) | Self::Removed => vec![Turn::Tell, Turn::GiveUp],
            Self::Told(_) => vec![Turn::Remove, Turn::GiveUp],
        }
    }

    /// Takes a turn; returns the records to be removed.
    pub(super) fn take<W: Witness>(
        &mut self,
        turn: Turn,
        relays: Relays,
        records: &Records,
        scene: &mut Scene<W>,
        executor: &Executor,
    ) -> Records {
        let (next, gone) = match (turn, std::mem::replace(self, Self::Idle)) {
            (Turn::Look, Self::Idle) => (Self::Looked(records.clone(), scene.committed), Records::new()),
            (Turn::Tell, Self::Looked(records, row)) => {
                match relays {
                    Relays::SetTheRow => scene.key.put(row),
                    _ => drop(scene.key.step(Step::Invalidate, executor)),
                }
                (Self::Told(records), Records::new())
            }
            (Turn::Tell, Self::Removed) => {
                scene.key.step(Step::Invalidate, executor);
                (Self::Idle, Records::new())
            }
            (Turn::Remove, Self::Looked(records, _)) => (Self::Removed, records),
            (Turn::Remove, Self::Told(records)) => (Self::Idle, records),
            (Turn::GiveUp, _) => (Self::Idle, Records::new()),
            (turn, relay) => panic!("{turn:?} while {relay:?}"),
        };
        *self = next;
        gone
    }
}
