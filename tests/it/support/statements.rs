//! What a database was asked.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::DatabaseConnection;

/// The SQL of every statement a connection executes, in the order they end.
///
/// SeaORM does not report `BEGIN`, `COMMIT`, `ROLLBACK` and `execute_unprepared`.
#[derive(Clone, Debug, Default)]
pub struct StatementLog {
    statements: Arc<Mutex<Vec<String>>>,
}

impl StatementLog {
    /// Starts to record. Clones of the connection made from now on are recorded too, earlier ones are not; a second log
    /// on one connection replaces the first.
    pub fn attach(connection: &mut DatabaseConnection) -> Self {
        let log = Self::default();
        let statements = Arc::clone(&log.statements);
        connection.set_metric_callback(move |execution| {
            statements.lock().unwrap_or_else(PoisonError::into_inner).push(execution.statement.sql.clone());
        });
        log
    }

    /// How many statements there were since the last [`take`](Self::take).
    pub fn len(&self) -> usize {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What was recorded, and begins anew.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
