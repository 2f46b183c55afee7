//! What every write shares: the fence, the statement or transaction under its deadline, and the end of the fence that
//! the outcome asks for.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use sea_orm::{DatabaseTransaction, DbBackend, DbErr, TransactionTrait};
use tokio::time::Instant;

use super::context::Context;
use super::effect::CacheEffect;
use super::fence::{Fence, Value};
use super::shield::PointOfNoReturn;
use super::statement::Deadline;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Facts, facts};
use crate::error::{Outcome, Result};
use crate::protocol::Step;
use crate::resilience::Repair;
use crate::telemetry;

/// One write on its way.
pub(super) struct Write<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) entity: &'static Facts,
    /// What the entity's keys share.
    prefixes: [String; 2],
    deadline: Deadline,
    point: PointOfNoReturn,
}

/// What a committed statement left: what it returned, the key of the row it touched, and the entry that may follow.
pub(super) struct Written<T> {
    pub(super) result: T,
    pub(super) key: Option<CacheKey>,
    pub(super) value: Value,
}

impl<'a> Write<'a> {
    pub(super) fn begin<E: CachedEntity>(context: &'a Arc<Context>, point: PointOfNoReturn) -> Self {
        let deadline = Deadline::after(context.settings.write_timeout);
        Self { context, entity: facts::<E>(), prefixes: context.keys.prefixes::<E>(), deadline, point }
    }

    pub(super) fn is_mysql(&self) -> bool {
        self.context.db.get_database_backend() == DbBackend::MySql
    }

    /// The key is known: FENCE, the statement in autocommit, FINISH.
    pub(super) async fn autocommit<E: CachedEntity, T>(
        &self,
        key: CacheKey,
        statement: Pin<&mut impl Future<Output = Result<T, DbErr>>>,
        written: impl FnOnce(T) -> Result<Written<T>>,
    ) -> Result<(T, CacheEffect)> {
        self.point.pass();
        let fence = Fence::raise::<E>(self.context, vec![key]).await?;
        let started = Instant::now();
        let result = self.deadline.committing(&fence, statement).await;
        self.timed(started);
        self.conclude(fence, result.and_then(written)).await
    }

    /// The key is known, and the row has to be read back: FENCE, a transaction, FINISH.
    pub(super) async fn fenced_transaction<E: CachedEntity, T>(
        &self,
        key: CacheKey,
        statements: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
        written: impl FnOnce(T) -> Result<Written<T>>,
    ) -> Result<(T, CacheEffect)> {
        self.point.pass();
        let fence = Fence::raise::<E>(self.context, vec![key]).await?;
        let started = Instant::now();
        let result = async {
            let (tx, result) = self.in_transaction(Some(&fence), statements).await?;
            let written = written(result)?;
            self.deadline.committing(&fence, pin!(tx.commit())).await?;
            Ok(written)
        }
        .await;
        self.timed(started);
        self.conclude(fence, result).await
    }

    /// Only the statement tells the key: a transaction, FENCE before its COMMIT, FINISH after.
    pub(super) async fn transaction<E: CachedEntity, T>(
        &self,
        statements: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
        written: impl FnOnce(T) -> Result<Written<T>>,
    ) -> Result<(T, CacheEffect)> {
        self.point.pass();
        let started = Instant::now();
        let (tx, result) = self.in_transaction(None, statements).await?;
        let written = written(result)?;
        let fence = match Fence::raise::<E>(self.context, written.key.iter().cloned().collect()).await {
            Ok(fence) => fence,
            Err(refused) => {
                // A rollback that fails leaves nothing behind either: the connection is closed.
                drop(self.deadline.within(None, pin!(tx.rollback())).await);
                return Err(refused);
            }
        };
        let result = self.deadline.committing(&fence, pin!(tx.commit())).await.map(|()| written);
        self.timed(started);
        self.conclude(fence, result).await
    }

    async fn in_transaction<T>(
        &self,
        fence: Option<&Fence>,
        statements: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
    ) -> Result<(DatabaseTransaction, T)> {
        let tx = self.deadline.within(fence, pin!(self.context.db.begin())).await?;
        let result = self.deadline.within(fence, pin!(statements(&tx))).await;
        match result {
            Ok(result) => Ok((tx, result)),
            Err(error) => {
                drop(self.deadline.within(fence, pin!(tx.rollback())).await);
                Err(error)
            }
        }
    }

    /// Ends the fence as the outcome asks for.
    async fn conclude<T>(&self, fence: Fence, result: Result<Written<T>>) -> Result<(T, CacheEffect)> {
        let written = match result {
            Ok(written) => written,
            Err(error) => {
                match error.outcome() {
                    Outcome::NotCommitted => fence.abandon().await,
                    Outcome::Committed | Outcome::Unknown => fence.leave(),
                }
                return Err(error);
            }
        };
        let stray = match written.key.as_ref().filter(|key| !fence.covers(key)) {
            // The database gave the row another key than the one that was fenced.
            Some(key) => self.invalidate_stray(key.clone()).await,
            None => CacheEffect::Refreshed,
        };
        let value = |key: &CacheKey| written.value.clone().filter(|_| written.key.as_ref() == Some(key));
        let effect = fence.finish(value).await?.max(stray);
        Ok((written.result, effect))
    }

    async fn invalidate_stray(&self, key: CacheKey) -> CacheEffect {
        let answers = self.context.cache.apply(vec![(key.clone(), Step::Invalidate)]).await;
        if answers.iter().all(Result::is_ok) {
            return CacheEffect::Invalidated;
        }
        self.context.repairs.push(key, Repair::Invalidate, || self.prefixes.clone());
        CacheEffect::Degraded
    }

    fn timed(&self, started: Instant) {
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, started.elapsed());
    }
}
