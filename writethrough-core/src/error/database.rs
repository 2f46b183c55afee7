//! What a database error says about the statement's fate.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// Whether a failed statement or COMMIT is known to have changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// The server refused it, or it was never sent.
    Certain,
    /// It may have been executed, or may be executed yet.
    Unknown,
}

/// Judges the error of an autocommit statement or of a COMMIT. `DbErr::Conn` is certain: SeaORM makes it of a connection
/// that could not be opened, acquired or pinged, before anything is sent on it.
pub(crate) fn certainty(error: &DbErr) -> Certainty {
    match error {
        DbErr::Exec(error) | DbErr::Query(error) => runtime_certainty(error),
        // The server answered, but its answer could not be understood: the statement itself went through.
        DbErr::TryIntoErr { .. }
        | DbErr::Type(_)
        | DbErr::Json(_)
        | DbErr::ConvertFromU64(_)
        | DbErr::UnpackInsertId => Certainty::Unknown,
        _ => Certainty::Certain,
    }
}

fn runtime_certainty(error: &RuntimeErr) -> Certainty {
    let RuntimeErr::SqlxError(error) = error else {
        return Certainty::Certain;
    };
    match error.as_ref() {
        SqlxError::Database(error) => match error.code() {
            Some(code) if may_follow_the_commit(&code) => Certainty::Unknown,
            _ => Certainty::Certain,
        },
        SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::Configuration(_) | SqlxError::Encode(_) => {
            Certainty::Certain
        }
        _ => Certainty::Unknown,
    }
}

/// SQLSTATE classes that a server also reports after the commit has taken place, or while its fate is open: connection
/// exceptions, "resolution unknown", operator intervention, internal errors, and MySQL's shutdown in progress.
fn may_follow_the_commit(sqlstate: &str) -> bool {
    let operator = sqlstate.starts_with("57P");
    operator || ["08", "XX", "58"].iter().any(|class| sqlstate.starts_with(class)) || sqlstate == "40003"
}

pub(super) fn is_unique_violation(error: &DbErr) -> bool {
    sqlx_database_error(error).is_some_and(|error| error.is_unique_violation())
}

/// An error that [`certainty`] calls unknown.
pub(super) fn of_unknown_outcome(text: String) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(SqlxError::Io(std::io::Error::other(text)).into()))
}

/// 40001 serialization failure (also MySQL's 1213 deadlock), 40P01 deadlock on PostgreSQL; of SQLite 5, which is busy, and
/// 517, whose snapshot is old; of MariaDB 1020, whose snapshot is.
pub(crate) fn is_retryable(error: &DbErr) -> bool {
    let Some(error) = sqlx_database_error(error) else { return false };
    let code = error.code().is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01" | "5" | "517"));
    code || is_old_snapshot_on_mariadb(error)
}

#[cfg(feature = "mysql")]
fn is_old_snapshot_on_mariadb(error: &(dyn sea_orm::sqlx::error::DatabaseError + 'static)) -> bool {
    error.try_downcast_ref::<sea_orm::sqlx::mysql::MySqlDatabaseError>().is_some_and(|error| error.number() == 1020)
}

#[cfg(not(feature = "mysql"))]
fn is_old_snapshot_on_mariadb(_: &(dyn sea_orm::sqlx::error::DatabaseError + 'static)) -> bool {
    false
}

fn sqlx_database_error(error: &DbErr) -> Option<&(dyn sea_orm::sqlx::error::DatabaseError + 'static)> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => error.as_database_error(),
        _ => None,
    }
}
