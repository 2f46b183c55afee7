//! One UPDATE of several rows, and the rows that it left.

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, SimpleExpr, Value, ValueTuple};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, Iterable, PrimaryKeyToColumn,
    QueryFilter, UpdateMany,
};

use super::order::in_order;
use crate::entity::{CachedEntity, has_one_of};
use crate::ops::locked::locked_rows;

/// Different rows that set the same columns.
pub(super) struct Updates<E: CachedEntity> {
    pub(super) rows: Vec<E::ActiveModel>,
    pub(super) keys: Vec<ValueTuple>,
}

impl<E: CachedEntity> Updates<E> {
    /// With RETURNING; one statement.
    pub(super) async fn returning(self, tx: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
        let rows = self.statement().exec_with_returning(tx).await?;
        if rows.len() < self.keys.len() {
            return Err(DbErr::RecordNotUpdated);
        }
        in_order::<E>(&self.rows, Some(&self.keys), rows)
    }

    /// With a locking read, for databases without RETURNING.
    pub(super) async fn read_back(self, tx: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
        let found = self.statement().exec(tx).await?.rows_affected;
        if found < self.keys.len() as u64 {
            return Err(DbErr::RecordNotUpdated);
        }
        locked_rows::<E>(tx, self.keys).await
    }

    fn statement(&self) -> UpdateMany<E> {
        let statement = E::update_many().filter(has_one_of::<E>(&self.keys));
        let is_no_key = |column: &E::Column| E::PrimaryKey::from_column(*column).is_none();
        E::Column::iter().filter(is_no_key).fold(statement, |statement, column| match self.value_of(column) {
            Some(value) => statement.col_expr(column, value),
            None => statement,
        })
    }

    /// What a column is set to: for each row its own value, unless all have the same.
    fn value_of(&self, column: E::Column) -> Option<SimpleExpr> {
        let value = |row: &E::ActiveModel| match row.get(column) {
            ActiveValue::Set(value) => Some(value),
            ActiveValue::Unchanged(_) | ActiveValue::NotSet => None,
        };
        let values: Vec<Value> = self.rows.iter().filter_map(value).collect();
        let first = values.first()?;
        let saved = |value: &Value| column.save_as(Expr::val(value.clone()));
        if is_plain(first) && values.iter().all(|value| value == first) {
            return Some(saved(first));
        }
        let case =
            |case: CaseStatement, (key, value): (&ValueTuple, &Value)| case.case(has_key::<E>(key), saved(value));
        Some(self.keys.iter().zip(&values).fold(CaseStatement::new(), case).into())
    }
}

/// Whether values of this kind are the same if they are equal (1.0 and 1.00 are not, nor are the two zeros of a float), and
/// come out of a CASE as they went in, whose type MySQL makes of those of all values.
pub(super) fn is_plain(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(_)
            | Value::TinyInt(_)
            | Value::SmallInt(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::TinyUnsigned(_)
            | Value::SmallUnsigned(_)
            | Value::Unsigned(_)
            | Value::BigUnsigned(_)
            | Value::String(_)
    )
}

/// Whether a row is the one with this key.
fn has_key<E: CachedEntity>(key: &ValueTuple) -> Condition {
    let columns = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    columns.zip(key.iter()).fold(Condition::all(), |condition, (column, value)| {
        condition.add(column.into_expr().eq(column.save_as(Expr::val(value.clone()))))
    })
}
