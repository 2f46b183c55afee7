//! The store: a database, a cache, and what is decided about them.

mod audits;
mod builder;
mod bulk;
mod connect;
mod health;
mod loader;
mod many;
mod session;
mod transactions;
mod url;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, DatabaseConnection};
use tokio::time::{Instant, timeout_at};

pub use builder::StoreBuilder;
pub use bulk::{DeleteManyThrough, UpdateManyThrough};
pub use health::Health;
pub use loader::CachedLoader;
pub(crate) use loader::related;
pub(crate) use session::Scope;
pub use session::Session;

use crate::entity::{CachedEntity, IntoKey, PkValue};
use crate::error::{Error, Outcome, Result};
use crate::ops::{self, Context, Deleted, Loaded, Saved, Verb, erased};

/// A database and the cache in front of it. Cloning is cheap; clones are the same store.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use writethrough::Store;
///
/// # async fn connect() -> Result<(), writethrough::Error> {
/// let embedded = Store::connect("sqlite::memory:", "memory:").await?;
/// let shared = Store::connect("postgres://localhost/app", "redis://localhost").await?;
/// # Ok(()) }
/// ```
///
/// A store is not a SeaORM connection, so `active_model.save(&store)`, which would leave the cache stale, does not
/// compile. For plain queries, [`Store::database`] lends the connection.
///
/// Its verbs do what the derive's methods do, and tell besides what happened in the cache:
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// # mod flight {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "flight")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub gate: String }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// #     impl writethrough_core::CachedEntity for Entity {
/// #         const POLICY: writethrough_core::EntityPolicy = writethrough_core::EntityPolicy::new();
/// #     }
/// # }
/// use sea_orm::{ActiveValue::Set, sea_query::OnConflict};
/// use writethrough::{CacheEffect, Source, Store};
///
/// # async fn verbs(store: &Store) -> Result<(), writethrough::Error> {
/// let departure = flight::ActiveModel { gate: Set("A4".to_owned()), ..Default::default() };
/// let saved = store.insert(departure).await?;
/// assert_eq!(saved.cache, CacheEffect::Refreshed); // the entry is the row that the database returned
/// let id = saved.model.id;
///
/// let loaded = store.load::<flight::Entity>(id).await?;
/// assert_eq!((loaded.model, loaded.source), (Some(saved.model), Source::Cache));
///
/// let moved = flight::ActiveModel { id: Set(id), gate: Set("B17".to_owned()) };
/// store.update(moved.clone()).await?;
/// store.save(moved.clone()).await?; // inserts only where the key is not set
/// let on_conflict = OnConflict::column(flight::Column::Id).update_column(flight::Column::Gate).to_owned();
/// let upserted = store.upsert(moved.clone(), on_conflict).await?;
/// assert!(upserted.is_some()); // none where the conflict was answered by doing nothing
///
/// let deleted = store.delete(moved).await?; // with its hooks
/// assert!(deleted.existed);
/// assert!(!store.delete_by_id::<flight::Entity>(id).await?.existed); // without
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Store {
    context: Arc<Context>,
    owns_database: bool,
}

impl Store {
    /// Opens a database and a cache by their URLs, with default settings.
    ///
    /// Databases: `sqlite:`, `postgres:`, `mysql:` as SeaORM knows them. Caches: `redis://`, `rediss://`, `unix://`,
    /// `redis-cluster://`, `redis-sentinel://`, `memory:` (of this store and its clones alone: right only while one
    /// process writes) and `memory:NAME` (shared by all stores of the process that name it).
    ///
    /// Every statement on connections that are opened here is bounded by the write timeout (30 s by default), plain
    /// queries on [`Store::database`] included. Keys start with the database's name: give stores of different databases
    /// that bear one name a [`namespace`](StoreBuilder::namespace) each if they share a Redis.
    ///
    /// # Errors
    ///
    /// A URL that cannot be used, a driver that was not built in, or a database that cannot be reached. A cache that
    /// cannot be reached is no error: the store starts degraded and says so in the log.
    ///
    /// # Cancel safety
    ///
    /// Safe: connections that were opened are closed.
    pub async fn connect(database_url: &str, cache_url: &str) -> Result<Self> {
        Self::builder().database_url(database_url).cache_url(cache_url).build().await
    }

    /// A builder with default settings.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use writethrough::Store;
    ///
    /// # async fn build() -> Result<(), writethrough::Error> {
    /// let store = Store::builder().database_url("sqlite::memory:").namespace("shop").build().await?;
    /// # Ok(()) }
    /// ```
    pub fn builder() -> StoreBuilder {
        StoreBuilder::default()
    }

    /// The database connection, for plain queries. Writes through it are not seen by the cache; tell it with
    /// `invalidate`.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use sea_orm::ConnectionTrait;
    /// use writethrough::Store;
    ///
    /// # async fn log(store: &Store) -> Result<(), writethrough::Error> {
    /// store.database().execute_unprepared("INSERT INTO log (line) VALUES ('started')").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn database(&self) -> &DatabaseConnection {
        &self.context.db
    }

    /// Loads a row and tells where it came from.
    ///
    /// # Errors
    ///
    /// The database failed, or the key is too long. A failing cache is no error.
    ///
    /// # Cancel safety
    ///
    /// Safe: a lease that the load holds is given back.
    pub async fn load<E: CachedEntity>(&self, id: impl IntoKey<PkValue<E>>) -> Result<Loaded<E::Model>> {
        erased(move || ops::load::<E>(&self.context, id.into_key())).await
    }

    /// Saves a row and tells what became of its entry; inserts or updates as SeaORM's `save` does.
    ///
    /// # Errors
    ///
    /// [`Error::outcome`] tells whether the database changed.
    ///
    /// # Cancel safety
    ///
    /// A write that was sent goes on in the background when the future is dropped.
    pub async fn save<A>(&self, active_model: A) -> Result<Saved<<A::Entity as sea_orm::EntityTrait>::Model>>
    where
        A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>>,
    {
        erased(move || ops::save::<A::Entity>(&self.context, active_model, Verb::Save)).await
    }

    /// Inserts a row and tells what became of its entry.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::save`].
    pub async fn insert<A>(&self, active_model: A) -> Result<Saved<<A::Entity as sea_orm::EntityTrait>::Model>>
    where
        A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>>,
    {
        erased(move || ops::save::<A::Entity>(&self.context, active_model, Verb::Insert)).await
    }

    /// Updates a row and tells what became of its entry.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::save`].
    pub async fn update<A>(&self, active_model: A) -> Result<Saved<<A::Entity as sea_orm::EntityTrait>::Model>>
    where
        A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>>,
    {
        erased(move || ops::save::<A::Entity>(&self.context, active_model, Verb::Update)).await
    }

    /// Inserts a row, or does what `on_conflict` says with the one that stands in its way, and tells what became of its
    /// entry; `None` if that was nothing. Hooks do not run.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::save`].
    pub async fn upsert<A>(
        &self,
        active_model: A,
        on_conflict: OnConflict,
    ) -> Result<Option<Saved<<A::Entity as sea_orm::EntityTrait>::Model>>>
    where
        A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>>,
    {
        erased(move || ops::upsert::<A::Entity>(&self.context, active_model, on_conflict)).await
    }

    /// Deletes a row, with its hooks, and tells what became of its entry.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::save`].
    pub async fn delete<A>(&self, active_model: A) -> Result<Deleted>
    where
        A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>>,
    {
        erased(move || ops::delete::<A::Entity>(&self.context, active_model)).await
    }

    /// Deletes a row by its primary key, without hooks, and tells what became of its entry.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::save`].
    pub async fn delete_by_id<E: CachedEntity>(&self, id: impl IntoKey<PkValue<E>>) -> Result<Deleted> {
        erased(move || ops::delete_by_id::<E>(&self.context, id.into_key())).await
    }

    /// Closes the store and its clones: from now on they refuse work. Waits until background refreshes, writes whose
    /// caller went away and repairs are done, then lets go of the cache and of a database that was opened by its URL;
    /// all of it at most about the close timeout (10 s by default).
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// # async fn end(store: writethrough::Store) {
    /// if let Err(unfinished) = store.close().await {
    ///     eprintln!("{unfinished}"); // which entries may be stale until they expire, and why
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What could not be done in time, by numbers and the names of tables: those entries live until their time to live, and
    /// background writes may still commit.
    ///
    /// # Cancel safety
    ///
    /// The store stays closed; call it again to wait for the rest.
    pub async fn close(&self) -> Result<()> {
        let context = &self.context;
        let deadline = Instant::now() + context.settings.close_timeout;
        context.closed.store(true, Ordering::Relaxed);
        context.closing.cancel();
        context.tasks.close();
        let pending = async {
            context.tasks.wait().await;
            context.repairs.drained().await;
            if let Some(outbox) = &context.outbox {
                // What is not removed now, another store invalidates once more.
                drop(outbox.remove_acknowledged(&context.db).await);
            }
        };
        let done = timeout_at(deadline, pending).await;
        if let Some(outbox) = &context.outbox {
            outbox.close();
            drop(timeout_at(deadline, outbox.closed()).await);
        }
        let (tasks, repairs) = (context.tasks.len(), context.repairs.waiting());
        let backlog = context.repairs.backlog();
        context.cache.close().await;
        context.repairs.give_up();
        if self.owns_database {
            // From now on the pool gives out no connection; one that a stuck write still uses goes when the write does.
            if let Ok(Err(error)) = timeout_at(deadline, context.db.close_by_ref()).await {
                tracing::warn!(%error, "the database connection was not closed cleanly");
            }
        }
        if done.is_ok() {
            return Ok(());
        }
        let outcome = if tasks > 0 { Outcome::Unknown } else { Outcome::Committed };
        let names = if repairs > 0 { format!(" ({backlog})") } else { String::new() };
        let message = format!(
            "the store was closed with {tasks} background writes and {repairs} cache repairs unfinished{names}; their \
             entries may be stale until they expire"
        );
        Err(Error::unfinished(message, outcome))
    }

    /// How the store does, at this moment; asks nobody.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use writethrough::Store;
    ///
    /// # async fn report(store: &Store) {
    /// let health = store.health();
    /// if !health.is_healthy() {
    ///     eprintln!("loads ask the database, breaker {:?}, {} keys wait", health.breaker, health.waiting_keys);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn health(&self) -> Health {
        Health::of(&self.context)
    }

    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.context
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("cache", &self.context.cache)
            .field("settings", &self.context.settings)
            .field("waiting_repairs", &self.context.repairs.waiting())
            .finish_non_exhaustive()
    }
}
