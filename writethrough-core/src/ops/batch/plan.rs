//! Which rows of a batch go in one statement.
//!
//! No insert overtakes an update, nor the other way round, and no write another of the same row: one may make room for the
//! other, or be the one that holds. Of what follows each other otherwise, rows that set the same columns go together: what
//! a row does not set is the database's to choose, and a NULL in its place would be another row. Where rows refer to others of
//! their table, no insert overtakes another either.
//!
//! An update goes alone if together with others it might do something else than one after the other: where keys have
//! several spellings, two of them may be one row; where a column is unique, a value may be free only after another row gave
//! it up; and not every value comes out of an expression of MySQL as it went in.

use std::collections::HashSet;

use indexmap::IndexMap;
use sea_orm::sea_query::ValueTuple;
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, IdenStatic, Iterable, PrimaryKeyArity, PrimaryKeyToColumn};

use super::update::{Updates, is_plain};
use crate::entity::{CachedEntity, PkValue, facts};
use crate::entry::size_of;
use crate::ops::change::Change;
use crate::ops::limits::Limits;

/// Rows in one UPDATE. For each of them the database compares the keys of all of them, for each column.
const UPDATES: usize = 250;

/// Some rows of a batch, and where each stands in it.
pub(super) struct Part<E: CachedEntity> {
    pub(super) positions: Vec<usize>,
    pub(super) content: Content<E>,
}

/// What is done with them.
pub(super) enum Content<E: CachedEntity> {
    /// One INSERT.
    Inserts(Inserts<E>),
    /// One UPDATE.
    Updates(Updates<E>),
    /// A statement of its own.
    One(Change<E>),
}

/// Rows that set the same columns.
pub(super) struct Inserts<E: CachedEntity> {
    pub(super) rows: Vec<E::ActiveModel>,
    /// Their primary keys, unless the database generates them.
    pub(super) keys: Option<Vec<ValueTuple>>,
}

/// Sorts a batch into statements, in the order in which they are to be sent.
pub(super) fn parts<E: CachedEntity>(changes: Vec<Change<E>>, limits: Limits, mysql: bool) -> Vec<Part<E>> {
    let mut plan = Plan { limits, mysql, parts: Vec::new(), open: IndexMap::new(), updated: HashSet::new() };
    for (position, change) in changes.into_iter().enumerate() {
        plan.add(position, change);
    }
    plan.close();
    plan.parts
}

struct Plan<E: CachedEntity> {
    limits: Limits,
    mysql: bool,
    parts: Vec<Part<E>>,
    /// Statements that take more rows, all inserts or all updates.
    open: IndexMap<Shape, Open<E>>,
    /// The rows of the open updates.
    updated: HashSet<ValueTuple>,
}

/// What rows must have in common to go together.
#[derive(PartialEq, Eq, Hash)]
struct Shape {
    verb: Verb,
    columns: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Verb {
    InsertKnown,
    InsertGenerated,
    Update,
}

impl<E: CachedEntity> Plan<E> {
    fn add(&mut self, position: usize, change: Change<E>) {
        let key = change.known_pk(self.mysql).cloned();
        match change {
            Change::Insert { active_model, .. } if sets_something::<E>(&active_model) => {
                if self.open.keys().any(|shape| shape.verb == Verb::Update) {
                    self.close();
                }
                let verb = if key.is_some() { Verb::InsertKnown } else { Verb::InsertGenerated };
                let shape = Shape { verb, columns: columns::<E>(&active_model) };
                // A row may refer to one that was given before it.
                if facts::<E>().refers_to_itself() && !self.open.contains_key(&shape) {
                    self.close();
                }
                self.push(shape, position, active_model, key);
            }
            // One that expects a version goes alone: if no row has it, it must be known whose it was.
            Change::Update { active_model, pk, expected: None, .. } if self.goes_with_others(&active_model) => {
                if self.updated.contains(&pk) || self.open.keys().any(|shape| shape.verb != Verb::Update) {
                    self.close();
                }
                self.updated.insert(pk.clone());
                self.push(
                    Shape { verb: Verb::Update, columns: set::<E>(&active_model) },
                    position,
                    active_model,
                    Some(pk),
                );
            }
            change => {
                self.close();
                self.parts.push(Part { positions: vec![position], content: Content::One(change) });
            }
        }
    }

    fn push(&mut self, shape: Shape, position: usize, row: E::ActiveModel, key: Option<ValueTuple>) {
        let verb = shape.verb;
        let (binds, bytes) = weight::<E>(&row, verb);
        let open = self.open.entry(shape).or_insert_with(Open::new);
        let most = if verb == Verb::Update { UPDATES } else { usize::MAX };
        let fits = open.binds + binds <= self.limits.binds && open.bytes + bytes <= self.limits.bytes;
        if !open.rows.is_empty() && (!fits || open.rows.len() >= most) {
            self.parts.push(std::mem::replace(open, Open::new()).close(verb));
        }
        open.binds += binds;
        open.bytes += bytes;
        open.positions.push(position);
        open.rows.push(row);
        open.keys.extend(key);
    }

    /// Whatever comes next comes after these.
    fn close(&mut self) {
        self.parts.extend(self.open.drain(..).map(|(shape, open)| open.close(shape.verb)));
        self.updated.clear();
    }

    fn goes_with_others(&self, row: &E::ActiveModel) -> bool {
        let mut values = E::Column::iter().filter_map(|column| match row.get(column) {
            ActiveValue::Set(value) if E::PrimaryKey::from_column(column).is_none() => Some((column, value)),
            _ => None,
        });
        facts::<E>().exact_key
            && values.clone().next().is_some()
            && values.all(|(column, value)| !is_unique::<E>(column) && (!self.mysql || is_plain(&value)))
    }
}

/// A statement that takes more rows.
struct Open<E: CachedEntity> {
    positions: Vec<usize>,
    rows: Vec<E::ActiveModel>,
    keys: Vec<ValueTuple>,
    binds: usize,
    bytes: usize,
}

impl<E: CachedEntity> Open<E> {
    fn new() -> Self {
        Self { positions: Vec::new(), rows: Vec::new(), keys: Vec::new(), binds: 0, bytes: 0 }
    }

    fn close(mut self, verb: Verb) -> Part<E> {
        let content = match verb {
            Verb::InsertKnown => Content::Inserts(Inserts { rows: self.rows, keys: Some(self.keys) }),
            Verb::InsertGenerated => Content::Inserts(Inserts { rows: self.rows, keys: None }),
            Verb::Update => match (self.rows.len(), self.rows.pop(), self.keys.pop()) {
                (1, Some(active_model), Some(pk)) => {
                    Content::One(Change::Update { active_model, pk, changes_nothing: false, expected: None })
                }
                (_, row, key) => {
                    self.rows.extend(row);
                    self.keys.extend(key);
                    Content::Updates(Updates { rows: self.rows, keys: self.keys })
                }
            },
        };
        Part { positions: self.positions, content }
    }
}

/// What an insert writes.
fn columns<E: CachedEntity>(row: &E::ActiveModel) -> Vec<bool> {
    E::Column::iter().map(|column| !row.get(column).is_not_set()).collect()
}

/// What an update writes.
fn set<E: CachedEntity>(row: &E::ActiveModel) -> Vec<bool> {
    E::Column::iter().map(|column| row.get(column).is_set()).collect()
}

/// Rows of nothing but defaults have no common form: not every database takes several of them.
fn sets_something<E: CachedEntity>(row: &E::ActiveModel) -> bool {
    E::Column::iter().any(|column| !row.get(column).is_not_set())
}

/// Whether no two rows may have the same value here, as far as the entity tells.
fn is_unique<E: CachedEntity>(column: E::Column) -> bool {
    let mut keys = E::unique_keys().iter().flat_map(|columns| columns.iter());
    column.def().is_unique() || keys.any(|other| other.as_str() == column.as_str())
}

/// Bind parameters and bytes.
fn weight<E: CachedEntity>(row: &E::ActiveModel, verb: Verb) -> (usize, usize) {
    let values = E::Column::iter().filter_map(|column| match row.get(column) {
        ActiveValue::Set(value) => Some(value),
        ActiveValue::Unchanged(value) if verb != Verb::Update => Some(value),
        ActiveValue::Unchanged(_) | ActiveValue::NotSet => None,
    });
    let (count, bytes) = values.fold((0, 0), |(count, bytes), value| (count + 1, bytes + size_of(&value)));
    let key = PkValue::<E>::ARITY;
    // The key stands before each value of an update, and in the list of keys.
    if verb == Verb::Update { (count * (key + 1) + key, bytes) } else { (count, bytes) }
}

#[cfg(test)]
mod tests;
