//! A process that reads, and that could not reach the cache for a while: it consults the outbox before it trusts again.

use writethrough_core::protocol::{Standing, Step};

use super::super::key::{Executor, Row};
use super::super::scene::Scene;
use super::super::witness::Witness;
use super::world::Records;

/// When a process trusts the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Trusts {
    /// When it has consulted the outbox since the cache came back for the last time; looked at before it asks the cache,
    /// and again when the answer is there.
    OnceConsultedSince,
    /// When the cache is there.
    AtOnce,
    /// When it has consulted the outbox since the outage began.
    OnceItConsulted,
    /// As it should, but looked at only before it asks.
    WhenItAsks,
}

/// What a process does next, or suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Move {
    LoseTheCache,
    FindTheCache,
    /// It reads the outbox.
    Look,
    /// It invalidates what it read of, and is done when the cache has acknowledged.
    Tell,
    Ask,
    Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Process {
    away: bool,
    /// How often the cache came back for it.
    recoveries: u8,
    /// How often it had come back when the last look began that put everything right.
    clear_since: u8,
    look: Option<Look>,
    asking: bool,
    /// What was committed when the cache came back, or when a look began that put everything right.
    floor: Row,
    /// The cache gave it something older.
    pub(super) misled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Look {
    began_at: u8,
    committed: Row,
}

impl Process {
    pub(super) fn new() -> Self {
        let floor = Row(0);
        Self { away: false, recoveries: 0, clear_since: 0, look: None, asking: false, floor, misled: false }
    }

    /// Whether it may read what others have cached, after an outage.
    pub(super) fn trusts_again(&self, trusts: Trusts) -> bool {
        self.recoveries > 0 && !self.away && self.trusts(trusts)
    }

    fn trusts(&self, trusts: Trusts) -> bool {
        trusts == Trusts::AtOnce || self.clear_since == self.recoveries
    }

    pub(super) fn choices(&self, trusts: Trusts) -> Vec<Move> {
        let mut moves = vec![match self.away {
            true => Move::FindTheCache,
            false => Move::LoseTheCache,
        }];
        // One outage.
        moves.retain(|turn| *turn == Move::FindTheCache || self.recoveries == 0);
        match self.look {
            None if self.away || self.clear_since != self.recoveries => moves.push(Move::Look),
            Some(_) if !self.away => moves.push(Move::Tell),
            _ => {}
        }
        match self.asking {
            true => moves.push(Move::Answer),
            false if self.trusts(trusts) => moves.push(Move::Ask),
            false => {}
        }
        moves
    }

    /// Makes a move.
    pub(super) fn take<W: Witness>(
        &mut self,
        turn: Move,
        trusts: Trusts,
        records: &Records,
        scene: &mut Scene<W>,
        executor: &Executor,
    ) {
        match turn {
            Move::LoseTheCache => self.away = true,
            Move::FindTheCache => {
                self.away = false;
                self.recoveries += 1;
                self.floor = scene.committed;
            }
            Move::Look => {
                let early = u8::from(self.away && trusts == Trusts::OnceItConsulted);
                let look = Look { began_at: self.recoveries + early, committed: scene.committed };
                // With nothing to be invalidated nobody asks whether the cache is there.
                match records.is_empty() {
                    true => self.is_clear(look),
                    false => self.look = Some(look),
                }
            }
            Move::Tell => {
                scene.key.step(Step::Invalidate, executor);
                let look = self.look.take().expect("it has looked");
                self.is_clear(look);
            }
            Move::Ask => self.asking = true,
            Move::Answer => {
                self.asking = false;
                let asks_again = trusts != Trusts::WhenItAsks;
                if !self.away && (!asks_again || self.trusts(trusts)) {
                    self.read(scene, executor);
                }
            }
        }
    }

    fn is_clear(&mut self, look: Look) {
        self.clear_since = look.began_at;
        if look.began_at == self.recoveries && !self.away {
            self.floor = self.floor.max(look.committed);
        }
    }

    /// What the cache does not have, the database has, which is never old.
    fn read<W: Witness>(&mut self, scene: &mut Scene<W>, executor: &Executor) {
        if let Standing::Value { value, .. } = scene.key.get(executor) {
            self.misled |= value < self.floor;
        }
    }
}
