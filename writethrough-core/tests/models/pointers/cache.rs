//! The four keys of the cache: an entry for each row, a pointer for each value.

use writethrough_core::protocol::Payload;

use super::super::key::{Executor, Key};
use super::table::{Id, Table, Value};

/// The protocol; no other design of these scenarios changes a step.
pub(super) const SERVER: Executor<Content> = Executor::RIGHT;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Name {
    Entry(Id),
    Pointer(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Content {
    /// What an entry holds: the row's value, or "no such row".
    Row(Option<Value>),
    /// What a pointer holds: which row, or "no such row".
    Place(Option<Id>),
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
        [Self::Entry(Id::One), Self::Entry(Id::Two), Self::Pointer(Value::A), Self::Pointer(Value::B)];

    /// What the database would put there.
    fn truth(self, table: &Table) -> Content {
        match self {
            Self::Entry(row) => Content::Row(table.get(row)),
            Self::Pointer(value) => Content::Place(table.find(value)),
        }
    }
}

impl Cache {
    /// Everything is cached; what is not to be, the adversary evicts.
    pub(super) fn full(table: &Table) -> Self {
        Self(Name::ALL.map(|name| Key::new(Some(name.truth(table)))))
    }

    pub(super) fn key(&self, name: Name) -> &Key<Content> {
        &self.0[Self::at(name)]
    }

    pub(super) fn key_mut(&mut self, name: Name) -> &mut Key<Content> {
        &mut self.0[Self::at(name)]
    }

    /// Whether nothing in the cache would lead a lookup astray. A pointer to a row that has another value by now does
    /// not, for that row's entry tells.
    pub(super) fn agrees(&self, table: &Table) -> bool {
        Name::ALL.into_iter().all(|name| match self.key(name).value() {
            None => true,
            Some(Content::Place(Some(_))) => true,
            Some(content) => content == name.truth(table),
        })
    }

    fn at(name: Name) -> usize {
        match name {
            Name::Entry(Id::One) => 0,
            Name::Entry(Id::Two) => 1,
            Name::Pointer(Value::A) => 2,
            Name::Pointer(Value::B) => 3,
        }
    }
}
