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

/// The rows that were deleted, and what went with them.
pub(in crate::ops) type WithFamily = (Met<ValueTuple>, Touched);

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
        let Met::Rows(keys) = &met else { return Ok((met, Touched::default())) };
        let touched = family.lock(tx, keys).await?;
        note(&touched);
        for keys in lists::<E>(tx.get_database_backend(), keys) {
            E::delete_many().filter(has_one_of::<E>(keys)).exec(tx).await?;
        }
        Ok((met, touched))
    }
}

/// What becomes of each key, and the entities that are to be invalidated as a whole; an error if the rows are too many.
pub(in crate::ops) fn deleted_with<E: CachedEntity>(
    context: &Context,
    (met, touched): &WithFamily,
) -> Result<(Vec<Settled>, Vec<Owner>)> {
    met.within(context.settings.bulk_limit)?;
    Ok(touched.settled(absent::<E>(context)))
}
