//! Opening a database.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use super::url::{DatabaseScheme, as_seaorm_spells_it, database_scheme};
use crate::error::{Error, Outcome, Result};
use crate::outbox::{Failure, Relay, Seen};

/// A new pool of sqlx 0.9 looks after its idle connections once, in a task of its own. If it does so at the very moment when
/// one is given back and taken by another, their number wraps around, and the task never ends. So nobody takes one before.
const POOL_SETTLES: Duration = Duration::from_millis(2);

/// Opens the database with the write timeout as its statement timeout, so that no statement outlives its fence.
pub(super) async fn open(url: &str, write_timeout: Duration) -> Result<DatabaseConnection> {
    let url = as_seaorm_spells_it(url);
    let scheme = database_scheme(&url)?;
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false);
    check_driver(scheme)?;
    match scheme {
        DatabaseScheme::SqliteMemory => {
            // One connection that never ends: the database lives in it.
            options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        }
        DatabaseScheme::Sqlite => {}
        DatabaseScheme::Postgres => {
            options.statement_timeout(write_timeout);
        }
        DatabaseScheme::MySql => limit_mysql(&mut options, write_timeout),
    }
    #[cfg(feature = "sqlite")]
    options.map_sqlx_sqlite_opts(move |options| options.busy_timeout(write_timeout));
    let db = Database::connect(options).await.map_err(|error| Error::database(error, Outcome::NotCommitted))?;
    tokio::time::sleep(POOL_SETTLES).await;
    Ok(db)
}

/// Refuses a database whose driver was not built in: SeaORM's own error would quote the URL, password and all.
fn check_driver(scheme: DatabaseScheme) -> Result<()> {
    let (feature, is_built_in) = match scheme {
        DatabaseScheme::SqliteMemory | DatabaseScheme::Sqlite => ("sqlite", cfg!(feature = "sqlite")),
        DatabaseScheme::Postgres => ("postgres", cfg!(feature = "postgres")),
        DatabaseScheme::MySql => ("mysql", cfg!(feature = "mysql")),
    };
    if is_built_in {
        return Ok(());
    }
    Err(Error::input(format!(
        "this database cannot be opened by URL; turn on the feature `{feature}` of writethrough, or hand an open \
         connection to database() of the builder"
    )))
}

/// MariaDB bounds every statement; MySQL has no bound for writes but the one on waiting for a lock.
#[cfg(feature = "mysql")]
fn limit_mysql(options: &mut ConnectOptions, write_timeout: Duration) {
    use sea_orm::sqlx::Executor;

    let seconds = write_timeout.as_secs().max(1);
    let limits = format!(
        "SET SESSION innodb_lock_wait_timeout = {seconds} /*M! , max_statement_time = {} */",
        write_timeout.as_secs_f64()
    );
    options.map_sqlx_mysql_pool_opts(move |pool| {
        let limits = limits.clone();
        pool.after_connect(move |connection, _| {
            let limits = limits.clone();
            Box::pin(async move { connection.execute(sea_orm::sqlx::AssertSqlSafe(limits)).await.map(drop) })
        })
    });
}

#[cfg(not(feature = "mysql"))]
fn limit_mysql(_: &mut ConnectOptions, _: Duration) {}

/// Puts right what others have left in the outbox. A cache that does not answer is asked again later; until then reads do
/// not trust it.
pub(super) async fn consult(relay: &Relay) -> Result<()> {
    match relay.look(&mut Seen::new()).await {
        Ok(()) | Err(Failure::Cache(_)) => Ok(()),
        Err(Failure::Overdue) => Err(Error::write_timeout(Outcome::NotCommitted)),
        Err(Failure::Database(error)) => Err(Error::database(error, Outcome::NotCommitted)
            .advise("the outbox's table must be there; create it with OutboxOptions::create_table, or in a migration")),
    }
}

/// The database's own name; random for a database in memory, which nobody else can share.
pub(super) async fn default_namespace(db: &DatabaseConnection) -> Result<String> {
    let backend = db.get_database_backend();
    let question = match backend {
        DbBackend::Postgres => "SELECT current_database()::text",
        DbBackend::MySql => "SELECT DATABASE()",
        DbBackend::Sqlite => "SELECT file FROM pragma_database_list WHERE name = 'main'",
        _ => return Err(Error::input("this database is not supported; name the store with namespace()")),
    };
    let row = db.query_one_raw(Statement::from_string(backend, question)).await?;
    let name = match row {
        Some(row) => row.try_get_by_index::<Option<String>>(0)?.unwrap_or_default(),
        None => String::new(),
    };
    let name = match backend {
        DbBackend::Sqlite => std::path::Path::new(&name).file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        _ => Some(name).filter(|name| !name.is_empty()),
    };
    match name {
        Some(name) => Ok(name),
        None if backend == DbBackend::Sqlite => Ok(format!("memory-{:016x}", rand::random::<u64>())),
        None => Err(Error::input("the connection has no current database; name the store with namespace()")),
    }
}
