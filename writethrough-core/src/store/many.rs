//! Verbs on many rows, with what became of their entries.

use sea_orm::{ActiveModelTrait, EntityTrait};

use super::{DeleteManyThrough, Store, UpdateManyThrough};
use crate::entity::CachedEntity;
use crate::error::Result;
use crate::ops::{self, Changed, Saved, Verb, erased};

/// The rows of the entity of an active model.
type Models<A> = Vec<<<A as ActiveModelTrait>::Entity as EntityTrait>::Model>;

/// Many rows in one call.
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
/// #     impl Entity {
/// #         pub fn update_many_through() -> writethrough_core::UpdateManyThrough<Self> {
/// #             writethrough_core::__private::update_many()
/// #         }
/// #         pub fn delete_many_through() -> writethrough_core::DeleteManyThrough<Self> {
/// #             writethrough_core::__private::delete_many()
/// #         }
/// #     }
/// # }
/// use sea_orm::{ActiveValue::Set, ColumnTrait};
/// use writethrough::{CacheEffect, Store};
///
/// # async fn verbs(store: &Store) -> Result<(), writethrough::Error> {
/// let at = |gate: &str| flight::ActiveModel { gate: Set(gate.to_owned()), ..Default::default() };
/// let inserted = store.insert_many([at("A4"), at("B17")]).await?;
/// assert_eq!(inserted.cache, CacheEffect::Refreshed); // of all entries the worst
///
/// let moved = inserted.model.iter().map(|row| flight::ActiveModel { id: Set(row.id), ..at("C1") });
/// store.save_many(moved).await?;
///
/// let update = flight::Entity::update_many_through().set(flight::Column::Gate, "A4");
/// let changed = store.update_many(update.filter(flight::Column::Gate.eq("C1"))).await?;
/// assert!(changed.rows >= 2);
/// store.delete_many(flight::Entity::delete_many_through().filter(flight::Column::Gate.eq("A4"))).await?;
/// # Ok(()) }
/// ```
impl Store {
    /// Inserts rows, all or none, and tells what became of their entries; the rows come in the order given.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::save`].
    pub async fn insert_many<A>(&self, active_models: impl IntoIterator<Item = A>) -> Result<Saved<Models<A>>>
    where
        A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>>,
    {
        let active_models = active_models.into_iter().collect();
        erased(move || ops::save_many::<A::Entity>(&self.context, active_models, Verb::Insert)).await
    }

    /// Saves rows, all or none, each as [`Store::save`] does, and tells what became of their entries; the rows come in the
    /// order given.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    ///
    /// # Cancel safety
    ///
    /// As [`Store::save`].
    pub async fn save_many<A>(&self, active_models: impl IntoIterator<Item = A>) -> Result<Saved<Models<A>>>
    where
        A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>>,
    {
        let active_models = active_models.into_iter().collect();
        erased(move || ops::save_many::<A::Entity>(&self.context, active_models, Verb::Save)).await
    }

    /// [`UpdateManyThrough::exec`], and what became of the entries.
    ///
    /// # Errors
    ///
    /// As [`UpdateManyThrough::exec`].
    ///
    /// # Cancel safety
    ///
    /// As [`UpdateManyThrough::exec`].
    pub async fn update_many<E: CachedEntity>(&self, update: UpdateManyThrough<E>) -> Result<Changed> {
        erased(move || ops::update_many(&self.context, update.0)).await
    }

    /// [`DeleteManyThrough::exec`], and what became of the entries.
    ///
    /// # Errors
    ///
    /// As [`DeleteManyThrough::exec`].
    ///
    /// # Cancel safety
    ///
    /// As [`DeleteManyThrough::exec`].
    pub async fn delete_many<E: CachedEntity>(&self, delete: DeleteManyThrough<E>) -> Result<Changed> {
        erased(move || ops::delete_many(&self.context, delete.0)).await
    }
}
