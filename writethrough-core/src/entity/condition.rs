//! Conditions on columns, with the casts that SeaORM gives enum columns.

use sea_orm::sea_query::ValueTuple;
use sea_orm::sea_query::{Expr, ExprTrait, Value};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Iterable, PrimaryKeyToColumn, QueryFilter, Select};

/// `(column, …) IN (…)`.
pub(crate) fn is_one_of<C: ColumnTrait>(columns: &[C], values: &[Vec<Value>]) -> Condition {
    match columns {
        [column] => {
            let values = values.iter().flatten().map(|value| column.save_as(Expr::val(value.clone())));
            Condition::all().add(column.into_expr().is_in(values))
        }
        columns => {
            let row = Expr::tuple(columns.iter().map(|column| column.into_expr()));
            let tuple = |values: &Vec<Value>| {
                let values = values.iter().zip(columns);
                Expr::tuple(values.map(|(value, column)| column.save_as(Expr::val(value.clone()))))
            };
            Condition::all().add(row.is_in(values.iter().map(tuple)))
        }
    }
}

/// `primary key IN (…)`.
pub(crate) fn has_one_of<E: EntityTrait>(pks: &[ValueTuple]) -> Condition {
    let columns: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let values: Vec<Vec<Value>> = pks.iter().map(|pk| pk.clone().into_iter().collect()).collect();
    is_one_of(&columns, &values)
}

/// What `find_by_id` selects, for a key of which nobody knows whether its type takes it: SeaORM panics where it does not.
pub(crate) fn find_by_pk<E: EntityTrait>(pk: &ValueTuple) -> Select<E> {
    let columns = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    columns.zip(pk.clone()).fold(E::find(), |query, (column, value)| query.filter(column.eq(value)))
}
