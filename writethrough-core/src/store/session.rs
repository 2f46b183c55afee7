//! What the generated methods work on.

use std::sync::Arc;

use super::Store;
use crate::ops::{Context, Transaction};

/// Where generated methods load and save: a [`Store`] or a [`Transaction`].
///
/// The trait is sealed; other crates use it as a bound for code that works on any session.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session",
    label = "the cache would not see what is done through this",
    note = "pass a `&Store` or a `&Transaction`; the store's `database()` is for plain queries"
)]
pub trait Session: sealed::Sealed {}

impl Session for Store {}

impl Session for Transaction {}

/// Which kind of session.
pub enum Scope<'a> {
    /// Each call for itself, through the cache.
    Store(&'a Arc<Context>),
    /// All calls together, on the database until the commit.
    Transaction(&'a Transaction),
}

pub(crate) mod sealed {
    use super::{Scope, Store, Transaction};

    pub trait Sealed: Send + Sync {
        fn scope(&self) -> Scope<'_>;
    }

    impl Sealed for Store {
        fn scope(&self) -> Scope<'_> {
            Scope::Store(Store::context(self))
        }
    }

    impl Sealed for Transaction {
        fn scope(&self) -> Scope<'_> {
            Scope::Transaction(self)
        }
    }
}
