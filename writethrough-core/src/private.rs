//! What generated code calls. Not part of the public interface: no stability is promised.

pub use sea_orm;

pub use crate::entity::{CachedEntity, PkValue};
pub use crate::error::Error;
pub use crate::policy::{EntityPolicy, NegativeTtl, OnCacheFailure, OnWrite};
pub use crate::store::Session;

use sea_orm::IntoActiveModel;
use sea_orm::sea_query::{IntoValueTuple, OnConflict};

use crate::error::Result;
use crate::ops::{self, Verb};
use crate::store::Scope;

/// `Entity::load_cached`.
pub async fn load<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Result<Option<E::Model>> {
    match session.scope() {
        Scope::Store(context) => Ok(ops::load::<E>(context, id).await?.model),
        // Boxed, so that a hit does not carry around the room for what it does not do.
        Scope::Transaction(tx) => Box::pin(tx.load::<E>(id)).await,
    }
}

/// `Entity::load_many_cached`.
pub async fn load_many<E: CachedEntity, S: Session>(
    ids: Vec<PkValue<E>>,
    session: &S,
) -> Result<Vec<Option<E::Model>>> {
    match session.scope() {
        Scope::Store(context) => ops::load_many::<E>(context, ids).await,
        Scope::Transaction(tx) => tx.load_many::<E>(ids).await,
    }
}

/// `Entity::load_cached_by_…`; `key` counts the keys of [`CachedEntity::unique_keys`].
pub async fn load_by_key<E: CachedEntity, S: Session>(
    key: usize,
    values: Vec<sea_orm::Value>,
    session: &S,
) -> Result<Option<E::Model>> {
    match session.scope() {
        Scope::Store(context) => ops::load_by_key::<E>(context, key, values).await,
        Scope::Transaction(tx) => Box::pin(tx.load_by_key::<E>(key, values)).await,
    }
}

/// `ActiveModel::save_through`.
pub async fn save<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<E::Model> {
    write::<E, S>(active_model, Verb::Save, session).await
}

/// `ActiveModel::insert_through`.
pub async fn insert<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<E::Model> {
    write::<E, S>(active_model, Verb::Insert, session).await
}

/// `ActiveModel::update_through`.
pub async fn update<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<E::Model> {
    write::<E, S>(active_model, Verb::Update, session).await
}

async fn write<E: CachedEntity, S: Session>(active_model: E::ActiveModel, verb: Verb, session: &S) -> Result<E::Model> {
    match session.scope() {
        Scope::Store(context) => Ok(ops::save::<E>(context, active_model, verb).await?.model),
        Scope::Transaction(tx) => Box::pin(tx.save::<E>(active_model, verb)).await,
    }
}

/// `ActiveModel::upsert_through`.
pub async fn upsert<E: CachedEntity, S: Session>(
    active_model: E::ActiveModel,
    on_conflict: OnConflict,
    session: &S,
) -> Result<Option<E::Model>> {
    match session.scope() {
        Scope::Store(context) => {
            let saved = ops::upsert::<E>(context, active_model, on_conflict).await?;
            Ok(saved.map(|saved| saved.model))
        }
        Scope::Transaction(tx) => Box::pin(tx.upsert::<E>(active_model, on_conflict)).await,
    }
}

/// `ActiveModel::delete_through`.
pub async fn delete<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Result<bool> {
    match session.scope() {
        Scope::Store(context) => Ok(ops::delete::<E>(context, active_model).await?.existed),
        Scope::Transaction(tx) => Box::pin(tx.delete::<E>(active_model)).await,
    }
}

/// `Model::delete_through`.
pub async fn delete_model<E: CachedEntity, S: Session>(model: E::Model, session: &S) -> Result<bool> {
    delete::<E, S>(model.into_active_model(), session).await
}

/// `Entity::delete_by_id_through`.
pub async fn delete_by_id<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Result<bool> {
    match session.scope() {
        Scope::Store(context) => Ok(ops::delete_by_id::<E>(context, id).await?.existed),
        Scope::Transaction(tx) => Box::pin(tx.delete_by_id::<E>(id)).await,
    }
}

/// `Entity::invalidate`.
pub async fn invalidate<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Result<()> {
    let pk = id.into_value_tuple();
    match session.scope() {
        Scope::Store(context) => ops::invalidate::<E>(context, pk).await,
        Scope::Transaction(tx) => tx.invalidate::<E>(&pk),
    }
}

/// `Model::invalidate`.
pub async fn invalidate_model<E: CachedEntity, S: Session>(model: &E::Model, session: &S) -> Result<()> {
    match session.scope() {
        Scope::Store(context) => ops::invalidate_model::<E>(context, model).await,
        Scope::Transaction(tx) => tx.invalidate_model::<E>(model),
    }
}

/// `Entity::invalidate_all`.
pub async fn invalidate_all<E: CachedEntity, S: Session>(session: &S) -> Result<()> {
    match session.scope() {
        Scope::Store(context) => ops::invalidate_all::<E>(context).await,
        Scope::Transaction(tx) => tx.invalidate_all::<E>(),
    }
}
