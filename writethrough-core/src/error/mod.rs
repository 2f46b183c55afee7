//! One opaque error that always tells whether the database changed.

mod database;

use std::fmt;

use sea_orm::DbErr;

use crate::cache::CacheError;
pub(crate) use database::{Certainty, certainty, is_retryable};

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether the database changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It did not change, and will not.
    NotCommitted,
    /// It changed; only what came after the commit failed.
    Committed,
    /// The connection was lost, or the time was up, while the database was at it: it changed, will change, or never
    /// does. The row's entry stays out of the cache until that is decided.
    Unknown,
}

/// What went wrong, and whether the database changed.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use writethrough::{Error, Outcome};
///
/// # fn handle(error: Error) {
/// match error.outcome() {
///     Outcome::NotCommitted if error.is_retryable() => { /* try the save again */ }
///     Outcome::NotCommitted => { /* report it */ }
///     Outcome::Committed => { /* the row is saved; do not save it again */ }
///     _ => { /* look before saving again */ }
/// }
/// # }
/// ```
pub struct Error(Box<Repr>);

struct Repr {
    kind: Kind,
    outcome: Outcome,
    advice: Option<&'static str>,
}

#[derive(Debug)]
enum Kind {
    Database(DbErr),
    Cache(CacheError),
    Input(String),
    WriteTimeout,
    Unfinished(String),
    RolledBack { message: String, retryable: bool },
    Overloaded(String),
    Conflict(String),
}

impl Error {
    /// Whether the database changed.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The SeaORM error inside, if the database or a hook failed.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use sea_orm::DbErr;
    /// use writethrough::Error;
    ///
    /// let error = Error::from(DbErr::RecordNotUpdated);
    /// assert!(matches!(error.db_err(), Some(DbErr::RecordNotUpdated)));
    /// assert!(error.is_not_found() && !error.is_retryable());
    /// ```
    #[must_use]
    pub fn db_err(&self) -> Option<&DbErr> {
        match &self.0.kind {
            Kind::Database(error) => Some(error),
            _ => None,
        }
    }

    /// The row that was to be updated does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.db_err(), Some(DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated))
    }

    /// A race was lost: somebody else has changed the row since it was loaded, as its
    /// [version](crate::CachedEntity::version_column) tells.
    ///
    /// Nothing was written, and the next load returns the row as it is now: load it, apply the change to it, and save
    /// again. Saving the same model again would fail again, so such an error is not [retryable](Self::is_retryable), and
    /// [`transaction_retrying`](crate::Store::transaction_retrying) hands it on.
    ///
    /// ```
    /// # extern crate writethrough_core as writethrough;
    /// use writethrough::Error;
    ///
    /// /// Tries again until nobody was faster.
    /// async fn persist(mut load_and_save: impl AsyncFnMut() -> Result<(), Error>) -> Result<(), Error> {
    ///     loop {
    ///         match load_and_save().await {
    ///             Err(error) if error.is_conflict() => {}
    ///             result => return result,
    ///         }
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self.0.kind, Kind::Conflict(_))
    }

    /// A unique key or the primary key is taken.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.db_err().is_some_and(database::is_unique_violation)
    }

    /// Deadlock, serialization failure or overload: nothing was changed, and the same work may succeed if it is tried
    /// again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.outcome() == Outcome::NotCommitted
            && match &self.0.kind {
                Kind::Database(error) => is_retryable(error),
                Kind::RolledBack { retryable, .. } => *retryable,
                Kind::Overloaded(_) => true,
                _ => false,
            }
    }

    /// The cache did not acknowledge, and the policy is [`Fail`](crate::policy::OnCacheFailure::Fail) or the operation an
    /// audit.
    #[must_use]
    pub fn is_cache_unavailable(&self) -> bool {
        matches!(self.0.kind, Kind::Cache(_))
    }

    /// The arguments or the configuration cannot be used; nothing was written anywhere.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(self.0.kind, Kind::Input(_))
    }

    /// The database did not finish within the write timeout.
    #[must_use]
    pub fn is_write_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::WriteTimeout)
    }

    /// The transaction was rolled back instead of being committed, because something in it had failed.
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        matches!(self.0.kind, Kind::RolledBack { .. })
    }

    /// The cache is gone, and the load found no turn at the database in time; see
    /// [`database_limit`](crate::StoreBuilder::database_limit).
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        matches!(self.0.kind, Kind::Overloaded(_))
    }

    pub(crate) fn overloaded(message: String) -> Self {
        Self::new(Kind::Overloaded(message), Outcome::NotCommitted)
    }

    /// Of the table of this name.
    pub(crate) fn conflict(table: &str) -> Self {
        let message = format!(
            "somebody else has changed this `{table}` since it was loaded; load it again, apply the change to it, and save \
             it again"
        );
        Self::new(Kind::Conflict(message), Outcome::NotCommitted)
    }

    pub(crate) fn rolled_back(message: String, retryable: bool) -> Self {
        Self::new(Kind::RolledBack { message, retryable }, Outcome::NotCommitted)
    }

    /// As SeaORM's own interfaces want it. Made an [`Error`] again, it does not claim that the database did not change where
    /// it may have.
    pub(crate) fn into_db_err(self) -> DbErr {
        match (self.0.kind, self.0.outcome) {
            (Kind::Database(error), _) => error,
            (kind, outcome) => {
                let text = Self::new(kind, outcome).to_string();
                match outcome {
                    Outcome::NotCommitted => DbErr::Custom(text),
                    Outcome::Committed | Outcome::Unknown => database::of_unknown_outcome(text),
                }
            }
        }
    }

    pub(crate) fn database(error: DbErr, outcome: Outcome) -> Self {
        Self::new(Kind::Database(error), outcome)
    }

    pub(crate) fn cache(error: CacheError, outcome: Outcome) -> Self {
        Self::new(Kind::Cache(error), outcome)
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input(message.into()), Outcome::NotCommitted)
    }

    pub(crate) fn write_timeout(outcome: Outcome) -> Self {
        Self::new(Kind::WriteTimeout, outcome)
    }

    pub(crate) fn unfinished(message: impl Into<String>, outcome: Outcome) -> Self {
        Self::new(Kind::Unfinished(message.into()), outcome)
    }

    /// Adds what the caller can do about it.
    pub(crate) fn advise(mut self, advice: &'static str) -> Self {
        self.0.advice = Some(advice);
        self
    }

    fn new(kind: Kind, outcome: Outcome) -> Self {
        Self(Box::new(Repr { kind, outcome, advice: None }))
    }
}

impl From<DbErr> for Error {
    /// For plain SeaORM calls beside ours. The outcome follows from the error: a
    /// statement that the server refused did not change anything, one whose connection broke may have.
    fn from(error: DbErr) -> Self {
        let outcome = match (&error, certainty(&error)) {
            // SeaORM on MySQL says so of a row that was written, and gone when it was read back.
            (DbErr::RecordNotFound(text), _) if text.starts_with("Failed to find ") => Outcome::Unknown,
            (_, Certainty::Unknown) => Outcome::Unknown,
            (_, Certainty::Certain) => Outcome::NotCommitted,
        };
        Self::database(error, outcome)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Database(error) => error.fmt(f)?,
            Kind::Cache(error) => error.fmt(f)?,
            Kind::Input(message)
            | Kind::Unfinished(message)
            | Kind::RolledBack { message, .. }
            | Kind::Overloaded(message)
            | Kind::Conflict(message) => f.write_str(message)?,
            Kind::WriteTimeout => f.write_str("the database did not finish within the write timeout")?,
        }
        if let Some(advice) = self.0.advice {
            write!(f, "; {advice}")?;
        }
        match self.0.outcome {
            Outcome::NotCommitted => Ok(()),
            Outcome::Committed => f.write_str(" (the database has changed)"),
            Outcome::Unknown => f.write_str(" (the database may have changed)"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind).field("outcome", &self.0.outcome);
        if let Some(advice) = self.0.advice {
            debug.field("advice", &advice);
        }
        debug.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Database(error) => Some(error),
            Kind::Cache(error) => Some(error),
            Kind::Input(_)
            | Kind::WriteTimeout
            | Kind::Unfinished(_)
            | Kind::RolledBack { .. }
            | Kind::Overloaded(_)
            | Kind::Conflict(_) => None,
        }
    }
}
