//! Those who look a row up by its unique value: the pointer, the row's entry, and whether it still has the value.

use writethrough_core::protocol::{Micros, Nonce, Stamp, Standing};

use super::super::key::Key;
use super::cache::{Content, Name, SERVER};
use super::table::{Answer, Call, Id, Value};
use super::witness::{Client, Witness};
use super::world::{Design, Scene};

/// What a reader does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Does {
    GetPointer,
    LeasePointer,
    QueryByValue,
    FillPointer,
    GetEntry,
    LeaseEntry,
    QueryRow,
    FillEntry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reader {
    pub(super) lookup: Lookup,
    /// How many lookups it has yet to begin.
    pub(super) left: u8,
    /// Whether it has put something better in the place of a pointer that did not fit.
    pub(super) healed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lookup {
    Idle,
    /// Found no pointer.
    Missed,
    /// Found a pointer, written then, to a row that has another value.
    Misled(Micros),
    /// Will ask the database by value, under a lease for the pointer or leaving the cache alone.
    Asking(Option<Stamp>, Why),
    /// Has asked, under a lease.
    Asked(Stamp, Option<Id>, Why),
    /// Found a pointer to the row, written then.
    Pointed(Id, Micros),
    /// The row has no entry.
    Entryless(Id, Micros),
    /// Will load the row, under a lease for its entry or leaving the cache alone.
    Loading(Id, Micros, Option<Stamp>),
    /// Has loaded the row, under a lease.
    Loaded(Id, Micros, Stamp, Option<Value>),
    /// Has asked the database without a lease, and means to heal the pointer with the answer all the same.
    Heedless(Micros, Option<Id>),
}

/// Why a lookup asks the database by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    Missed,
    Misled,
}

impl Reader {
    pub(super) fn new(lookups: u8) -> Self {
        Self { lookup: Lookup::Idle, left: lookups, healed: false }
    }

    pub(super) fn next(self, design: Design) -> Option<Does> {
        match self.lookup {
            Lookup::Idle => (self.left > 0).then_some(Does::GetPointer),
            Lookup::Misled(_) if design == Design::HealsWithAnEarlierAnswer => Some(Does::QueryByValue),
            Lookup::Missed | Lookup::Misled(_) | Lookup::Heedless(..) => Some(Does::LeasePointer),
            Lookup::Asking(..) => Some(Does::QueryByValue),
            Lookup::Asked(..) => Some(Does::FillPointer),
            Lookup::Pointed(..) => Some(Does::GetEntry),
            Lookup::Entryless(..) => Some(Does::LeaseEntry),
            Lookup::Loading(..) => Some(Does::QueryRow),
            Lookup::Loaded(..) => Some(Does::FillEntry),
        }
    }

    pub(super) fn take<W: Witness>(&mut self, does: Does, visit: &mut Visit<'_, W>) {
        self.lookup = match (does, self.lookup) {
            (Does::GetPointer, Lookup::Idle) => {
                self.left -= 1;
                visit.get_pointer()
            }
            (Does::LeasePointer, Lookup::Missed) => Lookup::Asking(visit.lease_pointer(None), Why::Missed),
            (Does::LeasePointer, Lookup::Misled(seen)) => Lookup::Asking(visit.lease_pointer(Some(seen)), Why::Misled),
            (Does::QueryByValue, Lookup::Asking(Some(stamp), why)) => Lookup::Asked(stamp, visit.query(), why),
            (Does::QueryByValue, Lookup::Asking(None, _)) => visit.answer(visit.query()),
            (Does::FillPointer, Lookup::Asked(stamp, found, why)) => {
                self.healed |= visit.fill_pointer(stamp, found) && why == Why::Misled;
                visit.answer(found)
            }
            (Does::GetEntry, Lookup::Pointed(row, seen)) => visit.get_entry(row, seen),
            (Does::LeaseEntry, Lookup::Entryless(row, seen)) => Lookup::Loading(row, seen, visit.lease_entry(row)),
            (Does::QueryRow, Lookup::Loading(row, seen, Some(stamp))) => {
                Lookup::Loaded(row, seen, stamp, visit.scene.table.get(row))
            }
            (Does::QueryRow, Lookup::Loading(row, seen, None)) => visit.verify(row, seen, visit.scene.table.get(row)),
            (Does::FillEntry, Lookup::Loaded(row, seen, stamp, value)) => {
                visit.fill_entry(row, stamp, value);
                visit.verify(row, seen, value)
            }
            (Does::QueryByValue, Lookup::Misled(seen)) => Lookup::Heedless(seen, visit.query()),
            (Does::LeasePointer, Lookup::Heedless(seen, found)) => match visit.lease_pointer(Some(seen)) {
                Some(stamp) => Lookup::Asked(stamp, found, Why::Misled),
                None => visit.answer(found),
            },
            (does, lookup) => panic!("{does:?} while {lookup:?}"),
        };
    }
}

/// One step of a lookup: who looks what up, and where.
pub(super) struct Visit<'a, W> {
    pub(super) who: u8,
    pub(super) value: Value,
    pub(super) design: Design,
    pub(super) scene: &'a mut Scene<W>,
}

impl<W: Witness> Visit<'_, W> {
    fn get_pointer(&mut self) -> Lookup {
        self.scene.witness.begins(Client::Reader(self.who), Call::Find(self.value), &self.scene.table);
        match self.pointer().get(&SERVER) {
            Standing::Value { value: Content::Place(Some(row)), written_at } => Lookup::Pointed(row, written_at),
            Standing::Value { value: Content::Place(None), .. } => self.answer(None),
            Standing::Value { value, .. } => panic!("{value:?} under a pointer's key"),
            Standing::Absent => Lookup::Missed,
            Standing::Leased | Standing::Fenced => Lookup::Asking(None, Why::Missed),
        }
    }

    fn get_entry(&mut self, row: Id, seen: Micros) -> Lookup {
        match self.entry(row).get(&SERVER) {
            Standing::Value { value: Content::Row(value), .. } => self.verify(row, seen, value),
            Standing::Value { value, .. } => panic!("{value:?} under an entry's key"),
            Standing::Absent => Lookup::Entryless(row, seen),
            Standing::Leased | Standing::Fenced => Lookup::Loading(row, seen, None),
        }
    }

    fn lease_pointer(&mut self, seen: Option<Micros>) -> Option<Stamp> {
        let nonce = self.nonce();
        self.pointer().lease(nonce, seen, &SERVER)
    }

    fn lease_entry(&mut self, row: Id) -> Option<Stamp> {
        let nonce = self.nonce();
        self.entry(row).lease(nonce, None, &SERVER)
    }

    fn query(&self) -> Option<Id> {
        self.scene.table.find(self.value)
    }

    /// Fills the pointer alone: the row's entry was not leased before the query.
    fn fill_pointer(&mut self, stamp: Stamp, found: Option<Id>) -> bool {
        let applied = self.pointer().fill(stamp, Content::Place(found), &SERVER);
        if let (true, Design::FillsTheEntryToo, Some(row)) = (applied, self.design, found)
            && let Some(stamp) = self.lease_entry(row)
        {
            self.fill_entry(row, stamp, Some(self.value));
        }
        applied
    }

    fn fill_entry(&mut self, row: Id, stamp: Stamp, value: Option<Value>) {
        self.entry(row).fill(stamp, Content::Row(value), &SERVER);
    }

    /// The row to which the pointer led answers the lookup only if it has the value.
    fn verify(&mut self, row: Id, seen: Micros, value: Option<Value>) -> Lookup {
        if value == Some(self.value) || self.design == Design::TrustsPointers {
            return self.answer(Some(row));
        }
        Lookup::Misled(seen)
    }

    fn answer(&mut self, found: Option<Id>) -> Lookup {
        self.scene.witness.returns(Client::Reader(self.who), Answer::Found(found));
        Lookup::Idle
    }

    fn pointer(&mut self) -> &mut Key<Content> {
        self.scene.cache.key_mut(Name::Pointer(self.value))
    }

    fn entry(&mut self, row: Id) -> &mut Key<Content> {
        self.scene.cache.key_mut(Name::Entry(row))
    }

    /// A reader has one lease at a time of each key, and one that it lost never comes back.
    fn nonce(&self) -> Nonce {
        Nonce(100 + u64::from(self.who))
    }
}
