//! The database, the keys of the cache, and who remembers.

use std::collections::BTreeMap;

use writethrough_core::protocol::Payload;

use super::super::key::{Executor, Key};

/// The protocol; no other design of these scenarios changes a step.
pub(super) const SERVER: Executor<Content> = Executor::RIGHT;

/// A row, by its primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Id {
    One,
    Two,
}

impl Id {
    pub(super) const ALL: [Self; 2] = [Self::One, Self::Two];
}

/// A value of the indexed column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    A,
    B,
}

/// An insert or an update of a row, or its delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Save {
    pub(super) row: Id,
    /// What the writer believes the row to have; only a wrong design asks.
    pub(super) from: Option<Value>,
    pub(super) value: Option<Value>,
}

/// Which rows have a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct List {
    pub(super) one: bool,
    pub(super) two: bool,
}

impl List {
    pub(super) fn has(self, row: Id) -> bool {
        match row {
            Id::One => self.one,
            Id::Two => self.two,
        }
    }

    pub(super) fn with(self, row: Id, present: bool) -> Self {
        match row {
            Id::One => Self { one: present, ..self },
            Id::Two => Self { two: present, ..self },
        }
    }
}

/// What the indexed column holds; `None` where there is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Table {
    one: Option<Value>,
    two: Option<Value>,
}

impl Table {
    pub(super) fn get(&self, row: Id) -> Option<Value> {
        match row {
            Id::One => self.one,
            Id::Two => self.two,
        }
    }

    pub(super) fn list(&self, value: Value) -> List {
        List { one: self.one == Some(value), two: self.two == Some(value) }
    }

    fn save(&mut self, save: Save) {
        match save.row {
            Id::One => self.one = save.value,
            Id::Two => self.two = save.value,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Name {
    Entry(Id),
    List(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Content {
    /// What an entry holds: the row's value, or "no such row".
    Row(Option<Value>),
    /// What a list holds.
    List(List),
}

impl Payload for Content {
    /// All look alike, as rows do.
    type Mark = ();

    fn mark(&self) {}
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cache([Key<Content>; 4]);

impl Name {
    pub(super) const ALL: [Self; 4] =
        [Self::Entry(Id::One), Self::Entry(Id::Two), Self::List(Value::A), Self::List(Value::B)];

    fn at(self) -> usize {
        match self {
            Self::Entry(Id::One) => 0,
            Self::Entry(Id::Two) => 1,
            Self::List(Value::A) => 2,
            Self::List(Value::B) => 3,
        }
    }
}

impl Cache {
    /// Everything is cached; what is not to be, the adversary evicts.
    fn full(table: &Table) -> Self {
        Self(Name::ALL.map(|name| {
            Key::new(Some(match name {
                Name::Entry(row) => Content::Row(table.get(row)),
                Name::List(value) => Content::List(table.list(value)),
            }))
        }))
    }

    pub(super) fn key(&self, name: Name) -> &Key<Content> {
        &self.0[name.at()]
    }

    pub(super) fn key_mut(&mut self, name: Name) -> &mut Key<Content> {
        &mut self.0[name.at()]
    }

    /// Whether nothing in the cache would lead a load astray: no entry differs, and no list lacks a row.
    fn agrees(&self, table: &Table) -> bool {
        Name::ALL.into_iter().all(|name| match (name, self.key(name).value()) {
            (_, None) => true,
            (Name::Entry(row), Some(content)) => content == Content::Row(table.get(row)),
            (Name::List(value), Some(Content::List(list))) => {
                Id::ALL.into_iter().all(|row| list.has(row) || !table.list(value).has(row))
            }
            (Name::List(_), Some(content)) => panic!("{content:?} under a list's key"),
        })
    }
}

/// Knows of each load under way whether each row has had the value at some moment since it began, and whether it has
/// lacked it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Witness {
    loads: Vec<Option<(Value, Seen)>>,
    untrue: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Seen {
    with: List,
    without: List,
}

impl Seen {
    fn note(&mut self, list: List) {
        for row in Id::ALL {
            self.with = self.with.with(row, self.with.has(row) || list.has(row));
            self.without = self.without.with(row, self.without.has(row) || !list.has(row));
        }
    }
}

/// What clients share.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct Scene {
    pub(super) table: Table,
    /// The saves of transactions that are not committed yet, and whose they are.
    open: BTreeMap<u8, Save>,
    pub(super) cache: Cache,
    witness: Witness,
}

impl Scene {
    /// The first row has the first value; there is no second row.
    pub(super) fn new(readers: usize) -> Self {
        let table = Table { one: Some(Value::A), two: None };
        let witness = Witness { loads: vec![None; readers], untrue: false };
        Self { table, open: BTreeMap::new(), cache: Cache::full(&table), witness }
    }

    /// Whether a transaction holds the lock of the row.
    pub(super) fn must_wait(&self, who: u8, save: Save) -> bool {
        self.open.iter().any(|(owner, other)| *owner != who && save.row == other.row)
    }

    /// A transaction runs its statement.
    pub(super) fn prepare(&mut self, who: u8, save: Save) {
        self.open.insert(who, save);
    }

    /// The database runs a statement in autocommit, or a `COMMIT`.
    pub(super) fn save(&mut self, who: u8, save: Save) {
        self.table.save(save);
        for (value, seen) in self.witness.loads.iter_mut().flatten() {
            seen.note(self.table.list(*value));
        }
        self.roll_back(who);
    }

    /// What a transaction holds is free again.
    pub(super) fn roll_back(&mut self, who: u8) {
        self.open.remove(&who);
    }

    /// A load begins.
    pub(super) fn begins(&mut self, reader: u8, value: Value) {
        let mut seen = Seen::default();
        seen.note(self.table.list(value));
        self.witness.loads[usize::from(reader)] = Some((value, seen));
    }

    /// And returns.
    pub(super) fn returns(&mut self, reader: u8, list: List) {
        let (_, seen) = self.witness.loads[usize::from(reader)].take().expect("what returns was begun");
        let is_true = |row: Id| if list.has(row) { seen.with.has(row) } else { seen.without.has(row) };
        self.witness.untrue |= !Id::ALL.into_iter().all(is_true);
    }

    /// Whether every load so far returned each row that had the value all the while, and none that never had it.
    pub(super) fn is_reflected(&self) -> bool {
        !self.witness.untrue
    }

    pub(super) fn agrees(&self) -> bool {
        self.cache.agrees(&self.table)
    }
}
