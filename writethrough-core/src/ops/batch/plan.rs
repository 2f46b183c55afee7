//! Which rows of a batch go in one statement.
//!
//! Inserts and updates keep their order, so that no write overtakes another of the same row, nor one that makes room for
//! it. Inserts that follow each other go together if they set the same columns: what a row does not set is the database's
//! to choose, and a NULL in its place would be another row.

use indexmap::IndexMap;
use sea_orm::sea_query::ValueTuple;
use sea_orm::{ActiveModelTrait, ActiveValue, Iterable};

use crate::entity::CachedEntity;
use crate::entry::size_of;
use crate::ops::change::Change;
use crate::ops::limits::Limits;

/// Some rows of a batch, and where each stands in it.
pub(super) struct Part<E: CachedEntity> {
    pub(super) positions: Vec<usize>,
    pub(super) content: Content<E>,
}

/// What is done with them.
pub(super) enum Content<E: CachedEntity> {
    /// One INSERT.
    Inserts(Inserts<E>),
    /// A statement of its own.
    One(Change<E>),
}

/// Rows that set the same columns.
pub(super) struct Inserts<E: CachedEntity> {
    pub(super) rows: Vec<E::ActiveModel>,
    /// Their primary keys, unless the database generates them.
    pub(super) keys: Option<Vec<ValueTuple>>,
}

/// What rows must have in common to go together: the columns that they set, and who chooses their keys.
#[derive(PartialEq, Eq, Hash)]
struct Shape {
    columns: Vec<bool>,
    is_key_known: bool,
}

/// An INSERT that takes more rows.
struct Open<E: CachedEntity> {
    positions: Vec<usize>,
    rows: Vec<E::ActiveModel>,
    keys: Vec<ValueTuple>,
    binds: usize,
    bytes: usize,
}

/// Sorts a batch into statements, in the order in which they are to be sent.
pub(super) fn parts<E: CachedEntity>(changes: Vec<Change<E>>, limits: Limits, mysql: bool) -> Vec<Part<E>> {
    let mut parts = Vec::new();
    let mut open: IndexMap<Shape, Open<E>> = IndexMap::new();
    for (position, change) in changes.into_iter().enumerate() {
        let key = change.known_pk(mysql).cloned();
        match change {
            Change::Insert { active_model, .. } if sets_something::<E>(&active_model) => {
                let shape = Shape { columns: columns::<E>(&active_model), is_key_known: key.is_some() };
                let insert = open.entry(shape).or_insert_with(Open::new);
                if !insert.takes(&active_model, limits) {
                    parts.push(std::mem::replace(insert, Open::new()).close());
                }
                insert.push(position, active_model, key);
            }
            change => {
                parts.extend(open.drain(..).map(|(_, insert)| insert.close()));
                parts.push(Part { positions: vec![position], content: Content::One(change) });
            }
        }
    }
    parts.extend(open.into_iter().map(|(_, insert)| insert.close()));
    parts
}

impl<E: CachedEntity> Open<E> {
    fn new() -> Self {
        Self { positions: Vec::new(), rows: Vec::new(), keys: Vec::new(), binds: 0, bytes: 0 }
    }

    fn takes(&self, row: &E::ActiveModel, limits: Limits) -> bool {
        let (binds, bytes) = weight::<E>(row);
        self.rows.is_empty() || (self.binds + binds <= limits.binds && self.bytes + bytes <= limits.bytes)
    }

    fn push(&mut self, position: usize, row: E::ActiveModel, key: Option<ValueTuple>) {
        let (binds, bytes) = weight::<E>(&row);
        self.binds += binds;
        self.bytes += bytes;
        self.positions.push(position);
        self.rows.push(row);
        self.keys.extend(key);
    }

    fn close(self) -> Part<E> {
        let keys = (self.keys.len() == self.rows.len()).then_some(self.keys);
        Part { positions: self.positions, content: Content::Inserts(Inserts { rows: self.rows, keys }) }
    }
}

fn columns<E: CachedEntity>(row: &E::ActiveModel) -> Vec<bool> {
    E::Column::iter().map(|column| !row.get(column).is_not_set()).collect()
}

/// Rows of nothing but defaults have no common form: not every database takes several of them.
fn sets_something<E: CachedEntity>(row: &E::ActiveModel) -> bool {
    E::Column::iter().any(|column| !row.get(column).is_not_set())
}

/// Bind parameters and bytes.
fn weight<E: CachedEntity>(row: &E::ActiveModel) -> (usize, usize) {
    let values = E::Column::iter().filter_map(|column| match row.get(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some(value),
        ActiveValue::NotSet => None,
    });
    values.fold((0, 0), |(binds, bytes), value| (binds + 1, bytes + size_of(&value)))
}

#[cfg(test)]
mod tests;
