//! Rows of an entity whose type nobody knows any more: which there are, and by what others refer to them.

use sea_orm::sea_query::{DeleteStatement, Expr, ExprTrait, IntoValueTuple, Query, SelectStatement, Value, ValueTuple};
use sea_orm::{
    DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter,
    QueryResult, QuerySelect, QueryTrait, TryGetableMany,
};

use super::condition::is_one_of;
use super::key::KeySpace;
use super::traits::{CachedEntity, PkValue};
use crate::cache::CacheKey;

/// A row that was listed.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) pk: ValueTuple,
    /// For each of the lists of columns that were wanted, the row's values; none if one is NULL, to which nothing refers.
    pub(crate) values: Vec<Option<Vec<Value>>>,
}

/// How the rows of an entity are listed, without its type.
#[derive(Clone, Copy)]
pub(crate) struct Listing {
    has_columns: fn(&[String]) -> bool,
    select: fn(&Wanted<'_>) -> SelectStatement,
    read: fn(&Wanted<'_>, &QueryResult) -> Result<Listed, DbErr>,
    key: fn(&KeySpace, &ValueTuple) -> Option<CacheKey>,
    touch: fn() -> DeleteStatement,
}

/// Which rows are wanted, and what of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// Rows that have one of `values` in these columns.
    pub(crate) columns: &'a [String],
    pub(crate) values: &'a [Vec<Value>],
    /// The lists of columns whose values are wanted.
    pub(crate) referred: &'a [Vec<String>],
}

impl Listing {
    pub(super) fn of<E: CachedEntity>() -> Self {
        Self {
            has_columns: |names| columns::<E>(names).is_some(),
            select: select::<E>,
            read: read::<E>,
            key: |keys, pk| keys.entry_key::<E>(pk).ok(),
            touch: touch::<E>,
        }
    }

    /// Whether the entity has all these columns.
    pub(crate) fn has_columns(&self, names: &[String]) -> bool {
        (self.has_columns)(names)
    }

    /// Selects the rows and locks them.
    pub(crate) fn select(&self, wanted: &Wanted<'_>) -> SelectStatement {
        (self.select)(wanted)
    }

    /// One of the rows that came back.
    pub(crate) fn read(&self, wanted: &Wanted<'_>, row: &QueryResult) -> Result<Listed, DbErr> {
        (self.read)(wanted, row)
    }

    /// The key of the row with this primary key; none if it could never be kept.
    pub(crate) fn key(&self, keys: &KeySpace, pk: &ValueTuple) -> Option<CacheKey> {
        (self.key)(keys, pk)
    }

    /// A write to the table that writes nothing.
    pub(crate) fn touch(&self) -> DeleteStatement {
        (self.touch)()
    }
}

/// The columns of these names; none if the entity lacks one of them.
pub(crate) fn columns<E: EntityTrait>(names: &[String]) -> Option<Vec<E::Column>> {
    names.iter().map(|name| E::Column::iter().find(|column| column.as_str() == name)).collect()
}

fn primary_key<E: EntityTrait>() -> Vec<E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect()
}

/// Whether more of the rows is wanted than their primary keys.
fn is_more_than_keys<E: EntityTrait>(wanted: &Wanted<'_>) -> bool {
    let key = primary_key::<E>();
    wanted.referred.iter().flatten().any(|name| key.iter().all(|column| column.as_str() != name))
}

fn select<E: CachedEntity>(wanted: &Wanted<'_>) -> SelectStatement {
    let by = columns::<E>(wanted.columns).unwrap_or_default();
    let mut query = E::find();
    if !is_more_than_keys::<E>(wanted) {
        query = query.select_only().columns(primary_key::<E>());
    }
    query.filter(is_one_of(&by, wanted.values)).lock_exclusive().into_query()
}

fn read<E: CachedEntity>(wanted: &Wanted<'_>, row: &QueryResult) -> Result<Listed, DbErr> {
    if is_more_than_keys::<E>(wanted) {
        let model = E::Model::from_query_result(row, "")?;
        let values = |names: &Vec<String>| {
            without_null(columns::<E>(names)?.into_iter().map(|column| model.get(column)).collect())
        };
        return Ok(Listed { pk: model.get_primary_key_value(), values: wanted.referred.iter().map(values).collect() });
    }
    let names: Vec<String> = primary_key::<E>().iter().map(|column| column.as_str().to_owned()).collect();
    let pk = PkValue::<E>::try_get_many(row, "", &names)?.into_value_tuple();
    let parts: Vec<Value> = pk.clone().into_iter().collect();
    let part = |name: &String| names.iter().position(|known| known == name).and_then(|place| parts.get(place).cloned());
    let values = |names: &Vec<String>| without_null(names.iter().map(part).collect::<Option<_>>()?);
    Ok(Listed { pk, values: wanted.referred.iter().map(values).collect() })
}

fn without_null(values: Vec<Value>) -> Option<Vec<Value>> {
    values.iter().all(|value| *value != value.as_null()).then_some(values)
}

fn touch<E: CachedEntity>() -> DeleteStatement {
    Query::delete().from_table(E::default().table_ref()).and_where(Expr::val(1).eq(0)).to_owned()
}
