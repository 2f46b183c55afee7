//! Locks that hold a statement back on the server, and a look at who waits for one.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait, QuerySelect, Statement,
    TransactionTrait,
};

use super::entities::flight;
use super::scene::Scene;
use super::until;

/// Locks the row of a flight until the transaction ends.
pub async fn lock_flight(scene: &Scene, id: i32) -> DatabaseTransaction {
    let lock = scene.db.begin().await.expect("a transaction");
    let row = flight::Entity::find_by_id(id).lock_exclusive().one(&lock).await.expect("nobody else has the lock");
    assert!(row.is_some(), "there is a row to lock");
    lock
}

/// Locks all flights against reads too, until the transaction ends; PostgreSQL.
pub async fn lock_table(scene: &Scene) -> DatabaseTransaction {
    let lock = scene.db.begin().await.expect("a transaction");
    lock.execute_unprepared("LOCK TABLE flight IN ACCESS EXCLUSIVE MODE").await.expect("nobody else has the lock");
    lock
}

/// Waits until a statement on this scene's database waits for a lock.
pub async fn somebody_waits(scene: &Scene) {
    until("a statement waits for a lock", async || waiting(scene).await > 0).await;
}

/// Waits until no statement on this scene's database waits for a lock, nor runs.
pub async fn nobody_works(scene: &Scene) {
    nobody_works_on(&scene.db).await;
}

/// The same on any database.
pub async fn nobody_works_on(db: &DatabaseConnection) {
    until("no statement runs", async || working(db).await == 0).await;
}

/// How many statements wait for a lock. On MariaDB: writes under way, which tests only ask about where the row is
/// locked (`innodb_trx` would tell precisely, but is not brought up to date while it is asked often).
pub async fn waiting(scene: &Scene) -> i64 {
    count(
        &scene.db,
        "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = DATABASE() AND command <> 'Sleep' \
         AND (info LIKE 'UPDATE %' OR info LIKE 'DELETE %')",
    )
    .await
}

async fn working(db: &DatabaseConnection) -> i64 {
    count(
        db,
        "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' \
         AND pid <> pg_backend_pid()",
        "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = DATABASE() AND command <> 'Sleep' \
         AND id <> CONNECTION_ID()",
    )
    .await
}

async fn count(db: &DatabaseConnection, postgres: &str, mariadb: &str) -> i64 {
    let backend = db.get_database_backend();
    let question = match backend {
        DbBackend::Postgres => postgres,
        _ => mariadb,
    };
    let row = db.query_one_raw(Statement::from_string(backend, question)).await.expect("the server tells");
    row.expect("a count").try_get("", "n").expect("a number")
}
