//! Many rows at once inside a transaction: noted for the commit like single ones, and never half done.

use sea_orm::DbErr;
use sea_orm::sea_query::ValueTuple;

use super::Transaction;
use super::connection::Own;
use crate::entity::CachedEntity;
use crate::error::Result;
use crate::ops::batch::{Batch, Executed, after_save, execute};
use crate::ops::bulk::{self, Delete, Met, Update, WithFamily};
use crate::ops::cascade::{Family, Touched};
use crate::ops::context::before_commit;
use crate::ops::save::{Verb, advise};
use crate::ops::version::evict_if_lost;

impl Transaction {
    /// Writes rows, with their hooks. If a statement fails, this level does.
    pub(crate) async fn save_many<E: CachedEntity>(
        &self,
        active_models: Vec<E::ActiveModel>,
        verb: Verb,
    ) -> Result<Vec<E::Model>> {
        let context = self.context();
        context.meet::<E>();
        let Batch { changes, keys, inserts, contested } =
            Batch::<E>::prepare(context, self, active_models, verb).await?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let rows = async |tx: &Own<'_>| {
            let executed = whole(tx, execute::<E>(changes, tx).await)?;
            if matches!(executed, Executed::Lost) {
                tx.give_up("somebody else has changed a row of a batch");
            }
            Ok(executed)
        };
        let settled = |executed: &Executed<E::Model>| keys.settled(context, executed.rows::<E>()?);
        let result = self.write(Some(keys.known()), rows, settled).await;
        evict_if_lost::<E, _>(context, &result, contested).await;
        let models = result.map_err(|error| advise(error, verb))?.into_rows::<E>()?;
        after_save::<E>(models, &inserts, self).await.map_err(before_commit)
    }

    /// Updates all rows that a condition selects.
    pub(crate) async fn update_many<E: CachedEntity>(&self, update: Update<E>) -> Result<u64> {
        let context = self.context();
        context.meet::<E>();
        update.check()?;
        let (footprint, bound) = (update.footprint(), context.settings.bulk_limit);
        let rows = async |tx: &Own<'_>| whole(tx, update.execute(tx, bound).await);
        let settled = |met: &Met<E::Model>| bulk::updated(context, &footprint, met);
        Ok(self.write(None, rows, settled).await?.written())
    }

    /// Deletes all rows that a condition selects.
    pub(crate) async fn delete_many<E: CachedEntity>(&self, delete: Delete<E>) -> Result<u64> {
        let context = self.context();
        context.meet::<E>();
        let bound = context.settings.bulk_limit;
        if let Some(family) = Family::of::<E>(context) {
            let note = |touched: &Touched| self.note_family(touched);
            let rows = async |tx: &Own<'_>| whole(tx, delete.execute_with(tx, &family, bound, note).await);
            let settled = |met: &WithFamily| Ok(bulk::deleted_with::<E>(context, met)?.0);
            return Ok(self.write(None, rows, settled).await?.deleted());
        }
        let rows = async |tx: &Own<'_>| whole(tx, delete.execute(tx, bound).await);
        let settled = |met: &Met<ValueTuple>| bulk::deleted::<E>(context, met);
        Ok(self.write(None, rows, settled).await?.written())
    }
}

/// All of the statements, or a transaction that has failed.
fn whole<T>(tx: &Own<'_>, result: Result<T, DbErr>) -> Result<T, DbErr> {
    result.inspect_err(|_| tx.give_up("a batch was not written as a whole"))
}
