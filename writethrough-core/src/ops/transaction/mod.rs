//! The user's own transactions.
//!
//! Every key is noted before its statement is sent. Right before COMMIT all of them are fenced in one round trip, right
//! after it all are finished in one, each once and with its last state. What a value may follow is the
//! [`ledger`]'s business; what a plain statement may have touched is [`plain`]'s.
//!
//! A statement whose result was an error, or was never seen, fails its level: PostgreSQL answers Ok to the COMMIT of a
//! transaction that it has given up, and MySQL ends the whole transaction on a deadlock and would execute what follows in
//! autocommit. So a failed transaction takes no more statements, and its commit rolls back and says so. Only a rollback
//! to a savepoint that succeeded undoes a failure.

mod batches;
mod commit;
mod connection;
mod ledger;
mod level;
mod plain;
mod verbs;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use sea_orm::{DbErr, TransactionOptions, TransactionTrait};

use super::boxed::erased;
use super::claim::{Claim, Settled};
use super::context::{Context, before_commit};
use crate::error::{Error, Result};
use ledger::Failure;
use level::{Level, Shared, rolled_back};

/// An open transaction, or a savepoint in one.
///
/// It is a [`Session`](crate::Session): `flight.save_through(&tx)` takes the row's lock now and brings the cache up to
/// date with the commit. It is a SeaORM connection too, so plain statements, nested `ActiveModelEx` saves and loaders run
/// in the same transaction. Loads read the database through it, never the cache.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use sea_orm::ConnectionTrait;
/// use writethrough::{Error, Store};
///
/// # async fn settle(store: &Store) -> Result<(), Error> {
/// let tx = store.begin().await?;
/// tx.execute_unprepared("INSERT INTO log (line) VALUES ('settled')").await?;
/// tx.commit().await
/// # }
/// ```
///
/// Dropping it rolls back. A statement in it that fails, or whose future is dropped before it is done, fails it: it takes
/// no more statements, and `commit` rolls back and says so. What may fail goes into a nested transaction, a savepoint.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction {
    /// There until `commit`, `rollback` or `drop` takes it.
    level: Option<Arc<Level>>,
}

impl Transaction {
    /// Begins on a connection of the pool.
    pub(crate) async fn open(context: &Arc<Context>, options: TransactionOptions) -> Result<Self> {
        context.open()?;
        let inner = context.deadline().within(None, pin!(context.begin(options))).await?;
        let shared = Shared::new(context.clone());
        Ok(Self::on(Level { inner, shared, depth: 1, outer: None }))
    }

    fn on(level: Level) -> Self {
        Self { level: Some(Arc::new(level)) }
    }

    fn level(&self) -> &Arc<Level> {
        self.level.as_ref().expect("only what ends the handle takes its level")
    }

    /// Sets a savepoint.
    async fn nest(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        if options.isolation_level.is_some() || options.access_mode.is_some() {
            return Err(DbErr::Custom(
                "isolation level and access mode are those of the outermost transaction; set them with begin_with of \
                 the store"
                    .to_owned(),
            ));
        }
        let level = self.level();
        let line = level.line().await?;
        let shifting = pin!(level.shift(&line, level.inner.begin_with_options(options)));
        let inner = level.shared.context.deadline().within(None, shifting).await.map_err(Error::into_db_err)?;
        let mut ledger = level.shared.ledger();
        ledger.open_level();
        let (depth, shared) = (ledger.depth(), level.shared.clone());
        drop(ledger);
        Ok(Self::on(Level { inner, shared, depth, outer: Some(level.clone()) }))
    }

    /// Begins a nested transaction: a savepoint. Until it ends, this one takes no statements.
    ///
    /// # Errors
    ///
    /// The transaction has failed, or fails now.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future fails the whole transaction.
    pub async fn begin(&self) -> Result<Self> {
        self.begin_with(TransactionOptions::default()).await
    }

    /// Begins a nested transaction with options. Isolation level and access mode are the outermost transaction's to choose;
    /// the kind of SQLite transaction has no effect here.
    ///
    /// # Errors
    ///
    /// An isolation level or access mode is given; nothing is sent then. Otherwise as [`Transaction::begin`].
    ///
    /// # Cancel safety
    ///
    /// As [`Transaction::begin`].
    pub async fn begin_with(&self, options: TransactionOptions) -> Result<Self> {
        erased(move || self.nest(options)).await.map_err(before_commit)
    }

    /// Runs the work in a nested transaction: releases its savepoint if the work returns `Ok`, rolls back to it otherwise.
    ///
    /// # Errors
    ///
    /// What the work returns; or what became of the savepoint.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future rolls the nested transaction back, and fails the outer one if a statement was under way.
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Self) -> Result<T, E>,
        E: From<Error>,
    {
        Self::begin(self).await?.run(work).await
    }

    /// Commits if the work returns `Ok`, rolls back otherwise.
    pub(crate) async fn run<T, E, F>(self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Self) -> Result<T, E>,
        E: From<Error>,
    {
        match work(&self).await {
            Ok(done) => self.commit().await.map(|()| done).map_err(E::from),
            Err(error) => {
                if self.rollback().await.is_err() {
                    tracing::warn!("a transaction could not be rolled back in order; its connection is given up");
                }
                Err(error)
            }
        }
    }

    /// Whether a statement failed in a way that may not happen again: a deadlock or a serialization failure.
    pub(crate) fn failed_for_the_moment(&self) -> bool {
        self.level().shared.ledger().is_retryable()
    }

    /// Commits, or releases the savepoint.
    ///
    /// All rows that were written through this transaction are fenced in one round trip, then committed, then their
    /// entries brought up to date in one round trip.
    ///
    /// # Errors
    ///
    /// [`Error::is_rolled_back`] if something in it had failed; what the database says; and, where an entity's policy is
    /// [`Fail`](crate::OnCacheFailure::Fail), that the cache did not acknowledge. [`Error::outcome`] tells whether the
    /// database changed.
    ///
    /// # Cancel safety
    ///
    /// A commit that has begun goes on in the background when the future is dropped; one that was never polled is a
    /// rollback. Dropping the release of a savepoint fails the whole transaction.
    pub async fn commit(self) -> Result<()> {
        let level = self.into_level()?;
        if level.depth == 1 {
            erased(move || commit::commit(level)).await
        } else {
            erased(move || release(level)).await
        }
    }

    /// Rolls back, or rolls back to the savepoint: the cache never learns of it.
    ///
    /// # Errors
    ///
    /// The database could not be told. The connection is given up then, which rolls back too; of a nested transaction,
    /// the whole transaction fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future rolls back all the same. Of a nested transaction, it fails the whole transaction.
    pub async fn rollback(self) -> Result<()> {
        let level = self.into_level()?;
        if level.depth == 1 {
            let deadline = level.shared.context.deadline();
            return erased(move || async move { deadline.within(None, pin!(level.inner.rollback())).await }).await;
        }
        erased(move || roll_back_to(level)).await
    }

    /// Takes over from the handle, if nothing nested is open.
    fn into_level(mut self) -> Result<Level> {
        let shared = self.level().shared.clone();
        let level = self.level.take().and_then(Arc::into_inner);
        let level = level.filter(|level| level.depth == shared.ledger().depth());
        level.ok_or_else(|| {
            let failure = Failure::new("it was ended while a nested transaction was open");
            shared.ledger().fail_for_good(failure);
            rolled_back(failure, false)
        })
    }
}

async fn release(level: Level) -> Result<()> {
    let (failure, retryable) = level.shared.ledger().verdict();
    if let Some(failure) = failure {
        roll_back_to(level).await?;
        return Err(rolled_back(failure, retryable));
    }
    let Level { inner, shared, outer, .. } = level;
    let Some(outer) = outer else { return Ok(()) };
    let line = shared.line().await;
    shared.context.deadline().within(None, pin!(outer.shift(&line, inner.commit()))).await?;
    shared.ledger().release_level();
    Ok(())
}

async fn roll_back_to(level: Level) -> Result<()> {
    let Level { inner, shared, outer, .. } = level;
    let Some(outer) = outer else { return Ok(()) };
    let line = shared.line().await;
    shared.context.deadline().within(None, pin!(outer.shift(&line, inner.rollback()))).await?;
    shared.ledger().roll_back_level();
    Ok(())
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(level) = self.level.take() else { return };
        let (shared, depth) = (level.shared.clone(), level.depth);
        // Its rollback stands in line before the outer level may send again: SeaORM panics if somebody sends meanwhile.
        drop(level);
        let mut ledger = shared.ledger();
        if depth == 1 {
            ledger.fail_for_good(Failure::new("it was dropped"));
        } else if depth == ledger.depth() {
            ledger.abandon_level();
        } else {
            ledger.fail_for_good(Failure::new("a nested transaction was dropped while another was open in it"));
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level();
        let failed = level.shared.ledger().failure().map(|failure| failure.why);
        f.debug_struct("Transaction").field("depth", &level.depth).field("failed", &failed).finish_non_exhaustive()
    }
}
