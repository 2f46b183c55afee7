//! Transactions on a store.

use std::time::Duration;

use rand::Rng;
use sea_orm::TransactionOptions;

use super::Store;
use crate::error::{Error, Result};
use crate::ops::{Transaction, erased};

/// Pause before the second attempt; each further one doubles it, up to the longest. Jittered down by up to half.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Store {
    /// Begins a transaction.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use sea_orm::ConnectionTrait;
    ///
    /// # async fn settle(store: &writethrough::Store, agreed: bool) -> Result<(), writethrough::Error> {
    /// let tx = store.begin().await?;
    /// tx.execute_unprepared("INSERT INTO log (line) VALUES ('settled')").await?;
    /// if agreed { tx.commit().await } else { tx.rollback().await }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The database gave no connection, or the store was closed.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is left behind.
    pub async fn begin(&self) -> Result<Transaction> {
        self.begin_with(TransactionOptions::default()).await
    }

    /// Begins a transaction with an isolation level, an access mode, or a kind of SQLite transaction.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use sea_orm::{IsolationLevel, TransactionOptions};
    ///
    /// # async fn settle(store: &writethrough::Store) -> Result<(), writethrough::Error> {
    /// let isolation_level = Some(IsolationLevel::Serializable);
    /// let tx = store.begin_with(TransactionOptions { isolation_level, ..Default::default() }).await?;
    /// tx.commit().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Store::begin`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::begin`].
    pub async fn begin_with(&self, options: TransactionOptions) -> Result<Transaction> {
        erased(move || Transaction::open(self.context(), options)).await
    }

    /// Runs the work in a transaction: commits if it returns `Ok`, rolls back otherwise.
    ///
    /// The work may borrow from its surroundings, and the future may be spawned.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use sea_orm::ConnectionTrait;
    /// use writethrough::{Error, Store};
    ///
    /// # async fn settle(store: &Store, line: &str) -> Result<(), Error> {
    /// let length = store
    ///     .transaction(async |tx| {
    ///         tx.execute_unprepared("INSERT INTO log (line) VALUES ('settled')").await?;
    ///         Ok::<_, Error>(line.len())
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// What the work returns; or what [`Transaction::commit`] says.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future rolls back, unless the commit has begun: that goes on in the background.
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Transaction) -> Result<T, E>,
        E: From<Error>,
    {
        self.begin().await?.run(work).await
    }

    /// Runs the work in a transaction, and again after a deadlock or a serialization failure: `attempts` times at most,
    /// with a pause that grows. The work starts from nothing each time: what it did was rolled back. Where the future is to
    /// be spawned, the work must own what it uses.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use sea_orm::ConnectionTrait;
    /// use writethrough::{Error, Store};
    ///
    /// # async fn count(store: &Store) -> Result<(), Error> {
    /// store
    ///     .transaction_retrying(5, async |tx| {
    ///         tx.execute_unprepared("UPDATE counter SET n = n + 1").await?;
    ///         Ok::<_, Error>(())
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Store::transaction`], of the last attempt.
    ///
    /// # Cancel safety
    ///
    /// As [`Store::transaction`].
    pub async fn transaction_retrying<T, E, F>(&self, attempts: u32, mut work: F) -> Result<T, E>
    where
        F: AsyncFnMut(&Transaction) -> Result<T, E>,
        E: From<Error>,
    {
        let mut pause = FIRST_PAUSE;
        for _ in 1..attempts {
            let tx = self.begin().await?;
            match work(&tx).await {
                Ok(done) => match tx.commit().await {
                    Err(error) if error.is_retryable() => {}
                    committed => return committed.map(|()| done).map_err(E::from),
                },
                Err(_) if tx.failed_for_the_moment() => drop(tx.rollback().await),
                Err(error) => {
                    drop(tx.rollback().await);
                    return Err(error);
                }
            }
            // Drawn before the pause: a future that kept the generator of its thread could not be spawned.
            let jittered = pause.mul_f64(rand::rng().random_range(0.5..=1.0));
            tokio::time::sleep(jittered).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.transaction(async |tx| work(tx).await).await
    }
}
