//! The inside of a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::sea_query::{Value, ValueTuple};
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, ModelTrait, TransactionOptions, TransactionTrait};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Flights;
use super::claim::{Entities, Owner};
use super::shield::shield;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, KeySpace};
use crate::error::{Error, Result};
use crate::policy::Settings;
use crate::protocol::Nonce;
use crate::resilience::{GuardedCache, Repairs};

/// What every operation needs; shared by all clones of a store.
#[derive(Debug)]
pub struct Context {
    pub(crate) db: DatabaseConnection,
    pub(crate) cache: Arc<GuardedCache>,
    pub(crate) keys: KeySpace,
    pub(crate) entities: Entities,
    pub(crate) settings: Settings,
    pub(crate) flights: Flights,
    pub(crate) repairs: Arc<Repairs>,
    /// The store was closed: nothing can be promised any more.
    pub(crate) closed: AtomicBool,
    /// Ends what would go on for ever in the background.
    pub(crate) closing: CancellationToken,
    /// Work that goes on without its caller: background refreshes, writes whose future was dropped.
    pub(crate) tasks: TaskTracker,
}

impl Context {
    /// Refuses work on a store that was closed: what it could not tell the cache, nobody would repair.
    pub(crate) fn open(&self) -> Result<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::input("the store was closed; build another one"));
        }
        Ok(())
    }

    /// Begins a transaction.
    ///
    /// A BEGIN that nobody waits for any more would leave the transaction open on a connection that goes back to the pool,
    /// and what came next on it would be part of that. So it goes on, and is rolled back.
    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
        let db = self.db.clone();
        shield(&self.tasks, |point| async move {
            point.pass();
            db.begin_with_options(options).await
        })
        .await
    }

    /// The key of the row with this primary key.
    pub(super) fn key<E: CachedEntity>(&self, pk: &ValueTuple) -> Result<CacheKey> {
        self.entities.add(Owner::of::<E>());
        self.keys.entry_key::<E>(pk).map_err(|error| Error::input(error.to_string()))
    }

    /// The key of this row.
    pub(super) fn key_of<E: CachedEntity>(&self, model: &E::Model) -> Result<CacheKey> {
        self.key::<E>(&model.get_primary_key_value())
    }

    /// The key of the pointer of these values of a unique key; none if one of them is NULL.
    pub(super) fn pointer<E: CachedEntity>(&self, key: usize, values: &[Value]) -> Result<Option<CacheKey>> {
        self.entities.add(Owner::of::<E>());
        self.keys.pointer_key::<E>(key, values).map_err(|error| Error::input(error.to_string()))
    }

    /// Whether reads may trust the cache: not while a write of ours waits to be repaired there.
    pub(super) fn trusts_cache(&self) -> bool {
        self.repairs.is_drained()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.repairs.close();
    }
}

/// A stamp's half that nobody else will use.
pub(super) fn nonce() -> Nonce {
    Nonce(rand::random())
}

/// The error of a read, or of anything before a write could commit.
pub(super) fn before_commit(error: DbErr) -> Error {
    Error::database(error, crate::error::Outcome::NotCommitted)
}
