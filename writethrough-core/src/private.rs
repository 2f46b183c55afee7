//! What generated code calls. Not part of the public interface: no stability is promised.

pub use sea_orm;

pub use crate::entity::{CachedEntity, PkValue};
pub use crate::error::Error;
pub use crate::policy::{EntityPolicy, NegativeTtl, OnCacheFailure, OnWrite};
pub use crate::store::Session;

use sea_orm::IntoActiveModel;

use crate::error::Result;
use crate::ops::{self, Verb};

/// `Entity::load_cached`.
pub async fn load<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Result<Option<E::Model>> {
    Ok(ops::load::<E>(session.context(), id).await?.model)
}

/// `Entity::load_many_cached`.
pub async fn load_many<E: CachedEntity, S: Session>(
    ids: Vec<PkValue<E>>,
    session: &S,
) -> Result<Vec<Option<E::Model>>> {
    ops::load_many::<E>(session.context(), ids).await
}

/// `Entity::load_cached_by_…`; `key` counts the keys of [`CachedEntity::unique_keys`].
pub async fn load_by_key<E: CachedEntity, S: Session>(
    key: usize,
    values: Vec<sea_orm::Value>,
    session: &S,
) -> Result<Option<E::Model>> {
    ops::load_by_key::<E>(session.context(), key, values).await
}

/// `ActiveModel::save_through`.
pub async fn save<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<E::Model> {
    Ok(ops::save::<E>(session.context(), active_model, Verb::Save).await?.model)
}

/// `ActiveModel::insert_through`.
pub async fn insert<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<E::Model> {
    Ok(ops::save::<E>(session.context(), active_model, Verb::Insert).await?.model)
}

/// `ActiveModel::update_through`.
pub async fn update<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<E::Model> {
    Ok(ops::save::<E>(session.context(), active_model, Verb::Update).await?.model)
}

/// `ActiveModel::delete_through`.
pub async fn delete<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<bool> {
    Ok(ops::delete::<E>(session.context(), active_model).await?.existed)
}

/// `Model::delete_through`.
pub async fn delete_model<E: CachedEntity, S: Session>(model: E::Model, session: &S) -> Result<bool> {
    delete::<E, S>(model.into_active_model(), session).await
}

/// `Entity::delete_by_id_through`.
pub async fn delete_by_id<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Result<bool> {
    Ok(ops::delete_by_id::<E>(session.context(), id).await?.existed)
}

/// `Entity::invalidate`.
pub async fn invalidate<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Result<()> {
    ops::invalidate::<E>(session.context(), sea_orm::sea_query::IntoValueTuple::into_value_tuple(id)).await
}

/// `Model::invalidate`.
pub async fn invalidate_model<E: CachedEntity, S: Session>(model: &E::Model, session: &S) -> Result<()> {
    ops::invalidate_model::<E>(session.context(), model).await
}

/// `Entity::invalidate_all`.
pub async fn invalidate_all<E: CachedEntity, S: Session>(session: &S) -> Result<()> {
    ops::invalidate_all::<E>(session.context()).await
}
