//! The optimistic lock: a write that expects the version its caller saw.
//!
//! An entity with a version column is updated and deleted only as the caller knew it: the statement has the version among
//! its conditions, and an update adds one. Where it meets no row, we look whether the row is there. If it is, somebody else
//! was faster: that is a conflict. Nothing was written, and the row's entry is removed, for the model may have come from it.

use std::pin::pin;

use sea_orm::sea_query::{Expr, ExprTrait, FromValueTuple, Value, ValueTuple};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbErr, IdenStatic, ModelTrait, QueryFilter,
    QueryTrait, ValidatedDeleteOne, ValidatedUpdateOne,
};

use super::claim::Claim;
use super::context::{Context, is_mysql};
use super::ending::remove;
use super::locked::locked;
use crate::entity::{CachedEntity, PkValue, facts};
use crate::error::{Error, Result};

/// The version that the row has, if nobody else has changed it since the caller saw it.
pub(super) struct Expected<E: CachedEntity> {
    column: E::Column,
    value: Value,
}

impl<E: CachedEntity> Expected<E> {
    /// What the active model says, `Set` or `Unchanged`, which goes out of it; none where the entity has no version.
    pub(super) fn taken_from(active_model: &mut E::ActiveModel) -> Result<Option<Self>> {
        let Some(column) = E::version_column() else { return Ok(None) };
        match active_model.take(column) {
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Ok(Some(Self { column, value })),
            ActiveValue::NotSet => Err(Error::input(format!(
                "the version `{}` of this `{}` is not set, so nobody can tell what it was when it was read; load the row, \
                 and change what was loaded",
                column.as_str(),
                facts::<E>().label,
            ))),
        }
    }

    /// Refuses a version that cannot be added to.
    pub(super) fn has_a_next(&self) -> Result<()> {
        if is_last(&self.value) {
            return Err(Error::input(format!(
                "the version `{}` of this `{}` is the last one that its type has; give the column a wider type, or the row \
                 a lower version",
                self.column.as_str(),
                facts::<E>().label,
            )));
        }
        Ok(())
    }

    /// Whether this row is as the caller knew it.
    pub(super) fn is_of(&self, row: &E::Model) -> bool {
        row.get(self.column) == self.value
    }

    /// An update that checks the version and advances it.
    pub(super) fn updating(&self, update: ValidatedUpdateOne<E::ActiveModel>) -> ValidatedUpdateOne<E::ActiveModel> {
        let mut update = update.filter(self.column.eq(self.value.clone()));
        QueryTrait::query(&mut update).value(self.column, next(self.column));
        update
    }

    /// A delete that checks the version.
    pub(super) fn deleting(&self, delete: ValidatedDeleteOne<E>) -> ValidatedDeleteOne<E> {
        delete.filter(self.column.eq(self.value.clone()))
    }
}

/// One more than the row has.
pub(super) fn next(version: impl ColumnTrait) -> Expr {
    Expr::col(version.as_column_ref()).add(1)
}

/// The row as it is now. A MySQL transaction would show it as of its snapshot.
pub(super) async fn current<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    pk: ValueTuple,
) -> Result<Option<E::Model>, DbErr> {
    if is_mysql(tx) { locked::<E>(tx, pk).await } else { stored::<E>(tx, pk).await }
}

/// The row, outside of a transaction.
pub(super) async fn stored<E: CachedEntity>(
    db: &impl ConnectionTrait,
    pk: ValueTuple,
) -> Result<Option<E::Model>, DbErr> {
    E::find_by_id(PkValue::<E>::from_value_tuple(pk)).one(db).await
}

/// After a statement that met no row: a conflict, and no entry any more, if the row is there all the same.
///
/// What becomes of the entry is not told: at worst it is removed later, by a repair.
pub(super) async fn unless_lost<E: CachedEntity>(
    context: &Context,
    row: impl Future<Output = Result<Option<E::Model>, DbErr>>,
) -> Result<()> {
    let Some(row) = context.deadline().within(None, pin!(row)).await? else { return Ok(()) };
    drop(remove(context, vec![Claim::new::<E>(context.key_of::<E>(&row)?)]).await);
    Err(Error::conflict(facts::<E>().label))
}

/// Removes the entries of all rows of a batch of which one lost its race: the models of the others may be as old.
pub(super) async fn evict_if_lost<E: CachedEntity, T: Sync>(
    context: &Context,
    result: &Result<T>,
    rows: Vec<ValueTuple>,
) {
    if !result.as_ref().is_err_and(Error::is_conflict) {
        return;
    }
    let mut keys: Vec<_> = rows.iter().filter_map(|pk| context.key::<E>(pk).ok()).collect();
    keys.sort_unstable();
    keys.dedup();
    drop(remove(context, keys.into_iter().map(Claim::new::<E>).collect()).await);
}

/// [`unless_lost`] after an update that failed because it met no row; other errors are handed on.
pub(super) async fn explained<E: CachedEntity>(
    context: &Context,
    row: impl Future<Output = Result<Option<E::Model>, DbErr>>,
    error: Error,
) -> Error {
    if !matches!(error.db_err(), Some(DbErr::RecordNotUpdated)) {
        return error;
    }
    match unless_lost::<E>(context, row).await {
        Ok(()) => error,
        Err(lost) => lost,
    }
}

/// Whether one more would be none of its type.
fn is_last(version: &Value) -> bool {
    match version {
        Value::SmallInt(Some(version)) => *version == i16::MAX,
        Value::Int(Some(version)) => *version == i32::MAX,
        Value::BigInt(Some(version)) => *version == i64::MAX,
        Value::SmallUnsigned(Some(version)) => *version == u16::MAX,
        Value::Unsigned(Some(version)) => *version == u32::MAX,
        Value::BigUnsigned(Some(version)) => *version == u64::MAX,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_version_of_each_type_is_known() {
        let last: [Value; 6] =
            [i16::MAX.into(), i32::MAX.into(), i64::MAX.into(), u16::MAX.into(), u32::MAX.into(), u64::MAX.into()];
        assert!(last.iter().all(is_last));
        let before: [Value; 6] = [
            (i16::MAX - 1).into(),
            (i32::MAX - 1).into(),
            (i64::MAX - 1).into(),
            (u16::MAX - 1).into(),
            (u32::MAX - 1).into(),
            (u64::MAX - 1).into(),
        ];
        assert!(!before.iter().any(is_last));
    }
}
