//! What operations do to one row: a register that may be absent.

use serde::{Deserialize, Serialize};

use super::clock::Moment;
use super::row::{Cell, Change, Values};

/// A row, or that there is none.
pub type State = Option<Values>;

/// What an operation did, as its client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    Loaded(State),
    /// There was no row with this key.
    NoneUnder(i64),
    /// It was not in the list of this squad.
    NotIn(i64),
    Inserted(Values),
    /// Inserted or updated, whichever it took.
    Upserted(Values),
    Duplicate,
    /// The update's columns, and the whole row that the call returned.
    Updated(Change, Values),
    NoSuchRow,
    Deleted,
    NothingToDelete,
}

/// A write that its client began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Write {
    Insert(Values),
    Upsert(Values),
    Update(Change),
    Delete,
}

/// An operation on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Told(Effect),
    /// Nobody was told its end: it was cancelled, its process was killed, its connection was lost. It takes effect at any
    /// time after it began, or never; if it is known when it ended, by then.
    Untold(Write),
}

use Effect::{Deleted, Duplicate, Inserted, Loaded, NoSuchRow, NoneUnder, NotIn, NothingToDelete, Updated, Upserted};
use Operation::{Told, Untold};

impl Operation {
    /// The row after it, if the row before it was this one; `None` if it cannot have been.
    pub fn apply(self, before: State) -> Option<State> {
        match (self, before) {
            (Told(Loaded(seen)), _) => (seen == before).then_some(before),
            (Told(NoneUnder(code)), _) => (!before.is_some_and(|row| row.is_under(code))).then_some(before),
            (Told(NotIn(squad)), _) => (!before.is_some_and(|row| row.is_in(squad))).then_some(before),
            (Told(Upserted(values)) | Untold(Write::Upsert(values)), _) => Some(Some(values)),
            (Told(Inserted(values)) | Untold(Write::Insert(values)), None) => Some(Some(values)),
            (Told(Updated(change, after)), Some(row)) => (change.of(row) == after).then_some(Some(after)),
            (Untold(Write::Update(change)), Some(row)) => Some(Some(change.of(row))),
            (Told(Deleted) | Untold(Write::Delete), Some(_)) => Some(None),
            (Told(Duplicate), Some(_)) | (Told(NoSuchRow | NothingToDelete), None) => Some(before),
            _ => None,
        }
    }

    /// What its client saw that others had written.
    pub fn seen(self) -> Vec<Cell> {
        match self {
            Told(Loaded(Some(values))) => values.cells().to_vec(),
            Told(Updated(change, after)) => {
                let set: Vec<_> = change.cells().collect();
                after.cells().into_iter().filter(|cell| !set.contains(cell)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What it writes, if it writes.
    pub fn written(self) -> Vec<Cell> {
        match self {
            Told(Inserted(values) | Upserted(values)) | Untold(Write::Insert(values) | Write::Upsert(values)) => {
                values.cells().to_vec()
            }
            Told(Updated(change, _)) | Untold(Write::Update(change)) => change.cells().collect(),
            _ => Vec::new(),
        }
    }
}

/// An operation and its place in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    pub client: u32,
    pub begun: Moment,
    /// When its client was told; `None` if never.
    pub ended: Option<Moment>,
    /// From when on every load must know of it: since it ended, if nothing else is promised; `None` if never.
    pub known: Option<Moment>,
    pub operation: Operation,
}

impl Timed {
    /// One line for people; times are milliseconds after `origin`.
    pub fn describe(&self, origin: Moment) -> String {
        let milliseconds = |moment: Moment| format!("{:.3}", moment.since(origin).as_secs_f64() * 1e3);
        let (begun, ended) = (milliseconds(self.begun), self.ended.map_or_else(|| "…".to_owned(), milliseconds));
        let what = match self.operation {
            Told(effect) => format!("{effect:?}"),
            Untold(write) => format!("{write:?}, its end untold"),
        };
        format!("{begun:>12} to {ended:>12} ms  client {:<5} {what}", self.client)
    }
}
