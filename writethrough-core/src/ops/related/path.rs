//! Which way a relation goes.

use std::marker::PhantomData;

use sea_orm::sea_query::Value;
use sea_orm::{EntityTrait, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn, RelationDef, RelationType};

use super::Values;
use super::values::{Carried, carry};
use crate::entity::{self, CachedEntity, IsRelatedTo};
use crate::error::{Error, Result};

/// How the related rows are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By their primary key.
    PrimaryKey,
    /// By a unique key, by its number.
    Key(usize),
    /// By an index, by its number.
    Index(usize),
}

/// How many rows belong to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HowMany {
    /// At most one.
    One,
    /// Any number.
    Any,
}

/// The rows of `R` that belong to some others.
pub(crate) struct Asked<R> {
    pub(super) way: Way,
    /// Of each of the others, the values that lead to what belongs to it; none where nothing does.
    wanted: Vec<Option<Values>>,
    _related: PhantomData<fn() -> R>,
}

impl<R: CachedEntity> Asked<R> {
    /// Follows the relation of these rows to `R`.
    pub(crate) fn of<M: ModelTrait<Entity: IsRelatedTo<R>>>(rows: &[M], how_many: HowMany) -> Result<Self> {
        let path = Path::<M::Entity, R>::of(how_many)?;
        let wanted = rows.iter().map(|row| path.from(row)).collect::<Result<_>>()?;
        Ok(Self { way: path.way, wanted, _related: PhantomData })
    }

    /// The values that lead somewhere, in the order of the rows.
    pub(super) fn values(&self) -> Vec<Values> {
        self.wanted.iter().flatten().cloned().collect()
    }

    /// What was found by [`values`](Self::values), back at its rows.
    pub(super) fn spread<T: Default>(&self, found: Vec<T>) -> Vec<T> {
        let mut found = found.into_iter();
        self.wanted.iter().map(|values| values.as_ref().and_then(|_| found.next()).unwrap_or_default()).collect()
    }
}

/// From columns of `E` to columns of `R`.
struct Path<E: EntityTrait, R: EntityTrait> {
    way: Way,
    /// In the order in which the key of `R` has them.
    steps: Vec<(E::Column, R::Column)>,
}

impl<E: IsRelatedTo<R>, R: CachedEntity> Path<E, R> {
    fn of(how_many: HowMany) -> Result<Self> {
        let relation = E::relation();
        if let Some(via) = E::through() {
            let between = entity::table(&via.to_tbl).unwrap_or_default();
            return Err(refused::<E, R>(&format!(
                "goes through the table `{between}`; load the rows of that table, and what belongs to them"
            )));
        }
        if relation.on_condition.is_some() {
            return Err(refused::<E, R>("has a condition of its own; load it with SeaORM itself"));
        }
        if entity::table(&relation.from_tbl) != own_table::<E>() || entity::table(&relation.to_tbl) != own_table::<R>()
        {
            return Err(refused::<E, R>("leads from or to another table; load it with SeaORM itself"));
        }
        if how_many == HowMany::One && relation.rel_type == RelationType::HasMany {
            return Err(refused::<E, R>("leads to many rows; call `load_many_cached`"));
        }
        Self::along(&relation)
    }

    fn along(relation: &RelationDef) -> Result<Self> {
        let (from_names, to_names) = (entity::names(&relation.from_col), entity::names(&relation.to_col));
        let columns = entity::columns::<E>(&from_names).zip(entity::columns::<R>(&to_names));
        let Some((from, to)) = columns.filter(|(from, to)| from.len() == to.len()) else {
            return Err(refused::<E, R>("names columns that the entities do not have; correct it"));
        };
        let steps: Vec<_> = from.into_iter().zip(to).collect();
        let primary_key: Vec<_> = R::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
        let keys = R::unique_keys().iter().enumerate().map(|(number, key)| (Way::Key(number), key.to_vec()));
        let indexes = R::indexes().iter().enumerate().map(|(number, index)| (Way::Index(number), index.to_vec()));
        let ways = std::iter::once((Way::PrimaryKey, primary_key)).chain(keys).chain(indexes);
        ways.filter_map(|(way, key)| Some(Self { way, steps: in_order_of::<E, R>(&steps, &key)? })).next().ok_or_else(
            || {
                let columns = to_names.join("`, `");
                let remedy = match to_names.as_slice() {
                    [column] => {
                        format!("mark `{column}` with `#[write_through(index)]`, or with `key` if it is unique")
                    }
                    names => {
                        format!(
                            "mark the struct with `#[write_through(index({}))]`, or with `key` if they are unique",
                            names.join(", ")
                        )
                    }
                };
                refused::<E, R>(&format!("leads to `{columns}`, by which rows are not cached; {remedy}"))
            },
        )
    }

    /// The values that lead on from this row; none if one is NULL, or cannot be where it leads to.
    fn from(&self, row: &impl ModelTrait<Entity = E>) -> Result<Option<Values>> {
        let mut values = Vec::with_capacity(self.steps.len());
        for (from, to) in &self.steps {
            let value = row.get(*from);
            if is_null(&value) {
                return Ok(None);
            }
            match carry(value, &<R::Model as ModelTrait>::get_value_type(*to)) {
                Carried::Value(value) => values.push(value),
                Carried::Nowhere => return Ok(None),
                Carried::Misfit => {
                    let (from, to) = (from.as_str(), to.as_str());
                    return Err(refused::<E, R>(&format!(
                        "leads from `{from}` to `{to}`, which is of another type; give them one"
                    )));
                }
            }
        }
        Ok(Some(values))
    }
}

/// The steps in the order of this key; none if they lead to other columns than it has.
fn in_order_of<E: EntityTrait, R: EntityTrait>(
    steps: &[(E::Column, R::Column)],
    key: &[R::Column],
) -> Option<Vec<(E::Column, R::Column)>> {
    if steps.len() != key.len() {
        return None;
    }
    let step_to = |column: &R::Column| steps.iter().find(|(_, to)| to.as_str() == column.as_str()).copied();
    key.iter().map(step_to).collect()
}

fn own_table<E: EntityTrait>() -> Option<String> {
    entity::table(&E::default().table_ref())
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

fn refused<E: EntityTrait, R: EntityTrait>(why: &str) -> Error {
    let (from, to) = (E::default(), R::default());
    Error::input(format!("the relation of `{}` to `{}` {why}", from.table_name(), to.table_name()))
}
