//! What a user decides about the outbox, and the statements that set it up.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr};

use super::table::Table;
use super::triggers::Triggers;
use crate::entity::CachedEntity;
use crate::error::{Error, Result};

const TABLE: &str = "writethrough_outbox";
/// Room for what is put behind it in the names of index and triggers.
const LONGEST_NAME: usize = 56;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);

/// The outbox: a table in the same database that remembers, in the transaction of each write, which entries it changes.
///
/// With it no crash loses a repair: whatever a process leaves behind, another one invalidates within the interval. Without
/// it, the repairs of a process that dies while the cache is away die with it.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use std::time::Duration;
/// use writethrough::{OutboxOptions, Store};
///
/// # async fn start() -> Result<(), writethrough::Error> {
/// let outbox = OutboxOptions::new().interval(Duration::from_secs(1));
/// # let db = sea_orm::Database::connect("sqlite::memory:").await?;
/// outbox.create_table(&db).await?; // once, or in a migration
/// let store = Store::builder().database(db).cache_url("redis://localhost").outbox(outbox).build().await?;
/// # Ok(()) }
/// ```
///
/// All stores that write to the tables of cached entities must have it, with the same table. Stores that share a table
/// must share their cache too: what one of them has invalidated, the others do not see. So an embedded cache goes with
/// it only while one process has it.
///
/// A write costs an insert into the table, in a transaction that it may not need otherwise, and a delete in the background.
/// On PostgreSQL each store holds one more connection, outside of its pool, to be told at once what triggers record.
#[derive(Clone, Debug)]
#[must_use]
pub struct OutboxOptions {
    table: String,
    interval: Duration,
}

impl Default for OutboxOptions {
    fn default() -> Self {
        Self { table: TABLE.to_owned(), interval: Duration::from_secs(1) }
    }
}

impl OutboxOptions {
    /// A table named `writethrough_outbox`, and one second.
    pub fn new() -> Self {
        Self::default()
    }

    /// Within this time what a crash has left is repaired, while the cache answers: 100 milliseconds to 1 hour, 1 second by
    /// default. Each store asks the database twice in it.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// The name of the table; for stores on one database that do not share their cache. 1 to 56 bytes, without quotes.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// Creates the table, if it is not there.
    ///
    /// # Errors
    ///
    /// What the database says, or that the name cannot be used.
    ///
    /// # Cancel safety
    ///
    /// The table may be there or not; call it again.
    pub async fn create_table(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        self.check().map_err(Error::into_db_err)?;
        Table::new(&self.table, "").create(db).await
    }

    /// Drops the table, if it is there. Drop the triggers before: without it they fail every write to their tables.
    ///
    /// # Errors
    ///
    /// What the database says.
    ///
    /// # Cancel safety
    ///
    /// The table may be there or not; call it again.
    pub async fn drop_table(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        Table::new(&self.table, "").drop(db).await
    }

    /// Creates triggers on the entity's table, or replaces them: from now on rows that anybody changes (psql, another
    /// service, plain bulk statements) are recorded, and a relay invalidates them. On PostgreSQL at once, elsewhere within half
    /// the interval. All entries of the entity are invalidated once, because of what was changed in between.
    ///
    /// The relay must know the entity: [`register`](crate::StoreBuilder::register) it, or use it. A write of a store
    /// fires the triggers as well, so its entry, just refreshed, is invalidated once more, and the next load of the row
    /// asks the database. Each changed row costs one more row in the outbox, bulk statements included, and on PostgreSQL a
    /// notification, for which commits take turns.
    ///
    /// Not seen are, on MySQL and MariaDB, rows that a foreign key's action changes, and `TRUNCATE`; on SQLite, another row
    /// that `REPLACE` deletes. Where a column of a key is of a type that a trigger cannot spell as we do (a padded CHAR, a
    /// decimal, a time), each changed row invalidates the whole entity.
    ///
    /// # Errors
    ///
    /// What the database says. MySQL ends an open transaction.
    ///
    /// # Cancel safety
    ///
    /// Some of them may be missing; call it again.
    pub async fn create_triggers<E: CachedEntity>(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        Triggers::of::<E>(&self.table, db.get_database_backend()).create(db).await
    }

    /// Drops the triggers on the entity's table, if there are any.
    ///
    /// # Errors
    ///
    /// What the database says.
    ///
    /// # Cancel safety
    ///
    /// Some of them may be left; call it again.
    pub async fn drop_triggers<E: CachedEntity>(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        Triggers::of::<E>(&self.table, db.get_database_backend()).drop(db).await
    }

    pub(crate) fn table_name(&self) -> &str {
        &self.table
    }

    pub(crate) fn every(&self) -> Duration {
        self.interval
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !(SHORTEST..=LONGEST).contains(&self.interval) {
            return Err(Error::input(format!(
                "the outbox's interval is {:?}; it must be between {SHORTEST:?} and {LONGEST:?}",
                self.interval
            )));
        }
        let quotes = ['"', '`', '\'', '\\', '\0'];
        if self.table.is_empty() || self.table.len() > LONGEST_NAME || self.table.contains(quotes) {
            return Err(Error::input(format!(
                "{:?} cannot name the outbox's table; it must have 1 to {LONGEST_NAME} bytes and no quotes",
                self.table
            )));
        }
        Ok(())
    }
}
