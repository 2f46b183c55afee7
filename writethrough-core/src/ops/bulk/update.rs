//! `UPDATE … WHERE`.

use std::sync::Arc;

use sea_orm::sea_query::{Expr, IntoCondition, SimpleExpr, Value};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, IdenStatic, PrimaryKeyToColumn, QueryFilter, UpdateMany,
};

use super::{ATTEMPTS, Met, bounded, lists, locked_keys, met};
use crate::entity::{CachedEntity, facts, has_one_of};
use crate::error::{Error, Result};
use crate::ops::claim::Settled;
use crate::ops::context::{Context, is_mysql};
use crate::ops::effect::Changed;
use crate::ops::footprint::Footprint;
use crate::ops::locked::locked_rows;
use crate::ops::shield::PointOfNoReturn;
use crate::ops::version::next;
use crate::ops::write::{Write, Written, save_span, traced};

/// What is to be set, and where.
#[derive(Clone, Debug)]
pub(crate) struct Update<E: CachedEntity> {
    values: Vec<(E::Column, SimpleExpr)>,
    filter: Condition,
}

impl<E: CachedEntity> Update<E> {
    pub(crate) fn new() -> Self {
        Self { values: Vec::new(), filter: Condition::all() }
    }

    /// Sets a column, with the casts that SeaORM gives enum columns. Of several values for one column the last counts.
    pub(crate) fn set(self, column: E::Column, value: Value) -> Self {
        self.set_to(column, column.save_as(Expr::val(value)))
    }

    pub(crate) fn set_to(mut self, column: E::Column, value: SimpleExpr) -> Self {
        self.values.retain(|(other, _)| other.as_str() != column.as_str());
        self.values.push((column, value));
        self
    }

    pub(crate) fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.filter = self.filter.add(condition.into_condition());
        self
    }

    /// Refuses what cannot be done, before anything is sent.
    pub(in crate::ops) fn check(&self) -> Result<()> {
        if self.values.is_empty() {
            return Err(Error::input("the update sets nothing; call set() or col_expr() before exec()"));
        }
        if let Some(version) = E::version_column()
            && self.values.iter().any(|(column, _)| column.as_str() == version.as_str())
        {
            return Err(Error::input(format!(
                "the version `{}` of a row that is updated advances by itself; do not set it",
                version.as_str()
            )));
        }
        let is_key = |column: &E::Column| E::PrimaryKey::from_column(*column).is_some();
        match self.values.iter().find(|(column, _)| is_key(column)) {
            Some((column, _)) => Err(Error::input(format!(
                "`{}` is a column of the primary key, which an update cannot change; insert other rows and delete these",
                column.as_str()
            ))),
            None => Ok(()),
        }
    }

    /// What the statement does to keys.
    pub(in crate::ops) fn footprint(&self) -> Footprint<E> {
        let columns: Vec<_> = self.values.iter().map(|(column, _)| *column).collect();
        Footprint::of_columns(&columns)
    }

    /// The rows that were changed, as they are now.
    pub(in crate::ops) async fn execute(self, tx: &impl ConnectionTrait, bound: usize) -> Result<Met<E::Model>, DbErr> {
        if is_mysql(tx) {
            return self.of_locked(tx, bound).await;
        }
        for _ in 0..ATTEMPTS {
            let rows = self.statement(bounded::<E>(&self.filter, bound)).exec_with_returning(tx).await?;
            if let Some(met) = met::<E>(tx, rows, &self.filter, bound).await? {
                return Ok(met);
            }
        }
        Ok(Met::Rows(Vec::new()))
    }

    /// Without RETURNING.
    async fn of_locked(self, tx: &impl ConnectionTrait, bound: usize) -> Result<Met<E::Model>, DbErr> {
        let keys = match locked_keys::<E>(tx, self.filter.clone(), bound).await? {
            Met::Rows(keys) => keys,
            Met::TooMany => return Ok(Met::TooMany),
        };
        for keys in lists::<E>(tx.get_database_backend(), &keys) {
            self.statement(has_one_of::<E>(keys)).exec(tx).await?;
        }
        Ok(Met::Rows(locked_rows::<E>(tx, keys).await?))
    }

    fn statement(&self, condition: Condition) -> UpdateMany<E> {
        let set = |statement: UpdateMany<E>, (column, value): &(E::Column, SimpleExpr)| {
            statement.col_expr(*column, value.clone())
        };
        let statement = self.values.iter().fold(E::update_many().filter(condition), set);
        // Last, because MySQL gives an expression what was assigned before it.
        E::version_column().into_iter().fold(statement, |statement, version| statement.col_expr(version, next(version)))
    }
}

/// The keys of the rows that were changed, and what each becomes; an error if they are too many.
pub(in crate::ops) fn updated<E: CachedEntity>(
    context: &Context,
    footprint: &Footprint<E>,
    met: &Met<E::Model>,
) -> Result<Vec<Settled>> {
    let mut settled = Vec::new();
    for row in met.within(context.settings.bulk_limit)? {
        settled.extend(footprint.settled(context, row)?);
    }
    Ok(settled)
}

/// Changes the rows and brings their entries up to date.
///
/// Dropping the future before the first statement is sent cancels the write; afterwards it goes on in the background.
pub(crate) async fn update_many<E: CachedEntity>(context: &Arc<Context>, update: Update<E>) -> Result<Changed> {
    context.enter::<E>()?;
    update.check()?;
    let entity = facts::<E>();
    let write = |point| write::<E>(context.clone(), update, point);
    traced(context, entity, save_span(entity), write, |changed| Some(changed.cache)).await
}

async fn write<E: CachedEntity>(context: Arc<Context>, update: Update<E>, point: PointOfNoReturn) -> Result<Changed> {
    let write = Write::begin(&context, facts::<E>(), point);
    let (footprint, bound) = (update.footprint(), context.settings.bulk_limit);
    let written =
        |met| Ok(Written { settled: updated::<E>(&context, &footprint, &met)?, result: met, sweeps: Vec::new() });
    let (met, cache) = write.transaction(async |tx| update.execute(tx, bound).await, written).await?;
    Ok(Changed::new(met.written(), cache))
}
