//! A fresh database for every test, on each of the three kinds of server.

use std::env;
use std::path::Path;
use std::thread;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};
use tempfile::TempDir;
use url::Url;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
    /// MariaDB or MySQL.
    MySql,
}

impl Backend {
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::MySql];
}

/// One test, run on each of the three databases: `on_every_backend! { async fn name(backend: Backend) { … } }` makes
/// `name::sqlite`, `name::postgres` and `name::mysql`.
macro_rules! on_every_backend {
    ($($(#[$attr:meta])* async fn $name:ident($backend:ident: Backend) $body:block)+) => {$(
        $(#[$attr])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use crate::support::Backend;

            async fn test($backend: Backend) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test(Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                test(Backend::Postgres).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mysql() {
                test(Backend::MySql).await;
            }
        }
    )+};
}

/// An empty database of its own, removed when dropped together with whoever is still connected to it.
#[derive(Debug)]
pub struct TestDatabase {
    backend: Backend,
    url: String,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Directory(TempDir),
    Server { admin: Url, name: String },
}

impl TestDatabase {
    pub async fn create(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::in_directory(tempfile::tempdir().expect("a temporary directory")).await,
            Backend::Postgres => Self::on_server(backend, server("WRITETHROUGH_TEST_POSTGRES_URL")).await,
            Backend::MySql => Self::on_server(backend, server("WRITETHROUGH_TEST_MYSQL_URL")).await,
        }
    }

    async fn in_directory(directory: TempDir) -> Self {
        let url = sqlite_url(&directory.path().join("test.db"));
        // Written into the file, so that every later connection has it: readers and a writer get along.
        run(&url, &["PRAGMA journal_mode = WAL".to_owned()]).await.expect("a new SQLite file");
        Self { backend: Backend::Sqlite, url, home: Home::Directory(directory) }
    }

    async fn on_server(backend: Backend, admin: Url) -> Self {
        let name = format!("wt_{:016x}", rand::random::<u64>());
        let create = match backend {
            // template1 might be in use by somebody; nobody can connect to template0.
            Backend::Postgres => format!("CREATE DATABASE {name} TEMPLATE template0"),
            _ => format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        };
        run(admin.as_str(), &[create]).await.expect("a new database on the test server");
        let mut url = admin.clone();
        url.set_path(&name);
        Self { backend, url: url.into(), home: Home::Server { admin, name } }
    }

    pub fn backend(&self) -> Backend {
        self.backend
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection pool of its own; every call makes another.
    pub async fn connect(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(self.url.clone());
        // With nothing to look after, the pool starts no task that could meet its own first connection half given back.
        options.max_connections(10).idle_timeout(None).max_lifetime(None).sqlx_logging(false);
        Database::connect(options).await.expect("the database was just created")
    }
}

impl Drop for TestDatabase {
    /// Best effort: a database that stays behind goes with its server.
    fn drop(&mut self) {
        let Home::Server { admin, name } = &self.home else { return };
        let (backend, admin, name) = (self.backend, admin.clone(), name.clone());
        // A runtime of its own, because the test's cannot be waited for from here.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(drop_database(backend, admin.as_str(), &name)).map_err(std::io::Error::other)
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("a test database stays behind: {error}");
        }
    }
}

async fn drop_database(backend: Backend, admin: &str, name: &str) -> Result<(), DbErr> {
    if backend == Backend::Postgres {
        return run(admin, &[format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]).await;
    }
    // What WITH (FORCE) does on PostgreSQL: a transaction left open would hold its locks against the DROP.
    let database = connect_as_admin(admin).await?;
    let connected = format!("SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist WHERE db = '{name}'");
    for row in database.query_all_raw(statement(&database, connected)).await? {
        let id: i64 = row.try_get("", "id")?;
        // It may have gone by itself in the meantime.
        database.execute_unprepared(&format!("KILL {id}")).await.ok();
    }
    database.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await?;
    database.close().await
}

async fn run(url: &str, statements: &[String]) -> Result<(), DbErr> {
    let database = connect_as_admin(url).await?;
    for statement in statements {
        database.execute_unprepared(statement).await?;
    }
    database.close().await
}

async fn connect_as_admin(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).idle_timeout(None).max_lifetime(None).sqlx_logging(false);
    Database::connect(options).await
}

fn statement(database: &DatabaseConnection, sql: String) -> sea_orm::Statement {
    sea_orm::Statement::from_string(database.get_database_backend(), sql)
}

fn server(variable: &str) -> Url {
    let url = env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `scripts/test`, which starts the servers, or set it to the URL of one")
    });
    Url::parse(&url).unwrap_or_else(|error| panic!("{variable} is not a URL: {error}"))
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}
