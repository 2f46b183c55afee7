//! The outbox: a table in the user's database that says which entries may be stale, so that no crash forgets them.
//!
//! A write records its cache keys in its own transaction ([`record`](Outbox::record)), and removes them once the cache has
//! acknowledged the end of the write ([`Receipt`]). What a process that died has left there, the relay of any process
//! invalidates ([`relay`]). Triggers put rows into the same table that somebody else changed ([`triggers`]).
//!
//! Invariants:
//!
//! 1. What is recorded becomes visible with the commit and not before, so an INVALIDATE that is sent after a row of the
//!    outbox was seen covers its write.
//! 2. A row of the outbox is removed only after the cache has acknowledged: FINISH by the writer, or INVALIDATE by a relay.
//!    INVALIDATE may be repeated, so relays need not agree who does it.
//! 3. After an outage of the cache that this store noticed, and when it meets an entity, its reads trust the cache only when
//!    a relay of its own has invalidated everything that stood in the outbox ([`Outbox::is_clear`]).

mod listen;
#[cfg(feature = "migration")]
mod migration;
mod options;
mod relay;
mod table;
mod triggers;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "migration")]
pub use migration::{CreateOutbox, CreateOutboxTriggers};
pub use options::OutboxOptions;
pub(crate) use relay::{Failure, Relay, Seen};
use table::Table;
pub(crate) use table::Target;

/// The outbox of one store.
#[derive(Debug)]
pub(crate) struct Outbox {
    table: Table,
    writes: Mutex<Writes>,
    /// A write was acknowledged.
    sweep: Notify,
    /// Somebody has put something into the table.
    look: Notify,
    /// How often there was a reason to look before anything is trusted, beside the cache's recoveries.
    doubts: AtomicU64,
    /// What [`Outbox::reasons`] were when the last look was begun that put everything right.
    clear_since: AtomicU64,
    /// Rows at the last look.
    waiting: AtomicUsize,
    closing: CancellationToken,
    /// The relay has ended.
    ended: CancellationToken,
    interval: Duration,
}

/// Writes of this store whose rows may stand in the table, and that need no relay.
#[derive(Debug, Default)]
struct Writes {
    /// Under way, or acknowledged.
    open: HashSet<i64>,
    /// Acknowledged; their rows may go.
    acknowledged: Vec<i64>,
}

impl Outbox {
    pub(crate) fn new(options: &OutboxOptions, namespace: &str) -> Arc<Self> {
        Arc::new(Self {
            table: Table::new(options.table_name(), namespace),
            writes: Mutex::default(),
            sweep: Notify::new(),
            look: Notify::new(),
            doubts: AtomicU64::new(0),
            clear_since: AtomicU64::new(u64::MAX),
            waiting: AtomicUsize::new(0),
            closing: CancellationToken::new(),
            ended: CancellationToken::new(),
            interval: options.every(),
        })
    }

    /// Records what a write will have changed, in its transaction.
    pub(crate) async fn record(
        self: &Arc<Self>,
        transaction: &impl ConnectionTrait,
        targets: Vec<Target>,
    ) -> Result<Receipt, DbErr> {
        // Positive, and known before the statement: MySQL does not return what it generates for several rows.
        let write = i64::from_ne_bytes(rand::random::<[u8; 8]>()) & i64::MAX;
        self.writes().open.insert(write);
        let receipt = Receipt(Arc::new(Recorded { outbox: self.clone(), write, parts: AtomicUsize::new(1) }));
        self.table.insert(transaction, Some(write), targets).await?;
        Ok(receipt)
    }

    /// Leaves targets to whichever relay comes by first.
    pub(crate) async fn leave(&self, db: &impl ConnectionTrait, targets: Vec<Target>) -> Result<(), DbErr> {
        self.table.insert(db, None, targets).await
    }

    /// Whether everything was put right that may have happened while the cache was away: it has come back `recoveries`
    /// times.
    pub(crate) fn is_clear(&self, recoveries: u64) -> bool {
        self.clear_since.load(Ordering::SeqCst) == self.reasons(recoveries)
    }

    /// How often there was a reason to look before anything is trusted.
    fn reasons(&self, recoveries: u64) -> u64 {
        recoveries + self.doubts.load(Ordering::SeqCst)
    }

    /// Rows that stood in the table at the last look.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// An entity was met: what triggers have recorded of its table was left to others until now.
    pub(crate) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::SeqCst);
        self.look.notify_one();
    }

    /// Lets the relay end.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Returns when the relay has ended.
    pub(crate) async fn closed(&self) {
        self.ended.cancelled().await;
    }

    /// Removes the rows of what was acknowledged.
    pub(crate) async fn remove_acknowledged(&self, db: &DatabaseConnection) -> Result<(), DbErr> {
        let writes = std::mem::take(&mut self.writes().acknowledged);
        let removed = if writes.is_empty() { Ok(()) } else { self.table.remove_writes(db, &writes).await };
        // Rows that stay are a relay's from now on; to invalidate them once more is no harm.
        let mut remembered = self.writes();
        for write in &writes {
            remembered.open.remove(write);
        }
        removed
    }

    /// Whether the row is of a write of this store that needs no relay.
    fn is_our_own(&self, write: Option<i64>) -> bool {
        write.is_some_and(|write| self.writes().open.contains(&write))
    }

    fn writes(&self) -> MutexGuard<'_, Writes> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That a write is recorded. What is not acknowledged stays recorded, and a relay invalidates it.
#[derive(Debug)]
#[must_use]
pub(crate) struct Receipt(Arc<Recorded>);

#[derive(Debug)]
struct Recorded {
    outbox: Arc<Outbox>,
    write: i64,
    /// Parts of the write that the cache has not acknowledged.
    parts: AtomicUsize,
}

impl Receipt {
    /// One more part of the write is acknowledged by itself.
    pub(crate) fn split(&self) -> Self {
        self.0.parts.fetch_add(1, Ordering::SeqCst);
        Self(self.0.clone())
    }

    /// The cache has acknowledged this part; with the last one the rows may go.
    pub(crate) fn acknowledge(self) {
        if self.0.parts.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.outbox.writes().acknowledged.push(self.0.write);
            self.0.outbox.sweep.notify_one();
        }
    }
}

impl Drop for Recorded {
    /// What nobody will acknowledge any more is a relay's.
    fn drop(&mut self) {
        if *self.parts.get_mut() > 0 {
            self.outbox.writes().open.remove(&self.write);
        }
    }
}
