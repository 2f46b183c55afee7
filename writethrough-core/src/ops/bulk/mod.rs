//! Updating and deleting all rows that a condition selects.
//!
//! Which rows those are only the statement knows, so each is a transaction: the statement, FENCE around the keys of the
//! rows that it returned, COMMIT, FINISH. Where there is no RETURNING, the keys are selected and locked first, and the
//! statement then names them, because a condition that is evaluated twice may select other rows the second time.
//!
//! A bound keeps one call from filling memory and cache with a whole table; beyond it nothing is written.

mod delete;
mod family;
mod update;

use sea_orm::sea_query::{Expr, ExprTrait, IntoValueTuple, Query, ValueTuple};
use sea_orm::{
    Condition, ConnectionTrait, DbBackend, DbErr, Iterable, PrimaryKeyArity, PrimaryKeyToColumn, QueryFilter,
    QuerySelect, QueryTrait, Select,
};

pub(super) use self::delete::deleted;
pub(crate) use self::delete::{Delete, delete_many};
pub(super) use self::family::{WithFamily, deleted_with};
pub(super) use self::update::updated;
pub(crate) use self::update::{Update, update_many};
use super::limits::Limits;
use crate::entity::{CachedEntity, PkValue};
use crate::error::{Error, Result};

/// What a bulk write met.
pub(super) enum Met<T> {
    /// These.
    Rows(Vec<T>),
    /// More than the bound.
    TooMany,
}

impl<T> Met<T> {
    fn of(rows: Vec<T>, bound: usize) -> Self {
        if rows.len() > bound { Self::TooMany } else { Self::Rows(rows) }
    }

    /// How many rows were written.
    pub(super) fn written(&self) -> u64 {
        match self {
            Self::Rows(rows) => rows.len() as u64,
            Self::TooMany => 0,
        }
    }

    /// The rows, or what to do about it that they are so many.
    fn within(&self, bound: usize) -> Result<&[T]> {
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::TooMany => Err(Error::input(format!(
                "the filter selects more than {bound} rows, which is the store's bulk_limit, and nothing was written; \
                 write them in parts, or raise bulk_limit on the builder"
            ))),
        }
    }
}

/// The condition, and that no more rows than the bound meet it: so that a statement does not return a whole table before
/// anybody has counted. A part of the statement itself, because SQLite may refuse to write to whoever has read before.
fn bounded<E: CachedEntity>(condition: &Condition, bound: usize) -> Condition {
    let mut count = Query::select();
    let some = one_for_each::<E>(condition).limit(bound as u64 + 1);
    count.expr(Expr::cust("COUNT(*)")).from_subquery(some.into_query(), "bounded");
    let is_within = Expr::from(count).lte(i64::try_from(bound).unwrap_or(i64::MAX));
    Condition::all().add(condition.clone()).add(is_within)
}

/// Whether more rows than the bound meet the condition: asked if a statement under [`bounded`] met none.
async fn exceeds<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    condition: &Condition,
    bound: usize,
) -> Result<bool, DbErr> {
    let beyond = one_for_each::<E>(condition).limit(1).offset(bound as u64);
    Ok(tx.query_one(beyond.as_query()).await?.is_some())
}

/// The rows that meet the condition, without their columns.
fn one_for_each<E: CachedEntity>(condition: &Condition) -> Select<E> {
    E::find().select_only().column_as(Expr::cust("1"), "one").filter(condition.clone())
}

/// The keys of the rows that are selected now, locked; at most one more than the bound.
async fn locked_keys<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    condition: Condition,
    bound: usize,
) -> Result<Met<ValueTuple>, DbErr> {
    let columns = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let select = E::find().select_only().columns(columns).filter(condition);
    let select = select.limit(bound as u64 + 1).lock_exclusive();
    let keys: Vec<PkValue<E>> = select.into_tuple().all(tx).await?;
    Ok(Met::of(keys.into_iter().map(IntoValueTuple::into_value_tuple).collect(), bound))
}

/// These keys in lists that one statement takes.
fn lists<E: CachedEntity>(backend: DbBackend, keys: &[ValueTuple]) -> impl Iterator<Item = &[ValueTuple]> {
    keys.chunks(Limits::of(backend).keys(PkValue::<E>::ARITY))
}
