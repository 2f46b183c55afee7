//! A test database is fresh, shared by its own connections, and gone afterwards.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, TransactionTrait};

use crate::support::TestDatabase;

async fn count(connection: &DatabaseConnection) -> Result<i64, DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), "SELECT COUNT(*) AS n FROM flight");
    connection.query_one_raw(statement).await?.unwrap().try_get("", "n")
}

/// Whether the database still exists, as its server or the file system tells.
async fn exists(backend: crate::support::Backend, url: &str) -> bool {
    use crate::support::Backend;
    let witness = TestDatabase::create(backend).await;
    let name = url.rsplit('/').next().unwrap();
    let sql = match backend {
        Backend::Sqlite => {
            let file = url.trim_start_matches("sqlite://").trim_end_matches("?mode=rwc");
            return Path::new(file).parent().unwrap().exists();
        }
        Backend::Postgres => format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"),
        Backend::MySql => format!("SELECT 1 FROM information_schema.schemata WHERE schema_name = '{name}'"),
    };
    let connection = witness.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(statement).await.unwrap().is_some()
}

on_every_backend! {
    async fn all_connections_see_the_same_database(backend: Backend) {
        let database = TestDatabase::create(backend).await;
        let (one, other) = (database.connect().await, database.connect().await);

        one.execute_unprepared("CREATE TABLE flight (id INT)").await.unwrap();
        one.execute_unprepared("INSERT INTO flight VALUES (115)").await.unwrap();

        assert_eq!(count(&other).await, Ok(1));
    }

    async fn two_databases_share_nothing(backend: Backend) {
        let (one, other) = (TestDatabase::create(backend).await, TestDatabase::create(backend).await);

        one.connect().await.execute_unprepared("CREATE TABLE flight (id INT)").await.unwrap();

        assert!(count(&one.connect().await).await.is_ok());
        assert!(count(&other.connect().await).await.is_err());
    }

    async fn a_dropped_database_is_gone_although_a_transaction_is_still_open_on_it(backend: Backend) {
        let database = TestDatabase::create(backend).await;
        let url = database.url().to_owned();
        let connection = database.connect().await;
        connection.execute_unprepared("CREATE TABLE flight (id INT)").await.unwrap();
        let transaction = connection.begin().await.unwrap();
        transaction.execute_unprepared("INSERT INTO flight VALUES (115)").await.unwrap();
        assert!(exists(backend, &url).await);

        drop(database);

        assert!(!exists(backend, &url).await);
    }
}
