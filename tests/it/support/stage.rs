//! A database of its own, a namespace of its own in a cache, and as many stores on them as a test wants.

use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, Schema};
use writethrough::{Store, StoreBuilder};

use super::databases::{Backend, TestDatabase};

/// Which cache a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheKind {
    /// The embedded one, shared by the stores of a stage.
    Memory,
    /// The Redis server that `scripts/test` started for everybody.
    Redis,
}

/// Where a test plays.
pub struct Stage {
    pub backend: Backend,
    pub cache: CacheKind,
    database: TestDatabase,
    namespace: String,
    redis_url: Option<String>,
}

impl Stage {
    pub async fn new(backend: Backend, cache: CacheKind) -> Self {
        let namespace = format!("it-{:016x}", rand::random::<u64>());
        Self { backend, cache, database: TestDatabase::create(backend).await, namespace, redis_url: None }
    }

    /// The same on a Redis server of its own.
    pub fn on(self, redis_url: String) -> Self {
        Self { redis_url: Some(redis_url), ..self }
    }

    /// A connection beside the stores: for tables, for the truth, and for writes behind their backs.
    pub async fn plain(&self) -> DatabaseConnection {
        self.database.connect().await
    }

    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub fn database_url(&self) -> String {
        self.database.url().to_owned()
    }

    pub fn cache_url(&self) -> String {
        match self.cache {
            CacheKind::Memory => format!("memory:{}", self.namespace),
            CacheKind::Redis => self.redis_url.clone().unwrap_or_else(redis_url),
        }
    }

    /// A builder with this stage's database (a pool of its own), cache and namespace, and patience for a busy machine.
    pub fn builder(&self) -> StoreBuilder {
        Store::builder()
            .database_url(self.database_url())
            .cache_url(self.cache_url())
            .namespace(self.namespace.clone())
            .cache_timeout(std::time::Duration::from_secs(5))
    }

    /// One more store, as another process would have it.
    pub async fn store(&self) -> Store {
        self.builder().build().await.expect("a store on this stage")
    }

    /// Creates the entity's table.
    pub async fn create_table<E: EntityTrait>(&self, entity: E) {
        let db = self.plain().await;
        let schema = Schema::new(db.get_database_backend());
        db.execute(&schema.create_table_from_entity(entity)).await.expect("create the table");
    }
}

/// The shared Redis server.
pub fn redis_url() -> String {
    std::env::var("WRITETHROUGH_TEST_REDIS_URL")
        .expect("WRITETHROUGH_TEST_REDIS_URL is not set; run scripts/test, which starts the servers and sets it")
}

/// Runs each test on every database with every cache: `on_every_stage! { async fn name(stage: Stage) { … } … }`.
#[macro_export]
macro_rules! on_every_stage {
    ($($(#[$attr:meta])* async fn $name:ident($stage:ident: Stage) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use $crate::support::databases::Backend;
            use $crate::support::stage::{CacheKind, Stage};

            async fn test($stage: Stage) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite_memory() { test(Stage::new(Backend::Sqlite, CacheKind::Memory).await).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite_redis() { test(Stage::new(Backend::Sqlite, CacheKind::Redis).await).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres_memory() { test(Stage::new(Backend::Postgres, CacheKind::Memory).await).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres_redis() { test(Stage::new(Backend::Postgres, CacheKind::Redis).await).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mysql_memory() { test(Stage::new(Backend::MySql, CacheKind::Memory).await).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mysql_redis() { test(Stage::new(Backend::MySql, CacheKind::Redis).await).await }
        }
    )+};
}
