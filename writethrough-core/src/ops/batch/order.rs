//! Which of the rows that came back is which of those that were sent.
//!
//! SQL promises no order for what RETURNING gives. Where the primary keys were sent, they tell. Otherwise PostgreSQL and
//! SQLite take the rows one by one in the order of VALUES, generate their keys in that order, and return them so; that is
//! what is relied upon, and looked at: the columns that the database has stored as they were sent must agree row by row. If
//! they do not, the order of the generated keys is tried; if that does not fit either, nothing is written.

use std::collections::HashMap;

use sea_orm::sea_query::{Value, ValueTuple};
use sea_orm::{ActiveModelTrait, ActiveValue, DbErr, Iterable, ModelTrait};

use crate::entity::CachedEntity;

/// The rows in the order in which they were sent; an error if that cannot be.
pub(super) fn in_order<E: CachedEntity>(
    sent: &[E::ActiveModel],
    keys: Option<&[ValueTuple]>,
    rows: Vec<E::Model>,
) -> Result<Vec<E::Model>, DbErr> {
    if rows.len() < sent.len() {
        return Err(DbErr::RecordNotInserted);
    }
    if rows.len() > sent.len() {
        return Err(DbErr::Custom(format!("{} rows came back for {} that were sent", rows.len(), sent.len())));
    }
    let Some(keys) = keys else {
        return in_generated_order::<E>(sent, rows);
    };
    match by_key::<E>(keys, rows) {
        Ok(rows) => Ok(rows),
        // The database spells keys otherwise.
        Err(rows) if agree::<E>(sent, &rows) => Ok(rows),
        Err(_) => Err(mixed_up()),
    }
}

fn in_generated_order<E: CachedEntity>(
    sent: &[E::ActiveModel],
    mut rows: Vec<E::Model>,
) -> Result<Vec<E::Model>, DbErr> {
    if agree::<E>(sent, &rows) {
        return Ok(rows);
    }
    rows.sort_by_key(|row| number(&row.get_primary_key_value()));
    if agree::<E>(sent, &rows) { Ok(rows) } else { Err(mixed_up()) }
}

fn mixed_up() -> DbErr {
    DbErr::Custom("the rows that came back are not those that were sent, or in no order that could be known".to_owned())
}

/// The rows in the order of these keys; as they were if they do not have them.
fn by_key<E: CachedEntity>(keys: &[ValueTuple], rows: Vec<E::Model>) -> Result<Vec<E::Model>, Vec<E::Model>> {
    let places: HashMap<&ValueTuple, usize> = keys.iter().zip(0..).collect();
    let mut places: Vec<_> =
        rows.iter().map(|row| places.get(&row.get_primary_key_value()).copied()).zip(rows.iter().cloned()).collect();
    places.sort_by_key(|(place, _)| *place);
    let fits = places.iter().zip(0..).all(|((place, _), expected)| *place == Some(expected));
    if fits { Ok(places.into_iter().map(|(_, row)| row).collect()) } else { Err(rows) }
}

/// Whether each row has what was sent for it, in all columns that the database has stored as they were sent: a trigger or
/// a type of the database may have changed the others.
pub(super) fn agree<E: CachedEntity>(sent: &[E::ActiveModel], rows: &[E::Model]) -> bool {
    E::Column::iter().filter(|column| is_kept::<E>(sent, rows, *column)).all(|column| {
        sent.iter().zip(rows).all(|(sent, row)| match sent.get(column) {
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => row.get(column) == value,
            ActiveValue::NotSet => true,
        })
    })
}

/// Whether the values of this column are those that were sent, in whatever order.
fn is_kept<E: CachedEntity>(sent: &[E::ActiveModel], rows: &[E::Model], column: E::Column) -> bool {
    let mut counts: HashMap<Value, usize> = HashMap::new();
    for row in sent {
        let (ActiveValue::Set(value) | ActiveValue::Unchanged(value)) = row.get(column) else { return false };
        *counts.entry(value).or_default() += 1;
    }
    rows.iter().all(|row| match counts.get_mut(&row.get(column)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    })
}

/// A generated key, if it is a number.
fn number(pk: &ValueTuple) -> Option<i128> {
    let ValueTuple::One(value) = pk else { return None };
    match value {
        Value::TinyInt(number) => number.map(Into::into),
        Value::SmallInt(number) => number.map(Into::into),
        Value::Int(number) => number.map(Into::into),
        Value::BigInt(number) => number.map(Into::into),
        Value::TinyUnsigned(number) => number.map(Into::into),
        Value::SmallUnsigned(number) => number.map(Into::into),
        Value::Unsigned(number) => number.map(Into::into),
        Value::BigUnsigned(number) => number.map(Into::into),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
