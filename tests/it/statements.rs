//! The log of statements sees what it should, and only that.

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait};

use crate::support::{StatementLog, TestDatabase};

async fn query(connection: &impl ConnectionTrait, sql: &str) -> Result<(), sea_orm::DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(statement).await.map(|_| ())
}

async fn logged(database: &TestDatabase) -> (DatabaseConnection, StatementLog) {
    let mut connection = database.connect().await;
    let log = StatementLog::attach(&mut connection);
    (connection, log)
}

on_every_backend! {
    async fn every_statement_is_recorded_once_failed_ones_included(backend: Backend) {
        let database = TestDatabase::create(backend).await;
        let (connection, log) = logged(&database).await;

        query(&connection, "SELECT 1").await.unwrap();
        query(&connection.clone(), "SELECT 2").await.unwrap();
        query(&connection, "SELECT x FROM nowhere").await.unwrap_err();

        assert_eq!(log.len(), 3);
        assert_eq!(log.take(), ["SELECT 1", "SELECT 2", "SELECT x FROM nowhere"]);
        assert_eq!(log.take(), [""; 0]);
    }

    async fn statements_in_a_transaction_are_recorded_but_not_its_begin_and_commit(backend: Backend) {
        let database = TestDatabase::create(backend).await;
        let (connection, log) = logged(&database).await;

        let transaction = connection.begin().await.unwrap();
        query(&transaction, "SELECT 1").await.unwrap();
        transaction.commit().await.unwrap();

        assert_eq!(log.take(), ["SELECT 1"]);
    }

    async fn another_pool_on_the_same_database_is_not_recorded(backend: Backend) {
        let database = TestDatabase::create(backend).await;
        let (_connection, log) = logged(&database).await;

        query(&database.connect().await, "SELECT 1").await.unwrap();

        assert_eq!(log.len(), 0);
    }
}
