//! The verbs inside a transaction: reads go to the database, writes are noted for the commit.

use std::pin::pin;
use std::sync::Arc;

use sea_orm::sea_query::{IntoValueTuple, OnConflict, Value, ValueTuple};
use sea_orm::{ActiveModelBehavior, DbErr, ValidatedDeleteOne};

use super::connection::Own;
use super::ledger::Failure;
use super::{Claim, Settled, Transaction};
use crate::entity::{CachedEntity, Owner, PkValue, facts};
use crate::error::Result;
use crate::ops::cascade::{Family, Touched};
use crate::ops::change::Change;
use crate::ops::context::{Context, before_commit, is_mysql};
use crate::ops::delete::{Removal, absent, delete_returning};
use crate::ops::footprint::Footprint;
use crate::ops::invalidate::keys_of_row;
use crate::ops::load_by_key::find_by_key;
use crate::ops::load_lists::find_lists;
use crate::ops::load_many::find_many;
use crate::ops::related::{Asked, find_related};
use crate::ops::save::{Verb, advise};
use crate::ops::upsert::{Upsert, settled};
use crate::ops::version::{current, explained, unless_lost};

impl Transaction {
    /// Loads a row as this transaction sees it.
    pub(crate) async fn load<E: CachedEntity>(&self, id: PkValue<E>) -> Result<Option<E::Model>> {
        self.context().meet::<E>();
        let own = self.own().await.map_err(before_commit)?;
        self.context().deadline().within(None, pin!(E::find_by_id(id).one(&own))).await
    }

    /// Loads rows as this transaction sees them.
    pub(crate) async fn load_many<E: CachedEntity>(&self, ids: Vec<PkValue<E>>) -> Result<Vec<Option<E::Model>>> {
        let context = self.context();
        context.meet::<E>();
        let own = self.own().await.map_err(before_commit)?;
        find_many::<E>(context, &own, ids.into_iter().map(IntoValueTuple::into_value_tuple).collect()).await
    }

    /// Loads a row by a unique key as this transaction sees it.
    pub(crate) async fn load_by_key<E: CachedEntity>(
        &self,
        key: usize,
        values: Vec<Value>,
    ) -> Result<Option<E::Model>> {
        self.context().meet::<E>();
        let own = self.own().await.map_err(before_commit)?;
        find_by_key::<E>(self.context(), &own, key, &values).await
    }

    /// Loads what belongs to rows as this transaction sees it.
    pub(crate) async fn related<R: CachedEntity>(&self, asked: Asked<R>) -> Result<Vec<Vec<R::Model>>> {
        let context = self.context();
        context.meet::<R>();
        let own = self.own().await.map_err(before_commit)?;
        find_related::<R>(context, &own, &asked).await
    }

    /// Loads the rows of each of these values of an index as this transaction sees them; of each in the order of their
    /// primary keys.
    pub(crate) async fn load_lists<E: CachedEntity>(
        &self,
        index: usize,
        values: Vec<Vec<Value>>,
    ) -> Result<Vec<Vec<E::Model>>> {
        self.context().meet::<E>();
        let own = self.own().await.map_err(before_commit)?;
        find_lists::<E>(self.context(), &own, index, values).await
    }

    /// Writes a row, with its hooks.
    pub(crate) async fn save<E: CachedEntity>(&self, active_model: E::ActiveModel, verb: Verb) -> Result<E::Model> {
        self.context().meet::<E>();
        let insert = verb.inserts(&active_model);
        let active_model = active_model.before_save(self, insert).await.map_err(before_commit)?;
        let change = Change::<E>::new(active_model, insert)?;
        let contested = change.contested();
        let mysql = is_mysql(self);
        let footprint = Footprint::<E>::of(self.context(), &change, mysql)?;
        let known = footprint.known();
        let reads_back = mysql && footprint.publishes;
        let row = async |tx: &Own<'_>| {
            if reads_back { change.read_back(tx).await } else { change.returning(tx).await }
        };
        let settled = |model: &E::Model| footprint.settled(self.context(), model);
        let model = match (self.write(known, row, settled).await, contested) {
            (Err(error), Some(pk)) => Err(explained::<E>(self.context(), self.current::<E>(pk), error).await),
            (result, _) => result,
        }
        .map_err(|error| advise(error, verb))?;
        E::ActiveModel::after_save(model, self, insert).await.map_err(before_commit)
    }

    /// Inserts a row or does what `on_conflict` says; `None` if that was nothing.
    pub(crate) async fn upsert<E: CachedEntity>(
        &self,
        active_model: E::ActiveModel,
        on_conflict: OnConflict,
    ) -> Result<Option<E::Model>> {
        self.context().meet::<E>();
        let upsert = Upsert::<E>::new(active_model, on_conflict)?;
        let settled = |model: &Option<E::Model>| settled::<E>(self.context(), model.as_ref());
        self.write(None, async |tx| upsert.execute(tx).await, settled).await
    }

    /// Deletes the row of an active model, with its hooks.
    pub(crate) async fn delete<E: CachedEntity>(&self, active_model: E::ActiveModel) -> Result<bool> {
        let active_model = active_model.before_delete(self).await.map_err(before_commit)?;
        let for_hook = active_model.clone();
        let Removal { pk, statement, contested } = Removal::<E>::of(active_model)?;
        let existed = self.delete_row::<E>(pk, statement).await?;
        if let Some(pk) = contested.filter(|_| !existed) {
            unless_lost::<E>(self.context(), self.current::<E>(pk)).await?;
        }
        for_hook.after_delete(self).await.map_err(before_commit)?;
        Ok(existed)
    }

    /// Deletes a row by its primary key, without hooks.
    pub(crate) async fn delete_by_id<E: CachedEntity>(&self, id: PkValue<E>) -> Result<bool> {
        let pk = id.into_value_tuple();
        let id = sea_orm::sea_query::FromValueTuple::from_value_tuple(pk.clone());
        self.delete_row::<E>(pk, E::delete_by_id::<PkValue<E>>(id)).await
    }

    /// Removes an entry with the commit.
    pub(crate) fn invalidate<E: CachedEntity>(&self, pk: &ValueTuple) -> Result<()> {
        self.level().usable().map_err(before_commit)?;
        self.context().meet::<E>();
        let claim = Claim::new::<E>(self.context().key::<E>(pk)?);
        self.level().shared.ledger().note(claim);
        Ok(())
    }

    /// Removes the entry of this row, its pointers, and the lists that have it, with the commit.
    pub(crate) fn invalidate_model<E: CachedEntity>(&self, model: &E::Model) -> Result<()> {
        self.level().usable().map_err(before_commit)?;
        self.context().meet::<E>();
        let keys = keys_of_row::<E>(self.context(), model)?;
        keys.into_iter().for_each(|key| self.level().shared.ledger().note(Claim::new::<E>(key)));
        Ok(())
    }

    /// Removes all entries of the entity with the commit.
    pub(crate) fn invalidate_all<E: CachedEntity>(&self) -> Result<()> {
        self.level().usable().map_err(before_commit)?;
        self.context().meet::<E>();
        self.level().shared.ledger().sweep(Owner::of::<E>());
        Ok(())
    }

    async fn delete_row<E: CachedEntity>(&self, pk: ValueTuple, statement: ValidatedDeleteOne<E>) -> Result<bool> {
        let context = self.context();
        context.meet::<E>();
        let claim = Claim::new::<E>(context.key::<E>(&pk)?);
        if let Some(family) = Family::of::<E>(context) {
            return self.delete_with_family(&family, claim, pk, statement).await;
        }
        if facts::<E>().exact_key {
            let remembered = absent::<E>(context);
            let row = async |tx: &Own<'_>| Ok(statement.exec(tx).await?.rows_affected > 0);
            let settled = |existed: &bool| {
                let value = remembered.clone().filter(|_| *existed);
                Ok(vec![Settled { claim: claim.clone(), value }])
            };
            return self.write(Some(vec![claim.clone()]), row, settled).await;
        }
        let mysql = is_mysql(self);
        let row = async |tx: &Own<'_>| delete_returning::<E>(tx, mysql, pk, statement).await;
        let settled = |row: &Option<E::Model>| {
            let key = row.as_ref().map(|row| context.key_of::<E>(row)).transpose()?;
            Ok(key.map(|key| Settled { claim: Claim::new::<E>(key), value: None }).into_iter().collect())
        };
        Ok(self.write(None, row, settled).await?.is_some())
    }

    /// Deletes a row on which rows of other entities depend: all of them are noted before it is.
    async fn delete_with_family<E: CachedEntity>(
        &self,
        family: &Family<'_>,
        claim: Claim,
        pk: ValueTuple,
        statement: ValidatedDeleteOne<E>,
    ) -> Result<bool> {
        let absent = absent::<E>(self.context());
        let row = async |tx: &Own<'_>| {
            family.begin(tx).await?;
            let touched = family.lock(tx, &[pk]).await?;
            if touched.is_nothing {
                return Ok((false, touched));
            }
            self.note_family(&touched);
            Ok((statement.exec(tx).await?.rows_affected > 0, touched))
        };
        let settled = |(existed, touched): &(bool, Touched)| {
            Ok(if *existed { touched.settled(absent.clone()).0 } else { Vec::new() })
        };
        Ok(self.write(Some(vec![claim]), row, settled).await?.0)
    }

    /// What a delete takes along is noted before its statement is sent.
    pub(super) fn note_family(&self, touched: &Touched) {
        let (settled, sweeps) = touched.settled(None);
        let mut ledger = self.level().shared.ledger();
        settled.into_iter().for_each(|settled| ledger.note(settled.claim));
        sweeps.into_iter().for_each(|owner| ledger.sweep(owner));
    }

    /// A row as it is now, for who wants to know why a statement has not met it.
    async fn current<E: CachedEntity>(&self, pk: ValueTuple) -> Result<Option<E::Model>, DbErr> {
        current::<E>(&self.own().await?, pk).await
    }

    pub(super) fn context(&self) -> &Arc<Context> {
        &self.level().shared.context
    }

    /// Notes the keys, sends the statement, and settles what it left; nothing else is sent meanwhile.
    ///
    /// A statement that may have written under keys that nobody learnt fails the transaction, and so does one whose rows
    /// cannot be settled.
    pub(super) async fn write<T>(
        &self,
        known: Option<Vec<Claim>>,
        statement: impl AsyncFnOnce(&Own<'_>) -> Result<T, DbErr>,
        settled: impl Fn(&T) -> Result<Vec<Settled>>,
    ) -> Result<T> {
        let own = self.own().await.map_err(before_commit)?;
        let shared = &self.level().shared;
        let knows_keys = known.is_some();
        known.into_iter().flatten().for_each(|claim| shared.ledger().note(claim));
        let deadline = shared.context.deadline();
        let result = deadline.within(None, pin!(statement(&own))).await;
        let (error, knows_all) = match result {
            Ok(result) => match self.level().look(|| settled(&result)) {
                Ok(settled) => {
                    settled.into_iter().for_each(|settled| shared.ledger().settle(settled));
                    return Ok(result);
                }
                Err(error) => (error, false),
            },
            Err(error) => {
                let changed_nothing = matches!(error.db_err(), Some(DbErr::RecordNotUpdated));
                (error, knows_keys || changed_nothing)
            }
        };
        if !knows_all {
            shared.ledger().fail(Failure::new("it is not known which row a statement wrote"));
        }
        Err(error)
    }
}
