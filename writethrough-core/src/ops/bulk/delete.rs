//! `DELETE … WHERE`.

use std::sync::Arc;

use sea_orm::sea_query::{IntoCondition, ValueTuple};
use sea_orm::{Condition, ConnectionTrait, DatabaseTransaction, DbErr, ModelTrait, QueryFilter};

use super::{ATTEMPTS, Met, WithFamily, bounded, deleted_with, lists, locked_keys, met};
use crate::entity::{CachedEntity, facts, has_one_of};
use crate::error::Result;
use crate::ops::cascade::Family;
use crate::ops::claim::{Claim, Settled};
use crate::ops::context::{Context, is_mysql};
use crate::ops::delete::{absent, delete_span};
use crate::ops::effect::Changed;
use crate::ops::shield::PointOfNoReturn;
use crate::ops::write::{Write, Written, traced};

/// Which rows are to go.
#[derive(Clone, Debug)]
pub(crate) struct Delete<E: CachedEntity> {
    pub(super) filter: Condition,
    _entity: std::marker::PhantomData<fn() -> E>,
}

impl<E: CachedEntity> Delete<E> {
    pub(crate) fn new() -> Self {
        Self { filter: Condition::all(), _entity: std::marker::PhantomData }
    }

    pub(crate) fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.filter = self.filter.add(condition.into_condition());
        self
    }

    /// The keys of the rows that were deleted.
    pub(in crate::ops) async fn execute(
        self,
        tx: &impl ConnectionTrait,
        bound: usize,
    ) -> Result<Met<ValueTuple>, DbErr> {
        if is_mysql(tx) {
            return self.of_locked(tx, bound).await;
        }
        for _ in 0..ATTEMPTS {
            let rows = E::delete_many().filter(bounded::<E>(&self.filter, bound)).exec_with_returning(tx).await?;
            if let Some(met) = met::<E>(tx, rows, &self.filter, bound).await? {
                return Ok(met.map(|row| row.get_primary_key_value()));
            }
        }
        Ok(Met::Rows(Vec::new()))
    }

    /// Without RETURNING.
    async fn of_locked(self, tx: &impl ConnectionTrait, bound: usize) -> Result<Met<ValueTuple>, DbErr> {
        let met = locked_keys::<E>(tx, self.filter, bound).await?;
        if let Met::Rows(keys) = &met {
            for keys in lists::<E>(tx.get_database_backend(), keys) {
                E::delete_many().filter(has_one_of::<E>(keys)).exec(tx).await?;
            }
        }
        Ok(met)
    }
}

/// The keys of the rows that were deleted, and what each becomes; an error if they are too many.
pub(in crate::ops) fn deleted<E: CachedEntity>(context: &Context, met: &Met<ValueTuple>) -> Result<Vec<Settled>> {
    let value = absent::<E>(context);
    let settled = |pk| Ok(Settled { claim: Claim::new::<E>(context.key::<E>(pk)?), value: value.clone() });
    met.within(context.settings.bulk_limit)?.iter().map(settled).collect()
}

/// Deletes the rows and removes their entries.
///
/// Dropping the future before the first statement is sent cancels the delete; afterwards it goes on in the background.
pub(crate) async fn delete_many<E: CachedEntity>(context: &Arc<Context>, delete: Delete<E>) -> Result<Changed> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let write = |point| write::<E>(context.clone(), delete, point);
    traced(context, entity, delete_span(entity), write, |changed| Some(changed.cache)).await
}

async fn write<E: CachedEntity>(context: Arc<Context>, delete: Delete<E>, point: PointOfNoReturn) -> Result<Changed> {
    let write = Write::begin(&context, facts::<E>(), point);
    let bound = context.settings.bulk_limit;
    if let Some(family) = Family::of::<E>(&context) {
        let statements = async |tx: &DatabaseTransaction| delete.execute_with(tx, &family, bound, |_| ()).await;
        let written = |met: WithFamily| {
            let (settled, sweeps) = deleted_with::<E>(&context, &met)?;
            Ok(Written { result: met, settled, sweeps })
        };
        let (met, cache) = write.transaction(statements, written).await?;
        return Ok(Changed::new(met.deleted(), cache));
    }
    let written = |met| Ok(Written { settled: deleted::<E>(&context, &met)?, result: met, sweeps: Vec::new() });
    let (met, cache) = write.transaction(async |tx| delete.execute(tx, bound).await, written).await?;
    Ok(Changed::new(met.written(), cache))
}
