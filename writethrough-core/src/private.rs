//! What generated code calls. Not part of the public interface: no stability is promised.
//!
//! Everything returns a [`Verb`], a type with a name. A future without one would bear the bounds of the method that
//! returns it, and one wrong argument would be two errors: one of the argument, one of the future.

use std::pin::Pin;

pub use inventory;
pub use sea_orm;

pub use crate::entity::{CachedEntity, IntoKey, IsRelatedTo, PkValue, Registration, VersionNumber};
pub use crate::error::Error;
pub use crate::ops::WarmOptions;
pub use crate::policy::{EntityPolicy, NegativeTtl, OnCacheFailure, OnWrite};
pub use crate::store::{DeleteManyThrough, Session, Store, UpdateManyThrough};

use sea_orm::sea_query::{IntoValueTuple, OnConflict};
use sea_orm::{IntoActiveModel, ModelTrait, Select};

use crate::error::Result;
use crate::ops::{self, HowMany, boxed};
use crate::store::{self, Scope};

/// A call of a generated method, which does nothing until it is awaited.
pub type Verb<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// `Entity::load_cached`.
pub fn load<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Verb<'_, Option<E::Model>> {
    match session.scope() {
        Scope::Store(context) => boxed(move || async move { Ok(ops::load::<E>(context, id).await?.model) }),
        Scope::Transaction(tx) => boxed(move || tx.load::<E>(id)),
    }
}

/// `Entity::load_many_cached`.
pub fn load_many<E: CachedEntity, S: Session>(ids: Vec<PkValue<E>>, session: &S) -> Verb<'_, Vec<Option<E::Model>>> {
    match session.scope() {
        Scope::Store(context) => boxed(move || ops::load_many::<E>(context, ids)),
        Scope::Transaction(tx) => boxed(move || tx.load_many::<E>(ids)),
    }
}

/// `Entity::load_cached_by_…`; `key` counts the keys of [`CachedEntity::unique_keys`].
pub fn load_by_key<E: CachedEntity, S: Session>(
    key: usize,
    values: Vec<sea_orm::Value>,
    session: &S,
) -> Verb<'_, Option<E::Model>> {
    match session.scope() {
        Scope::Store(context) => boxed(move || ops::load_by_key::<E>(context, key, values)),
        Scope::Transaction(tx) => boxed(move || tx.load_by_key::<E>(key, values)),
    }
}

/// `Entity::load_all_cached_by_…`; `index` counts the indexes of [`CachedEntity::indexes`].
pub fn load_all_by_index<E: CachedEntity, S: Session>(
    index: usize,
    values: Vec<sea_orm::Value>,
    session: &S,
) -> Verb<'_, Vec<E::Model>> {
    let lists = load_lists::<E, S>(index, vec![values], session);
    boxed(move || async move { Ok(lists.await?.into_iter().flatten().collect()) })
}

/// The same for many values at once, in the order given.
pub fn load_lists<E: CachedEntity, S: Session>(
    index: usize,
    values: Vec<Vec<sea_orm::Value>>,
    session: &S,
) -> Verb<'_, Vec<Vec<E::Model>>> {
    match session.scope() {
        Scope::Store(context) => boxed(move || ops::load_lists::<E>(context, index, values)),
        Scope::Transaction(tx) => boxed(move || tx.load_lists::<E>(index, values)),
    }
}

/// One value of [`CachedEntity::index_values`].
///
/// # Errors
///
/// If the column is not of this type.
pub fn value_at<T: sea_orm::TryGetable + Into<sea_orm::Value>>(
    row: &sea_orm::QueryResult,
    position: usize,
) -> std::result::Result<sea_orm::Value, sea_orm::DbErr> {
    row.try_get_by_index::<T>(position).map(Into::into)
}

/// What [`CachedEntity::index_values`] says of another number.
///
/// # Errors
///
/// Always.
pub fn no_such_index<T>(index: usize) -> std::result::Result<T, sea_orm::DbErr> {
    Err(sea_orm::DbErr::Type(format!("the entity has no index number {index}: count its `indexes()` from 0")))
}

/// `ActiveModel::save_through`.
pub fn save<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Verb<'_, E::Model> {
    write::<E, S>(active_model, ops::Verb::Save, session)
}

/// `ActiveModel::insert_through`.
pub fn insert<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Verb<'_, E::Model> {
    write::<E, S>(active_model, ops::Verb::Insert, session)
}

/// `ActiveModel::update_through`.
pub fn update<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Verb<'_, E::Model> {
    write::<E, S>(active_model, ops::Verb::Update, session)
}

fn write<E: CachedEntity, S: Session>(
    active_model: E::ActiveModel,
    verb: ops::Verb,
    session: &S,
) -> Verb<'_, E::Model> {
    match session.scope() {
        Scope::Store(context) => {
            boxed(move || async move { Ok(ops::save::<E>(context, active_model, verb).await?.model) })
        }
        Scope::Transaction(tx) => boxed(move || tx.save::<E>(active_model, verb)),
    }
}

/// `Entity::insert_many_through`.
pub fn insert_many<E: CachedEntity, S: Session>(
    active_models: impl IntoIterator<Item = E::ActiveModel>,
    session: &S,
) -> Verb<'_, Vec<E::Model>> {
    write_many::<E, S>(active_models.into_iter().collect(), ops::Verb::Insert, session)
}

/// `Entity::save_many_through`.
pub fn save_many<E: CachedEntity, S: Session>(
    active_models: impl IntoIterator<Item = E::ActiveModel>,
    session: &S,
) -> Verb<'_, Vec<E::Model>> {
    write_many::<E, S>(active_models.into_iter().collect(), ops::Verb::Save, session)
}

fn write_many<E: CachedEntity, S: Session>(
    active_models: Vec<E::ActiveModel>,
    verb: ops::Verb,
    session: &S,
) -> Verb<'_, Vec<E::Model>> {
    match session.scope() {
        Scope::Store(context) => {
            boxed(move || async move { Ok(ops::save_many::<E>(context, active_models, verb).await?.model) })
        }
        Scope::Transaction(tx) => boxed(move || tx.save_many::<E>(active_models, verb)),
    }
}

/// `Entity::update_many_through`.
pub fn update_many<E: CachedEntity>() -> UpdateManyThrough<E> {
    UpdateManyThrough::new()
}

/// `Entity::delete_many_through`.
pub fn delete_many<E: CachedEntity>() -> DeleteManyThrough<E> {
    DeleteManyThrough::new()
}

/// `ActiveModel::upsert_through`.
pub fn upsert<E: CachedEntity, S: Session>(
    active_model: E::ActiveModel,
    on_conflict: OnConflict,
    session: &S,
) -> Verb<'_, Option<E::Model>> {
    match session.scope() {
        Scope::Store(context) => boxed(move || async move {
            let saved = ops::upsert::<E>(context, active_model, on_conflict).await?;
            Ok(saved.map(|saved| saved.model))
        }),
        Scope::Transaction(tx) => boxed(move || tx.upsert::<E>(active_model, on_conflict)),
    }
}

/// `ActiveModel::delete_through`.
pub fn delete<E: CachedEntity, S: Session>(active_model: E::ActiveModel, session: &S) -> Verb<'_, bool> {
    match session.scope() {
        Scope::Store(context) => {
            boxed(move || async move { Ok(ops::delete::<E>(context, active_model).await?.existed) })
        }
        Scope::Transaction(tx) => boxed(move || tx.delete::<E>(active_model)),
    }
}

/// `Model::delete_through`.
pub fn delete_model<E: CachedEntity, S: Session>(model: E::Model, session: &S) -> Verb<'_, bool> {
    delete::<E, S>(model.into_active_model(), session)
}

/// `Entity::delete_by_id_through`.
pub fn delete_by_id<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Verb<'_, bool> {
    match session.scope() {
        Scope::Store(context) => boxed(move || async move { Ok(ops::delete_by_id::<E>(context, id).await?.existed) }),
        Scope::Transaction(tx) => boxed(move || tx.delete_by_id::<E>(id)),
    }
}

/// `Entity::invalidate`.
pub fn invalidate<E: CachedEntity, S: Session>(id: PkValue<E>, session: &S) -> Verb<'_, ()> {
    let pk = id.into_value_tuple();
    match session.scope() {
        Scope::Store(context) => boxed(move || ops::invalidate::<E>(context, pk)),
        Scope::Transaction(tx) => boxed(move || async move { tx.invalidate::<E>(&pk) }),
    }
}

/// `Model::invalidate`.
pub fn invalidate_model<'a, E: CachedEntity, S: Session>(model: &'a E::Model, session: &'a S) -> Verb<'a, ()> {
    match session.scope() {
        Scope::Store(context) => boxed(move || ops::invalidate_model::<E>(context, model)),
        Scope::Transaction(tx) => boxed(move || async move { tx.invalidate_model::<E>(model) }),
    }
}

/// `Entity::invalidate_all`.
pub fn invalidate_all<E: CachedEntity, S: Session>(session: &S) -> Verb<'_, ()> {
    match session.scope() {
        Scope::Store(context) => boxed(move || ops::invalidate_all::<E>(context)),
        Scope::Transaction(tx) => boxed(move || async move { tx.invalidate_all::<E>() }),
    }
}

/// `Entity::warm`.
pub fn warm<'a, E: CachedEntity>(select: Select<E>, options: WarmOptions<'a>, store: &'a Store) -> Verb<'a, u64> {
    boxed(move || ops::warm::<E>(store.context(), select, options))
}

/// `Model::load_one_cached`.
pub fn load_one_related<'a, M, R, S>(model: &M, _: R, session: &'a S) -> Verb<'a, Option<R::Model>>
where
    M: ModelTrait<Entity: IsRelatedTo<R>>,
    R: CachedEntity,
    S: Session,
{
    let found = store::related::<M, R, S>(std::slice::from_ref(model), HowMany::One, session);
    boxed(move || async { Ok(found.await?.into_iter().flatten().next()) })
}

/// `Model::load_many_cached`.
pub fn load_many_related<'a, M, R, S>(model: &M, _: R, session: &'a S) -> Verb<'a, Vec<R::Model>>
where
    M: ModelTrait<Entity: IsRelatedTo<R>>,
    R: CachedEntity,
    S: Session,
{
    let found = store::related::<M, R, S>(std::slice::from_ref(model), HowMany::Any, session);
    boxed(move || async { Ok(found.await?.into_iter().flatten().collect()) })
}
