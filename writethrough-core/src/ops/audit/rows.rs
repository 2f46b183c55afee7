//! A walk over the rows of a table in the order of their primary key.

use std::pin::pin;

use rand::Rng;
use sea_orm::sea_query::ValueTuple;
use sea_orm::{
    ColumnTrait, Condition, Iterable, ModelTrait, PaginatorTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::options::{Audit, Extent};
use crate::entity::CachedEntity;
use crate::error::Result;
use crate::ops::context::Context;

/// Where the next rows are.
#[derive(Clone, Debug)]
pub(super) enum Start {
    /// Behind so many rows.
    Offset(u64),
    /// Behind the row with this primary key.
    After(ValueTuple),
}

impl Start {
    /// Finds a start for an audit: of a sample at random, so that it does not reach beyond the end.
    pub(super) async fn find<E: CachedEntity>(audit: &Audit, context: &Context) -> Result<Self> {
        let Extent::Sample(wanted) = audit.extent else {
            return Ok(Self::Offset(0));
        };
        let rows = context.deadline().within(None, pin!(E::find().count(&context.db))).await?;
        Ok(Self::Offset(rand::rng().random_range(0..=rows.saturating_sub(wanted.into()))))
    }

    /// The next rows, at most so many.
    pub(super) async fn page<E: CachedEntity>(&self, most: u64, context: &Context) -> Result<Vec<E::Model>> {
        let query = match self {
            Self::Offset(rows) => E::find().offset(*rows),
            Self::After(pk) => E::find().filter(is_after::<E>(pk)),
        };
        let columns = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        let query = columns.fold(query, QueryOrder::order_by_asc);
        context.deadline().within(None, pin!(query.limit(most).all(&context.db))).await
    }

    /// Behind the last of these rows; the beginning, behind none.
    pub(super) fn behind<M: ModelTrait>(rows: &[M]) -> Self {
        rows.last().map_or(Self::Offset(0), |row| Self::After(row.get_primary_key_value()))
    }
}

/// `a > x OR a = x AND b > y …`
fn is_after<E: CachedEntity>(pk: &ValueTuple) -> Condition {
    let columns: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let parts: Vec<_> = columns.into_iter().zip(pk.clone()).collect();
    parts.iter().enumerate().fold(Condition::any(), |any, (place, (column, value))| {
        let equal = parts.iter().take(place).map(|(column, value)| column.eq(value.clone()));
        any.add(equal.fold(Condition::all(), Condition::add).add(column.gt(value.clone())))
    })
}
