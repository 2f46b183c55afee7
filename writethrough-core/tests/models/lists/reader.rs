//! Those who load all rows that have a value: the list, each row's entry, and whether it still has the value.

use writethrough_core::protocol::{Nonce, Stamp, Standing};

use super::scene::{Content, Id, List, Name, SERVER, Scene, Value};
use super::world::Design;

/// What a reader does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Does {
    GetList,
    LeaseList,
    QueryList,
    FillList,
    GetEntry,
    LeaseEntry,
    QueryRow,
    FillEntry,
    Return,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reader {
    load: Load,
    /// How many loads it has yet to begin.
    left: u8,
    /// Whether it has dropped a row that its list had.
    pub(super) dropped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Load {
    Idle,
    /// Found no list; may have asked the database already, which is wrong.
    Missed(Option<List>),
    /// Will ask the database, under a lease or leaving the list alone.
    Asking(Option<Stamp>),
    /// Has asked, under a lease.
    Asked(Stamp, List),
    /// Looks at the rows one by one: what is left of the list, and what is verified.
    Rows(Rows),
    /// The next row has no entry.
    Entryless(Rows),
    /// Will load the next row, under a lease for its entry or leaving the cache alone.
    Loading(Rows, Option<Stamp>),
    /// Has loaded the next row, under a lease.
    Loaded(Rows, Stamp, Option<Value>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Rows {
    left: List,
    verified: List,
}

impl Rows {
    fn of(list: List) -> Self {
        Self { left: list, verified: List::default() }
    }

    fn next(self) -> Option<Id> {
        Id::ALL.into_iter().find(|row| self.left.has(*row))
    }
}

impl Reader {
    pub(super) fn new(loads: u8) -> Self {
        Self { load: Load::Idle, left: loads, dropped: false }
    }

    pub(super) fn next(self, design: Design) -> Option<Does> {
        match self.load {
            Load::Idle => (self.left > 0).then_some(Does::GetList),
            Load::Missed(None) if design == Design::FillsWithAnEarlierAnswer => Some(Does::QueryList),
            Load::Missed(_) => Some(Does::LeaseList),
            Load::Asking(_) => Some(Does::QueryList),
            Load::Asked(..) => Some(Does::FillList),
            Load::Rows(rows) => Some(if rows.next().is_some() { Does::GetEntry } else { Does::Return }),
            Load::Entryless(_) => Some(Does::LeaseEntry),
            Load::Loading(..) => Some(Does::QueryRow),
            Load::Loaded(..) => Some(Does::FillEntry),
        }
    }

    pub(super) fn take(&mut self, does: Does, visit: &mut Visit<'_>) {
        self.load = match (does, self.load) {
            (Does::GetList, Load::Idle) => {
                self.left -= 1;
                visit.get_list()
            }
            (Does::LeaseList, Load::Missed(None)) => Load::Asking(visit.lease(Name::List(visit.value))),
            (Does::QueryList, Load::Missed(None)) => Load::Missed(Some(visit.query())),
            (Does::LeaseList, Load::Missed(Some(list))) => match visit.lease(Name::List(visit.value)) {
                Some(stamp) => Load::Asked(stamp, list),
                None => Load::Rows(Rows::of(list)),
            },
            (Does::QueryList, Load::Asking(Some(stamp))) => Load::Asked(stamp, visit.query()),
            (Does::QueryList, Load::Asking(None)) => Load::Rows(Rows::of(visit.query())),
            (Does::FillList, Load::Asked(stamp, list)) => visit.fill_list(stamp, list),
            (Does::GetEntry, Load::Rows(rows)) => self.get_entry(rows, visit),
            (Does::LeaseEntry, Load::Entryless(rows)) => {
                Load::Loading(rows, rows.next().and_then(|row| visit.lease(Name::Entry(row))))
            }
            (Does::QueryRow, Load::Loading(rows, stamp)) => {
                let value = rows.next().and_then(|row| visit.scene.table.get(row));
                match stamp {
                    Some(stamp) => Load::Loaded(rows, stamp, value),
                    None => self.verify(rows, value, visit),
                }
            }
            (Does::FillEntry, Load::Loaded(rows, stamp, value)) => {
                if let Some(row) = rows.next() {
                    visit.scene.cache.key_mut(Name::Entry(row)).fill(stamp, Content::Row(value), &SERVER);
                }
                self.verify(rows, value, visit)
            }
            (Does::Return, Load::Rows(rows)) => {
                visit.scene.returns(visit.who, rows.verified);
                Load::Idle
            }
            (does, load) => panic!("{does:?} while {load:?}"),
        };
    }

    fn get_entry(&mut self, rows: Rows, visit: &mut Visit<'_>) -> Load {
        let Some(row) = rows.next() else { return Load::Rows(rows) };
        match visit.scene.cache.key_mut(Name::Entry(row)).get(&SERVER) {
            Standing::Value { value: Content::Row(value), .. } => self.verify(rows, value, visit),
            Standing::Value { value, .. } => panic!("{value:?} under a row's key"),
            Standing::Absent => Load::Entryless(rows),
            Standing::Leased | Standing::Fenced => Load::Loading(rows, None),
        }
    }

    /// A row counts only if it has the value.
    fn verify(&mut self, rows: Rows, value: Option<Value>, visit: &Visit<'_>) -> Load {
        let Some(row) = rows.next() else { return Load::Rows(rows) };
        let has_it = value == Some(visit.value) || visit.design == Design::TrustsLists;
        self.dropped |= !has_it;
        Load::Rows(Rows { left: rows.left.with(row, false), verified: rows.verified.with(row, has_it) })
    }
}

/// One step of a load: who loads what, and where.
pub(super) struct Visit<'a> {
    pub(super) who: u8,
    pub(super) value: Value,
    pub(super) design: Design,
    pub(super) scene: &'a mut Scene,
}

impl Visit<'_> {
    fn get_list(&mut self) -> Load {
        self.scene.begins(self.who, self.value);
        match self.scene.cache.key_mut(Name::List(self.value)).get(&SERVER) {
            Standing::Value { value: Content::List(list), .. } => Load::Rows(Rows::of(list)),
            Standing::Value { value, .. } => panic!("{value:?} under a list's key"),
            Standing::Absent => Load::Missed(None),
            Standing::Leased | Standing::Fenced => Load::Asking(None),
        }
    }

    fn query(&self) -> List {
        self.scene.table.list(self.value)
    }

    /// Fills the list alone: the rows' entries were not leased before the query.
    fn fill_list(&mut self, stamp: Stamp, list: List) -> Load {
        let applied = self.scene.cache.key_mut(Name::List(self.value)).fill(stamp, Content::List(list), &SERVER);
        if applied && self.design == Design::FillsTheRowsToo {
            for row in Id::ALL.into_iter().filter(|row| list.has(*row)) {
                if let Some(stamp) = self.lease(Name::Entry(row)) {
                    let value = Content::Row(Some(self.value));
                    self.scene.cache.key_mut(Name::Entry(row)).fill(stamp, value, &SERVER);
                }
            }
        }
        Load::Rows(Rows::of(list))
    }

    /// A reader has one lease at a time of each key, and one that it lost never comes back.
    fn lease(&mut self, name: Name) -> Option<Stamp> {
        self.scene.cache.key_mut(name).lease(Nonce(100 + u64::from(self.who)), None, &SERVER)
    }
}
