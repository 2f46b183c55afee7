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

use sea_orm::sea_query::{Expr, ExprTrait, IntoValueTuple, Query, SelectStatement, ValueTuple};
use sea_orm::{
    Condition, ConnectionTrait, DbBackend, DbErr, Iterable, PrimaryKeyArity, PrimaryKeyToColumn, QueryFilter,
    QuerySelect, QueryTrait,
};

pub(super) use self::delete::deleted;
pub(crate) use self::delete::{Delete, delete_many};
pub(super) use self::family::{WithFamily, deleted_with};
pub(super) use self::update::updated;
pub(crate) use self::update::{Update, update_many};
use super::limits::Limits;
use crate::entity::{CachedEntity, PkValue};
use crate::error::{Error, Result};

/// How often a statement is sent that has met nothing although there is something to be met: a trigger may refuse it.
const ATTEMPTS: usize = 3;

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

    fn map<U>(self, of: impl FnMut(T) -> U) -> Met<U> {
        match self {
            Self::Rows(rows) => Met::Rows(rows.into_iter().map(of).collect()),
            Self::TooMany => Met::TooMany,
        }
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
    let is_within = Expr::from(count::<E>(condition, bound)).lte(i64::try_from(bound).unwrap_or(i64::MAX));
    Condition::all().add(condition.clone()).add(is_within)
}

/// What a statement under [`bounded`] has met, by the rows that it returned. If it returned none, there may have been too
/// many; `None` if there are no longer, because others wrote meanwhile: then it is to be sent again.
async fn met<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    rows: Vec<E::Model>,
    condition: &Condition,
    bound: usize,
) -> Result<Option<Met<E::Model>>, DbErr> {
    if !rows.is_empty() {
        return Ok(Some(Met::of(rows, bound)));
    }
    let row = tx.query_one(&count::<E>(condition, bound)).await?;
    let selected: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(match usize::try_from(selected).unwrap_or_default() {
        0 => Some(Met::Rows(rows)),
        selected if selected > bound => Some(Met::TooMany),
        _ => None,
    })
}

/// How many rows meet the condition, counted to one beyond the bound.
fn count<E: CachedEntity>(condition: &Condition, bound: usize) -> SelectStatement {
    let one_for_each = E::find().select_only().column_as(Expr::cust("1"), "one").filter(condition.clone());
    let mut count = Query::select();
    count.expr(Expr::cust("COUNT(*)")).from_subquery(one_for_each.limit(bound as u64 + 1).into_query(), "bounded");
    count
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
