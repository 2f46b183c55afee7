//! What every write shares: the fence, the statement or transaction under its deadline, and the end of the fence that
//! the outcome asks for.

use std::collections::HashMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use sea_orm::{DatabaseTransaction, DbErr, TransactionOptions};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::claim::{Claim, Settled};
use super::context::Context;
use super::effect::CacheEffect;
use super::ending::{remove, sweep_all};
use super::fence::Fence;
use super::shield::{PointOfNoReturn, shield};
use super::statement::Deadline;
use crate::cache::CacheKey;
use crate::entity::{Facts, Owner};
use crate::error::{Outcome, Result};
use crate::telemetry;

/// One write on its way.
pub(super) struct Write<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) entity: &'static Facts,
    deadline: Deadline,
    point: PointOfNoReturn,
}

/// What a committed statement left: what it returned, and the keys of the row it touched with what may follow there.
pub(super) struct Written<T> {
    pub(super) result: T,
    pub(super) settled: Vec<Settled>,
    /// Entities to be invalidated as a whole.
    pub(super) sweeps: Vec<Owner>,
}

/// Runs a write in its span, to its end whatever becomes of its caller, and times it. `effect` tells what became of its
/// entries.
pub(super) async fn traced<T, F>(
    context: &Context,
    entity: &Facts,
    span: Span,
    write: impl FnOnce(PointOfNoReturn) -> F,
    effect: impl FnOnce(&T) -> Option<CacheEffect>,
) -> Result<T>
where
    T: Send,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let started = Instant::now();
    let written = shield(&context.tasks, write).instrument(span.clone()).await?;
    telemetry::time(telemetry::SAVE_TIME, entity.label, started.elapsed());
    if let Some(effect) = effect(&written) {
        span.record("cache", effect.as_str());
    }
    Ok(written)
}

/// The span of an insert, update or upsert.
pub(super) fn save_span(entity: &Facts) -> Span {
    tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_SAVE,
        entity = entity.label,
        cache = tracing::field::Empty
    )
}

impl<'a> Write<'a> {
    pub(super) fn begin(context: &'a Arc<Context>, entity: &'static Facts, point: PointOfNoReturn) -> Self {
        Self { context, entity, deadline: context.deadline(), point }
    }

    /// The keys are known: FENCE, the statement in autocommit, FINISH.
    pub(super) async fn autocommit<T>(
        &self,
        claims: Vec<Claim>,
        statement: Pin<&mut impl Future<Output = Result<T, DbErr>>>,
        written: impl FnOnce(T) -> Result<Written<T>>,
    ) -> Result<(T, CacheEffect)> {
        self.point.pass();
        let fence = Fence::raise(self.context, claims).await?;
        let started = Instant::now();
        let result = self.deadline.committing(&fence, statement).await;
        self.timed(started);
        self.conclude(fence, &[], result.and_then(written)).await
    }

    /// The keys are known, and the row has to be read back: FENCE, a transaction, FINISH.
    pub(super) async fn fenced_transaction<T>(
        &self,
        claims: Vec<Claim>,
        statements: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
        written: impl FnOnce(T) -> Result<Written<T>>,
    ) -> Result<(T, CacheEffect)> {
        self.point.pass();
        let mut fence = Fence::raise(self.context, claims).await?;
        let started = Instant::now();
        let result = async {
            let (tx, result) = self.in_transaction(Some(&fence), statements).await?;
            let written = written(result)?;
            self.record(&tx, &mut fence, &written).await?;
            self.deadline.committing(&fence, pin!(tx.commit())).await?;
            Ok(written)
        }
        .await;
        self.timed(started);
        self.conclude(fence, &[], result).await
    }

    /// Only the statement tells the keys: a transaction, FENCE before its COMMIT, FINISH after.
    pub(super) async fn transaction<T>(
        &self,
        statements: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
        written: impl FnOnce(T) -> Result<Written<T>>,
    ) -> Result<(T, CacheEffect)> {
        self.point.pass();
        let started = Instant::now();
        let (tx, result) = self.in_transaction(None, statements).await?;
        let fenced = async {
            let written = written(result)?;
            let claims = written.settled.iter().map(|settled| settled.claim.clone()).collect();
            Ok((written, Fence::raise(self.context, claims).await?))
        };
        let (written, mut fence) = match fenced.await {
            Ok(fenced) => fenced,
            Err(refused) => {
                // A rollback that fails leaves nothing behind either: the connection is closed.
                drop(self.deadline.within(None, pin!(tx.rollback())).await);
                return Err(refused);
            }
        };
        let sweeps = written.sweeps.clone();
        let result = async {
            self.record(&tx, &mut fence, &written).await?;
            self.deadline.committing(&fence, pin!(tx.commit())).await?;
            Ok(written)
        }
        .await;
        self.timed(started);
        self.conclude(fence, &sweeps, result).await
    }

    /// Records in the outbox, if there is one, which entries this transaction changes.
    async fn record<T>(&self, tx: &DatabaseTransaction, fence: &mut Fence, written: &Written<T>) -> Result<()> {
        let strays = written.settled.iter().map(|settled| &settled.claim).filter(|claim| !fence.covers(&claim.key));
        let claims: Vec<_> = fence.claims().chain(strays.cloned()).collect();
        let receipt =
            self.deadline.within(Some(fence), pin!(self.context.record(tx, &claims, &written.sweeps))).await?;
        fence.recorded(receipt);
        Ok(())
    }

    async fn in_transaction<T>(
        &self,
        fence: Option<&Fence>,
        statements: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
    ) -> Result<(DatabaseTransaction, T)> {
        let tx = self.deadline.within(fence, pin!(self.context.begin(TransactionOptions::default()))).await?;
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
    async fn conclude<T>(
        &self,
        fence: Fence,
        sweeps: &[Owner],
        result: Result<Written<T>>,
    ) -> Result<(T, CacheEffect)> {
        let written = match result {
            Ok(written) => written,
            Err(error) => {
                match error.outcome() {
                    Outcome::NotCommitted => fence.abandon().await,
                    Outcome::Committed | Outcome::Unknown => {
                        fence.leave();
                        let context = self.context;
                        sweeps.iter().for_each(|owner| context.repairs.push_entity(context.all_keys(owner)));
                    }
                }
                return Err(error);
            }
        };
        // The database gave the row other keys than those that were fenced.
        let strays = written.settled.iter().map(|settled| &settled.claim).filter(|claim| !fence.covers(&claim.key));
        let strays = remove(self.context, strays.cloned().collect()).await;
        let beside = strays.and(sweep_all(self.context, sweeps).await);
        let settled = written.settled.into_iter();
        let values: HashMap<CacheKey, _> = settled.map(|settled| (settled.claim.key, settled.value)).collect();
        let value = |key: &CacheKey| values.get(key).cloned().flatten();
        Ok((written.result, fence.finish(beside, value).await?))
    }

    fn timed(&self, started: Instant) {
        telemetry::time(telemetry::DATABASE_TIME, self.entity.label, started.elapsed());
    }
}
