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
//! 3. After an outage of the cache this store's reads trust it again only when a relay of its own has invalidated
//!    everything that stood in the outbox ([`Outbox::is_clear`]).

mod listen;
#[cfg(feature = "migration")]
mod migration;
mod options;
mod relay;
mod table;
mod triggers;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// Writes whose rows may go.
    acknowledged: Mutex<Vec<i64>>,
    /// Something was acknowledged.
    sweep: Notify,
    /// Somebody has put something into the table.
    look: Notify,
    /// How often the cache had come back when the last look was begun that put everything right.
    clear_since: AtomicU64,
    /// Rows at the last look.
    waiting: AtomicUsize,
    closing: CancellationToken,
    interval: Duration,
}

impl Outbox {
    pub(crate) fn new(options: &OutboxOptions, namespace: &str) -> Arc<Self> {
        Arc::new(Self {
            table: Table::new(options.table_name(), namespace),
            acknowledged: Mutex::default(),
            sweep: Notify::new(),
            look: Notify::new(),
            clear_since: AtomicU64::new(u64::MAX),
            waiting: AtomicUsize::new(0),
            closing: CancellationToken::new(),
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
        self.table.insert(transaction, write, targets).await?;
        Ok(Receipt(Arc::new(Recorded { outbox: self.clone(), write, open: AtomicUsize::new(1) })))
    }

    /// Whether everything was put right that may have happened while the cache was away: it has come back `recoveries`
    /// times.
    pub(crate) fn is_clear(&self, recoveries: u64) -> bool {
        self.clear_since.load(Ordering::SeqCst) == recoveries
    }

    /// Rows that stood in the table at the last look.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Looks at the table soon: rows of an entity may stand there that was unknown until now.
    pub(crate) fn look_soon(&self) {
        self.look.notify_one();
    }

    /// Lets the relay end.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Removes the rows of what was acknowledged.
    pub(crate) async fn remove_acknowledged(&self, db: &DatabaseConnection) -> Result<(), DbErr> {
        let writes = std::mem::take(&mut *self.acknowledged());
        if writes.is_empty() {
            return Ok(());
        }
        // Rows that stay are invalidated once more, which is no harm.
        self.table.remove_writes(db, &writes).await
    }

    fn acknowledged(&self) -> std::sync::MutexGuard<'_, Vec<i64>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
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
    open: AtomicUsize,
}

impl Receipt {
    /// One more part of the write is acknowledged by itself.
    pub(crate) fn split(&self) -> Self {
        self.0.open.fetch_add(1, Ordering::SeqCst);
        Self(self.0.clone())
    }

    /// The cache has acknowledged this part; with the last one the rows may go.
    pub(crate) fn acknowledge(self) {
        if self.0.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.outbox.acknowledged().push(self.0.write);
            self.0.outbox.sweep.notify_one();
        }
    }
}
