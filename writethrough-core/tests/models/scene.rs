//! What clients share: the row in the database, its lock, the key in the cache, and the witness.

use stateright::{Model, Property};

use super::key::{Key, Row};
use super::witness::{Promise, Witness};

/// The names of what is checked, for those who expect one of them to be refuted.
pub(super) const FRESH: &str = "a load returns what was acknowledged before it began, or something newer";
pub(super) const MONOTONIC: &str = "a load returns nothing older than a load that ended before it began";
pub(super) const REAL: &str = "a load returns nothing that was never committed";
pub(super) const AGREES: &str = "at rest the cache agrees with the database";
/// The names of what must happen somewhere, lest a scenario hold because nothing happens in it.
pub(super) const SERVED: &str = "a value that a writer left behind is served";
pub(super) const REFILLED: &str = "a row that was saved is in the cache again";

/// One row of the database and its key in the cache.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct Scene<W> {
    pub(super) committed: Row,
    /// The writer whose transaction holds the row's lock.
    pub(super) lock: Option<u8>,
    pub(super) key: Key,
    pub(super) witness: W,
    pub(super) sight: Sight,
}

/// What has been seen of the cache at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sight {
    /// No load has asked the database, so whatever is in the cache, a writer put there.
    Blank,
    /// Some load has asked the database.
    Queried,
    /// A load got, from the cache, a row that only a writer can have put there.
    Served,
}

impl<W: Witness> Scene<W> {
    /// The scenes to start from: the key is absent, or holds the row.
    pub(super) fn first(readers: usize) -> impl Iterator<Item = Self> {
        [None, Some(Row(0))].into_iter().map(move |cached| Self {
            committed: Row(0),
            lock: None,
            key: Key::new(cached),
            witness: W::new(readers),
            sight: Sight::Blank,
        })
    }

    /// A load asks the database.
    pub(super) fn query(&mut self) -> Row {
        if self.sight == Sight::Blank {
            self.sight = Sight::Queried;
        }
        self.committed
    }

    /// A load returns what the cache had.
    pub(super) fn hit(&mut self, reader: u8, row: Row) {
        if self.sight == Sight::Blank && row != Row(0) {
            self.sight = Sight::Served;
        }
        self.answer(reader, row);
    }

    /// A load returns.
    pub(super) fn answer(&mut self, reader: u8, row: Row) {
        self.witness.read_returns(reader, row, self.committed);
    }

    /// Whether no row but the database's is in the cache.
    pub(super) fn agrees(&self) -> bool {
        self.key.value().is_none_or(|row| row == self.committed)
    }
}

/// A state with a scene in it.
pub(super) trait Staged {
    type Witness: Witness;

    fn scene(&self) -> &Scene<Self::Witness>;
    /// Whether no write is under way, and none can come out of the dark.
    fn is_at_rest(&self) -> bool;
}

/// What is checked in every state.
pub(super) fn promises<M: Model<State: Staged>>() -> Vec<Property<M>> {
    vec![
        Property::always(FRESH, |_, state: &M::State| state.scene().witness.keeps(Promise::Fresh)),
        Property::always(MONOTONIC, |_, state: &M::State| state.scene().witness.keeps(Promise::Monotonic)),
        Property::always(REAL, |_, state: &M::State| state.scene().witness.keeps(Promise::Real)),
        Property::always(AGREES, |_, state: &M::State| !state.is_at_rest() || state.scene().agrees()),
    ]
}
