//! What the generated methods work on.

use std::sync::Arc;

use super::Store;
use crate::ops::Context;

/// Where generated methods load and save: a [`Store`].
///
/// The trait is sealed; other crates use it as a bound for code that works on any session.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session",
    label = "the cache would not see what is done through this",
    note = "pass a `&Store`; its `database()` is for plain queries"
)]
pub trait Session: sealed::Sealed {}

impl Session for Store {}

pub(crate) mod sealed {
    use super::{Arc, Context, Store};

    pub trait Sealed: Send + Sync {
        fn context(&self) -> &Arc<Context>;
    }

    impl Sealed for Store {
        fn context(&self) -> &Arc<Context> {
            Store::context(self)
        }
    }
}
