//! Bulk writes as a user builds them.

use sea_orm::Value;
use sea_orm::sea_query::{IntoCondition, SimpleExpr};

use super::{Scope, Session};
use crate::entity::CachedEntity;
use crate::error::Result;
use crate::ops::{self, Delete, Update, erased};

/// An update of all rows that a filter selects; what `Entity::update_many_through()` begins.
///
/// Exactly the rows that the database changed have their entries brought up to date. Nothing happens before
/// [`exec`](Self::exec). Hooks do not run, as they do not in SeaORM's `update_many`.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// # mod flight {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "flight")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub gate: String, pub delay_minutes: i32 }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// #     impl writethrough_core::CachedEntity for Entity {
/// #         const POLICY: writethrough_core::EntityPolicy = writethrough_core::EntityPolicy::new();
/// #     }
/// #     impl Entity {
/// #         pub fn update_many_through() -> writethrough_core::UpdateManyThrough<Self> {
/// #             writethrough_core::__private::update_many()
/// #         }
/// #     }
/// # }
/// use flight::{Column, Entity};
/// use sea_orm::{ColumnTrait, sea_query::{Expr, ExprTrait}};
/// use writethrough::Store;
///
/// # async fn fog(store: &Store) -> Result<(), writethrough::Error> {
/// let late = Entity::update_many_through()
///     .set(Column::Gate, "B17")
///     .col_expr(Column::DelayMinutes, Expr::col(Column::DelayMinutes).add(30))
///     .filter(Column::Gate.eq("A4"))
///     .exec(store)
///     .await?;
/// println!("{late} flights are late");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is updated before `exec`"]
pub struct UpdateManyThrough<E: CachedEntity>(pub(super) Update<E>);

impl<E: CachedEntity> UpdateManyThrough<E> {
    pub(crate) fn new() -> Self {
        Self(Update::new())
    }

    /// Sets a column to a value. Of several values for one column the last counts.
    pub fn set(self, column: E::Column, value: impl Into<Value>) -> Self {
        Self(self.0.set(column, value.into()))
    }

    /// Sets a column to what an expression gives for each row, as SeaORM's `col_expr` does.
    pub fn col_expr(self, column: E::Column, expression: SimpleExpr) -> Self {
        Self(self.0.set_to(column, expression))
    }

    /// Only rows for which this holds, too. Without a filter all rows are updated.
    pub fn filter(self, condition: impl IntoCondition) -> Self {
        Self(self.0.filter(condition))
    }

    /// Updates the rows, in the database and in the cache; tells how many there were.
    ///
    /// One transaction of its own; in a transaction, a part of that. A row that has the new values already counts, too.
    ///
    /// # Errors
    ///
    /// If nothing is set, or a column of the primary key; if the filter selects more rows than the store's
    /// [`bulk_limit`](crate::StoreBuilder::bulk_limit). Nothing is written then, and a transaction in which that happened
    /// after a statement has failed. Otherwise if the database fails, or if the cache does not answer and
    /// `on_cache_failure` is `fail`. [`Error::outcome`](crate::Error::outcome) tells whether the rows were written.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun goes on when the future is dropped.
    pub async fn exec<S: Session>(self, session: &S) -> Result<u64> {
        match session.scope() {
            Scope::Store(context) => Ok(erased(move || ops::update_many(context, self.0)).await?.rows),
            Scope::Transaction(tx) => erased(move || tx.update_many(self.0)).await,
        }
    }
}

/// A deletion of all rows that a filter selects; what `Entity::delete_many_through()` begins.
///
/// Exactly the rows that the database deleted have their entries removed. Nothing happens before [`exec`](Self::exec). Hooks
/// do not run, as they do not in SeaORM's `delete_many`.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// # mod flight {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "flight")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub gate: String, pub delay_minutes: i32 }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// #     impl writethrough_core::CachedEntity for Entity {
/// #         const POLICY: writethrough_core::EntityPolicy = writethrough_core::EntityPolicy::new();
/// #     }
/// #     impl Entity {
/// #         pub fn delete_many_through() -> writethrough_core::DeleteManyThrough<Self> {
/// #             writethrough_core::__private::delete_many()
/// #         }
/// #     }
/// # }
/// use flight::{Column, Entity};
/// use sea_orm::ColumnTrait;
/// use writethrough::Store;
///
/// # async fn tidy(store: &Store) -> Result<(), writethrough::Error> {
/// let gone = Entity::delete_many_through().filter(Column::DelayMinutes.gt(24 * 60)).exec(store).await?;
/// println!("{gone} flights are gone");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is deleted before `exec`"]
pub struct DeleteManyThrough<E: CachedEntity>(pub(super) Delete<E>);

impl<E: CachedEntity> DeleteManyThrough<E> {
    pub(crate) fn new() -> Self {
        Self(Delete::new())
    }

    /// Only rows for which this holds, too. Without a filter all rows are deleted.
    pub fn filter(self, condition: impl IntoCondition) -> Self {
        Self(self.0.filter(condition))
    }

    /// Deletes the rows, in the database and in the cache; tells how many there were.
    ///
    /// One transaction of its own; in a transaction, a part of that.
    ///
    /// # Errors
    ///
    /// If the filter selects more rows than the store's [`bulk_limit`](crate::StoreBuilder::bulk_limit): nothing is
    /// deleted then, and a transaction in which that happened has failed. Otherwise if the database fails, or if the cache
    /// does not answer and `on_cache_failure` is `fail`. [`Error::outcome`](crate::Error::outcome) tells whether the rows
    /// are gone.
    ///
    /// # Cancel safety
    ///
    /// A deletion that has begun goes on when the future is dropped.
    pub async fn exec<S: Session>(self, session: &S) -> Result<u64> {
        match session.scope() {
            Scope::Store(context) => Ok(erased(move || ops::delete_many(context, self.0)).await?.rows),
            Scope::Transaction(tx) => erased(move || tx.delete_many(self.0)).await,
        }
    }
}
