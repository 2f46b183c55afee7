//! What the generated methods work on.

use std::sync::Arc;

use super::Store;
use crate::ops::{Context, Transaction};

/// Where generated methods load and save: a [`Store`] or a [`Transaction`].
///
/// The trait is sealed; other crates use it as a bound for code that works on any session.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// # mod flight {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "flight")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub gate: String }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// #     impl writethrough_core::CachedEntity for Entity {
/// #         const POLICY: writethrough_core::EntityPolicy = writethrough_core::EntityPolicy::new();
/// #     }
/// #     use writethrough_core::{__private, Error, Session};
/// #     impl Entity {
/// #         pub async fn load_cached<S: Session>(id: i32, s: &S) -> Result<Option<Model>, Error> {
/// #             __private::load::<Self, S>(id, s).await
/// #         }
/// #     }
/// # }
/// use writethrough::{Error, Session, Store};
///
/// /// From the cache, or as a transaction sees it.
/// async fn gate_of(id: i32, session: &impl Session) -> Result<Option<String>, Error> {
///     Ok(flight::Entity::load_cached(id, session).await?.map(|flight| flight.gate))
/// }
///
/// # async fn both(store: &Store) -> Result<(), Error> {
/// gate_of(115, store).await?;
/// store.transaction(async |tx| gate_of(115, tx).await).await?;
/// # Ok(()) }
/// ```
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
