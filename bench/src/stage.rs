//! The servers, the rows, the stores and the hand-written rival.

use std::sync::Arc;
use std::time::Duration;

use fred::interfaces::ClientLike;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, EntityTrait, Schema, Statement};
use writethrough::{Source, Store};

use crate::by_hand::ByHand;
use crate::{Result, flight};

/// Rows in the table; all of them cached.
pub(crate) const ROWS: i64 = 10_000;
/// The bound on a cache command, in the store and by hand: far above what a busy machine takes.
pub(crate) const CACHE_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 16;

/// Everything that a scenario needs.
pub(crate) struct Stage {
    /// On Redis.
    pub(crate) store: Store,
    /// On the memory cache, over the same rows.
    pub(crate) embedded: Store,
    pub(crate) by_hand: Arc<ByHand>,
    pub(crate) db: DatabaseConnection,
    admin: DatabaseConnection,
    database: String,
}

impl Stage {
    /// A database of its own on the server, filled; and a namespace of its own in the cache, warm.
    pub(crate) async fn set_up() -> Result<Self> {
        let database_url = variable(&["DATABASE_URL"])?;
        let redis_url = cache_url()?;
        let name = format!("writethrough_bench_{:08x}", rand::random::<u32>());

        let admin = Database::connect(&database_url).await?;
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        let mut options = ConnectOptions::new(in_database(&database_url, &name)?);
        options.max_connections(CONNECTIONS).min_connections(CONNECTIONS).sqlx_logging(false);
        let db = Database::connect(options).await?;
        fill(&db).await?;

        let by_hand = ByHand::connect(&redis_url, db.clone(), &format!("{name}-by-hand")).await?;
        let by_hand = Arc::new(by_hand);
        let builder = || Store::builder().database(db.clone()).namespace(&name).cache_timeout(CACHE_TIMEOUT);
        let store = builder().cache_url(&redis_url).build().await?;
        let embedded = builder().cache_url("memory:").build().await?;
        let stage = Self { store, embedded, by_hand, db, admin, database: name };
        stage.warm().await?;
        Ok(stage)
    }

    async fn warm(&self) -> Result<()> {
        let ids: Vec<i64> = (0..ROWS).collect();
        for store in [&self.store, &self.embedded] {
            flight::Entity::load_many_cached(ids.iter().copied(), store).await?;
            let probe = store.load::<flight::Entity>(ROWS - 1).await?;
            if probe.source != Source::Cache {
                return Err("the rows are not cached; is the cache large enough?".into());
            }
        }
        for row in flight::Entity::find().all(&self.db).await? {
            self.by_hand.set(&row).await?;
        }
        Ok(())
    }

    /// What the servers say about themselves.
    pub(crate) async fn servers(&self) -> Result<String> {
        let backend = self.db.get_database_backend();
        let mut settings = Vec::new();
        for setting in ["server_version", "fsync", "synchronous_commit"] {
            let row = self.db.query_one_raw(Statement::from_string(backend, format!("SHOW {setting}"))).await?;
            settings.push(row.map_or(Ok(String::new()), |row| row.try_get_by_index::<String>(0))?);
        }
        let info: String = self.by_hand.client().info(Some(fred::types::InfoKind::Server)).await?;
        let redis = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default();
        let [version, fsync, commit] = settings.as_slice() else { return Err("PostgreSQL hides its settings".into()) };
        Ok(format!(
            "PostgreSQL {version} (fsync {fsync}, synchronous_commit {commit}, {CONNECTIONS} connections), Redis {redis}."
        ))
    }

    /// Leaves nothing behind; entries in Redis expire within the hour.
    pub(crate) async fn tear_down(self) -> Result<()> {
        flight::Entity::invalidate_all(&self.store).await?;
        self.store.close().await?;
        self.embedded.close().await?;
        self.by_hand.client().quit().await?;
        self.db.close().await?;
        self.admin.execute_unprepared(&format!("DROP DATABASE {}", self.database)).await?;
        self.admin.close().await?;
        Ok(())
    }
}

async fn fill(db: &DatabaseConnection) -> Result<()> {
    let schema = Schema::new(db.get_database_backend());
    db.execute(&schema.create_table_from_entity(flight::Entity)).await?;
    let ids: Vec<i64> = (0..ROWS).collect();
    for ids in ids.chunks(1000) {
        flight::Entity::insert_many(ids.iter().map(|id| flight::sample(*id))).exec_without_returning(db).await?;
    }
    db.execute_unprepared("ANALYZE flight").await?;
    Ok(())
}

/// Where Redis is.
pub(crate) fn cache_url() -> Result<String> {
    variable(&["CACHE_URL", "REDIS_URL"])
}

fn variable(names: &[&str]) -> Result<String> {
    let value = names.iter().find_map(|name| std::env::var(name).ok());
    value.ok_or_else(|| format!("{} is not set; see bench/README.md", names.join(" or ")).into())
}

/// The same server, another database.
fn in_database(url: &str, database: &str) -> Result<String> {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = address.split_once("://").ok_or("DATABASE_URL is not a URL")?;
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    let separator = if parameters.is_empty() { "" } else { "?" };
    Ok(format!("{scheme}://{host}/{database}{separator}{parameters}"))
}
