//! The inside of a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::sea_query::{Value, ValueTuple};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ModelTrait, TransactionOptions,
    TransactionTrait,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Flights;
use super::bypass::Bypass;
use super::claim::Claim;
use super::lease::KEYS_PER_CALL;
use super::shield::shield;
use super::statement::Deadline;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Entities, Facts, KeySpace, Owner, Secondary};
use crate::entry::Payload;
use crate::error::{Error, Result};
use crate::outbox::{Outbox, Receipt, Target};
use crate::policy::Settings;
use crate::protocol::{Nonce, Reply, Standing, Step};
use crate::resilience::{BreakerState, Bulkhead, EntityKeys, GuardedCache, Place, Repairs};

/// What every operation needs; shared by all clones of a store.
#[derive(Debug)]
pub struct Context {
    pub(crate) db: DatabaseConnection,
    pub(crate) cache: Arc<GuardedCache>,
    pub(crate) keys: KeySpace,
    pub(crate) entities: Arc<Entities>,
    pub(crate) settings: Settings,
    pub(crate) flights: Flights,
    pub(crate) repairs: Arc<Repairs>,
    pub(crate) outbox: Option<Arc<Outbox>>,
    pub(crate) bulkhead: Bulkhead,
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

    /// At the head of each verb on this entity.
    pub(super) fn enter<E: CachedEntity>(&self) -> Result<()> {
        self.meet::<E>();
        self.open()
    }

    /// From now on plain statements on the table of this entity are noticed.
    pub(super) fn meet<E: CachedEntity>(&self) {
        let is_new = self.entities.add(Owner::of::<E>());
        if let Some(outbox) = self.outbox.as_ref().filter(|_| is_new) {
            outbox.doubt();
        }
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
        self.keys.entry_key::<E>(pk).map_err(|error| Error::input(error.to_string()))
    }

    /// The key of this row.
    pub(super) fn key_of<E: CachedEntity>(&self, model: &E::Model) -> Result<CacheKey> {
        self.key::<E>(&model.get_primary_key_value())
    }

    /// The key of the pointer or list of these values of a secondary key; none if one of them is NULL.
    pub(super) fn secondary_key<E: CachedEntity>(
        &self,
        secondary: Secondary,
        values: &[Value],
    ) -> Result<Option<CacheKey>> {
        self.keys.secondary_key::<E>(secondary, values).map_err(|error| Error::input(error.to_string()))
    }

    /// The key of the pointer to this row, or of the list with it; none where a value is NULL.
    pub(super) fn secondary_key_of<E: CachedEntity>(
        &self,
        secondary: Secondary,
        model: &E::Model,
    ) -> Result<Option<CacheKey>> {
        self.keys.secondary_key_of::<E>(secondary, model).map_err(|error| Error::input(error.to_string()))
    }

    /// A load's turn at the database, which it missed at that moment: at once while the cache answers.
    pub(super) async fn turn(&self, bypass: Option<Bypass>, missed: Instant, entity: &Facts) -> Result<Place<'_>> {
        let is_outage = bypass.is_some_and(Bypass::is_outage) || self.cache.state() != BreakerState::Closed;
        if is_outage { self.bulkhead.enter(missed, entity.label).await } else { Ok(Place::FREE) }
    }

    /// All keys of an entity.
    pub(super) fn all_keys(&self, owner: &Owner) -> EntityKeys {
        EntityKeys { label: owner.entity.label, prefixes: owner.prefixes(&self.keys) }
    }

    /// When a call to the database that begins now must be over.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.settings.write_timeout)
    }

    /// What stands under the key, if there is an answer that may be trusted.
    pub(super) async fn standing(&self, key: &CacheKey) -> Result<Standing<Payload>, Bypass> {
        if !self.trusts_cache() {
            return Err(Bypass::Distrusted);
        }
        match self.cache.get(key).await {
            // Asked again: this may be the first answer after an outage.
            Ok(standing) if self.trusts_cache() => Ok(standing),
            Ok(_) => Err(Bypass::Distrusted),
            Err(error) => Err(Bypass::because_of(&error)),
        }
    }

    /// What stands under each of these keys, if there is an answer that may be trusted.
    pub(super) async fn standings(&self, keys: &[CacheKey]) -> Vec<Result<Standing<Payload>, Bypass>> {
        let distrusted = || keys.iter().map(|_| Err(Bypass::Distrusted)).collect();
        if !self.trusts_cache() {
            return distrusted();
        }
        let mut standings = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS_PER_CALL) {
            let answers = self.cache.apply(keys.iter().map(|key| (key.clone(), Step::Get)).collect()).await;
            standings.extend(answers.into_iter().map(|answer| match answer {
                Ok(Reply::Standing(standing)) => Ok(standing),
                Ok(_) => Err(Bypass::Unavailable),
                Err(error) => Err(Bypass::because_of(&error)),
            }));
        }
        // Asked again: these may be the first answers after an outage.
        if self.trusts_cache() { standings } else { distrusted() }
    }

    /// Records in the outbox, if there is one, that this transaction changes these entries and invalidates these entities.
    pub(super) async fn record(
        &self,
        transaction: &impl ConnectionTrait,
        claims: &[Claim],
        sweeps: &[Owner],
    ) -> Result<Option<Receipt>, DbErr> {
        let Some(outbox) = self.outbox.as_ref().filter(|_| !claims.is_empty() || !sweeps.is_empty()) else {
            return Ok(None);
        };
        outbox.record(transaction, self.targets(claims, sweeps)).await.map(Some)
    }

    /// Leaves these entries and entities in the outbox, if there is one, to whichever relay comes by.
    pub(super) async fn leave(&self, claims: &[Claim], sweeps: &[Owner]) -> Result<(), DbErr> {
        match &self.outbox {
            Some(outbox) => outbox.leave(&self.db, self.targets(claims, sweeps)).await,
            None => Ok(()),
        }
    }

    fn targets(&self, claims: &[Claim], sweeps: &[Owner]) -> Vec<Target> {
        let table = |owner: &Owner| owner.entity.table.clone();
        let keys = claims.iter().map(|claim| Target::Key { table: table(&claim.owner), key: claim.key.clone() });
        let prefixes = sweeps
            .iter()
            .flat_map(|owner| owner.prefixes(&self.keys).map(|prefix| Target::Prefix { table: table(owner), prefix }));
        keys.chain(prefixes).collect()
    }

    /// Whether reads may trust the cache: not while a write of ours waits to be repaired there, nor after an outage until
    /// the outbox was consulted.
    pub(crate) fn trusts_cache(&self) -> bool {
        let is_clear = |outbox: &Arc<Outbox>| outbox.is_clear(self.cache.recoveries());
        self.repairs.is_drained() && self.outbox.as_ref().is_none_or(is_clear)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.repairs.close();
        if let Some(outbox) = &self.outbox {
            outbox.close();
        }
    }
}

/// Whether this database returns no rows from what it writes, and has MySQL's dialect.
pub(super) fn is_mysql(db: &impl ConnectionTrait) -> bool {
    db.get_database_backend() == DbBackend::MySql
}

/// A stamp's half that nobody else will use.
pub(super) fn nonce() -> Nonce {
    Nonce(rand::random())
}

/// The error of a read, or of anything before a write could commit.
pub(super) fn before_commit(error: DbErr) -> Error {
    Error::database(error, crate::error::Outcome::NotCommitted)
}
