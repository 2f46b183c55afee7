//! A transaction as a connection of SeaORM.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;

use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, ExecResult, IsolationLevel, QueryResult, Statement,
    TransactionError, TransactionOptions, TransactionSession, TransactionTrait,
};

use super::Transaction;
use super::ledger::Failure;
use super::level::{Level, Line};
use super::plain::{ends_the_transaction, is_read, names};
use crate::entity::Owner;
use crate::error::Error;
use crate::policy::OnPlainWrite;
use crate::telemetry;

/// The transaction's connection, for as long as nobody else may send: for our own verbs, which note themselves what they
/// touch.
pub(super) struct Own<'a> {
    level: &'a Level,
    line: Line<'a>,
}

impl Transaction {
    /// Waits until no other statement is under way.
    pub(super) async fn own(&self) -> Result<Own<'_>, DbErr> {
        let level = self.level();
        Ok(Own { level, line: level.line().await? })
    }
}

impl Own<'_> {
    /// Of several statements that belong together not all were executed: this level fails.
    pub(super) fn give_up(&self, why: &'static str) {
        self.level.shared.ledger().fail(Failure::new(why));
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Own<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.level.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.level.send(&self.line, self.level.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.level.send(&self.line, self.level.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.level.send(&self.line, self.level.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.level.send(&self.line, self.level.inner.query_all_raw(statement)).await
    }

    fn support_returning(&self) -> bool {
        self.level.inner.support_returning()
    }
}

/// Plain statements: those that write are noticed.
#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.level().inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let own = self.own().await?;
        self.notice(&statement.sql)?;
        own.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let own = self.own().await?;
        self.notice(sql)?;
        own.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let own = self.own().await?;
        self.notice(&statement.sql)?;
        own.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let own = self.own().await?;
        self.notice(&statement.sql)?;
        own.query_all_raw(statement).await
    }

    fn support_returning(&self) -> bool {
        self.level().inner.support_returning()
    }
}

impl Transaction {
    /// Takes note of a plain statement that is about to be sent, or refuses it.
    fn notice(&self, sql: &str) -> Result<(), DbErr> {
        let Level { shared, inner, .. } = &**self.level();
        if let Some(why) = ends_the_transaction(sql, ConnectionTrait::get_database_backend(inner)) {
            return Err(DbErr::Custom(why.to_owned()));
        }
        if !is_read(sql) {
            for owner in shared.context.entities.filter(|owner| names(sql, owner.entity.label)) {
                self.write_noticed(owner)?;
                shared.ledger().doubt(owner.entity.label);
            }
        }
        Ok(())
    }

    fn write_noticed(&self, owner: Owner) -> Result<(), DbErr> {
        let shared = &self.level().shared;
        let entity = owner.entity.label;
        match shared.context.settings.on_plain_write {
            OnPlainWrite::Refuse => {
                return Err(DbErr::Custom(format!(
                    "a plain statement writes to `{entity}`, which is cached; use its `…_through` methods, or let the \
                     store's on_plain_write invalidate the entity"
                )));
            }
            OnPlainWrite::Warn => {
                tracing::warn!(entity, "a plain statement in a transaction writes to the table of a cached entity");
            }
            OnPlainWrite::Invalidate => shared.ledger().sweep(owner),
        }
        telemetry::count(telemetry::PLAIN_WRITES, entity);
        Ok(())
    }
}

#[async_trait::async_trait]
impl TransactionTrait for Transaction {
    type Transaction = Self;

    async fn begin(&self) -> Result<Self, DbErr> {
        self.nest(TransactionOptions::default()).await
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self, DbErr> {
        self.nest(TransactionOptions { isolation_level, access_mode, ..TransactionOptions::default() }).await
    }

    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        self.nest(options).await
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        TransactionTrait::transaction_with_config(self, callback, None, None).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        let nested = self.begin_with_config(isolation_level, access_mode).await?;
        let result = callback(&nested).await;
        match &result {
            Ok(_) => TransactionSession::commit(nested).await?,
            Err(_) => TransactionSession::rollback(nested).await?,
        }
        result.map_err(TransactionError::Transaction)
    }
}

#[async_trait::async_trait]
impl TransactionSession for Transaction {
    async fn commit(self) -> Result<(), DbErr> {
        Self::commit(self).await.map_err(Error::into_db_err)
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Self::rollback(self).await.map_err(Error::into_db_err)
    }
}
