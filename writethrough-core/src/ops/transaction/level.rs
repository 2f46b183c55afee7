//! One level of a transaction: the transaction itself or a savepoint in it.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::{DatabaseTransaction, DbErr};

use super::ledger::{Failure, Ledger};
use crate::error::{Error, is_retryable};
use crate::ops::context::Context;

/// What the levels of one transaction have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) context: Arc<Context>,
    ledger: Mutex<Ledger>,
    /// Whoever holds it may send: a statement that waited behind one that failed must not be sent after it.
    line: tokio::sync::Mutex<()>,
}

/// The right to send statements, until it is dropped.
pub(super) type Line<'a> = tokio::sync::MutexGuard<'a, ()>;

/// See the module.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) inner: DatabaseTransaction,
    pub(super) shared: Arc<Shared>,
    /// 1 for the transaction itself.
    pub(super) depth: usize,
    /// Held so that levels are rolled back from the inside out, whatever the order in which their handles are dropped.
    pub(super) outer: Option<Arc<Self>>,
}

impl Shared {
    pub(super) fn new(context: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { context, ledger: Mutex::new(Ledger::new()), line: tokio::sync::Mutex::new(()) })
    }

    /// Waits until no statement is under way.
    pub(super) async fn line(&self) -> Line<'_> {
        self.line.lock().await
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Level {
    /// Waits until no other statement is under way, and for the right to send some.
    pub(super) async fn line(&self) -> Result<Line<'_>, DbErr> {
        let line = self.shared.line().await;
        self.usable()?;
        Ok(line)
    }

    /// Whether statements may be sent on this level.
    pub(super) fn usable(&self) -> Result<(), DbErr> {
        let ledger = self.shared.ledger();
        if let Some(failure) = ledger.failure() {
            return Err(DbErr::Custom(refusal(failure)));
        }
        if ledger.depth() != self.depth {
            return Err(DbErr::Custom(
                "a nested transaction is open on this one; send statements through it, or end it first".to_owned(),
            ));
        }
        Ok(())
    }

    /// Sends one statement. An error, or a result that nobody sees, fails this level.
    pub(super) async fn send<T>(
        &self,
        _: &Line<'_>,
        statement: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        self.usable()?;
        self.attempt(false, "a statement was cancelled before its result was seen", "a statement failed", statement)
            .await
    }

    /// Sets, releases or rolls back a savepoint. If that fails, nobody knows any more on which level the connection is.
    pub(super) async fn shift<T>(
        &self,
        _: &Line<'_>,
        shift: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        self.attempt(true, "the handling of a savepoint was cancelled", "the handling of a savepoint failed", shift)
            .await
    }

    /// Looks at what a statement left, with code of the user's. If that panics, this level fails, for nobody learns which
    /// rows the statement wrote.
    pub(super) fn look<T>(&self, look: impl FnOnce() -> T) -> T {
        let panicked = Failure::new("the code that looked at a written row panicked");
        let mut attempt = Attempt { shared: &self.shared, for_good: false, unless_seen: Some(panicked) };
        let seen = look();
        attempt.unless_seen = None;
        seen
    }

    async fn attempt<T>(
        &self,
        for_good: bool,
        cancelled: &'static str,
        failed: &'static str,
        statement: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let mut attempt = Attempt { shared: &self.shared, for_good, unless_seen: Some(Failure::new(cancelled)) };
        let result = statement.await;
        attempt.unless_seen =
            result.as_ref().err().map(|error| Failure { why: failed, retryable: is_retryable(error) });
        result
    }
}

/// Fails the transaction when it is dropped, unless the statement was seen to succeed.
struct Attempt<'a> {
    shared: &'a Shared,
    for_good: bool,
    unless_seen: Option<Failure>,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let Some(failure) = self.unless_seen else { return };
        let mut ledger = self.shared.ledger();
        if self.for_good { ledger.fail_for_good(failure) } else { ledger.fail(failure) }
    }
}

fn refusal(failure: Failure) -> String {
    format!(
        "the transaction cannot go on because {}; roll it back, and put what may fail into a nested transaction",
        failure.why
    )
}

/// The error of a transaction that was rolled back instead of being committed.
pub(super) fn rolled_back(failure: Failure, retryable: bool) -> Error {
    let message =
        format!("the transaction was rolled back because {}; put what may fail into a nested transaction", failure.why);
    Error::rolled_back(message, retryable)
}
