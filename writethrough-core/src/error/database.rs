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

/// 40001 serialization failure (also MySQL's 1213 deadlock), 40P01 deadlock on PostgreSQL.
pub(crate) fn is_retryable(error: &DbErr) -> bool {
    sqlx_database_error(error)
        .and_then(|error| error.code())
        .is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01"))
}

fn sqlx_database_error(error: &DbErr) -> Option<&(dyn sea_orm::sqlx::error::DatabaseError + 'static)> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => error.as_database_error(),
        _ => None,
    }
}
