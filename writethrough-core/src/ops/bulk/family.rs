//! `DELETE … WHERE` of rows on which others depend: see [`cascade`](crate::ops::cascade).

use sea_orm::sea_query::ValueTuple;
use sea_orm::{ConnectionTrait, DbErr, QueryFilter};

use super::delete::Delete;
use super::{Met, lists, locked_keys};
use crate::entity::{CachedEntity, Owner, has_one_of};
use crate::error::Result;
use crate::ops::cascade::{Family, Touched};
use crate::ops::claim::Settled;
use crate::ops::context::Context;
use crate::ops::delete::absent;

/// The rows that were met, and what goes with them.
pub(in crate::ops) struct WithFamily {
    met: Met<ValueTuple>,
    touched: Touched,
    deleted: u64,
}

impl WithFamily {
    /// How many rows were deleted.
    pub(in crate::ops) fn deleted(&self) -> u64 {
        self.deleted
    }
}

impl<E: CachedEntity> Delete<E> {
    /// Finds the rows and what depends on them, which `note` learns, and then deletes them.
    pub(in crate::ops) async fn execute_with(
        self,
        tx: &impl ConnectionTrait,
        family: &Family<'_>,
        bound: usize,
        note: impl FnOnce(&Touched),
    ) -> Result<WithFamily, DbErr> {
        family.begin(tx).await?;
        let met = locked_keys::<E>(tx, self.filter, bound).await?;
        let Met::Rows(keys) = &met else { return Ok(WithFamily { met, touched: Touched::default(), deleted: 0 }) };
        let touched = family.lock(tx, keys).await?;
        note(&touched);
        let mut deleted = 0;
        for keys in lists::<E>(tx.get_database_backend(), keys) {
            deleted += E::delete_many().filter(has_one_of::<E>(keys)).exec(tx).await?.rows_affected;
        }
        Ok(WithFamily { met, touched, deleted })
    }
}

/// What becomes of each key, and the entities that are to be invalidated as a whole; an error if the rows are too many.
pub(in crate::ops) fn deleted_with<E: CachedEntity>(
    context: &Context,
    WithFamily { met, touched, deleted }: &WithFamily,
) -> Result<(Vec<Settled>, Vec<Owner>)> {
    let rows = met.within(context.settings.bulk_limit)?;
    // A trigger may have kept one of them, or a cascade has come first: then nobody knows which are gone.
    let all_are_gone = *deleted == rows.len() as u64;
    Ok(touched.settled(absent::<E>(context).filter(|_| all_are_gone)))
}
