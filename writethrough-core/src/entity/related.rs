//! SeaORM's relations as a bound that tells what is missing.

use sea_orm::{EntityTrait, Related, RelationDef};

/// An entity with a relation to another.
///
/// It is nothing but SeaORM's [`Related`], with a better message where that is missing; code that loads what belongs to any
/// rows may ask for either.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use sea_orm::ModelTrait;
/// use writethrough::{CachedEntity, CachedLoader, Error, IsRelatedTo, Store};
///
/// async fn owners<M, R>(rows: &[M], owner: R, store: &Store) -> Result<Vec<Option<R::Model>>, Error>
/// where
///     M: ModelTrait<Entity: IsRelatedTo<R>>,
///     R: CachedEntity,
/// {
///     rows.load_one_cached(owner, store).await
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not related to this entity",
    label = "no relation leads to this entity",
    note = "implement SeaORM's `Related` for it, as for SeaORM's own loaders"
)]
pub trait IsRelatedTo<R: EntityTrait>: EntityTrait {
    /// [`Related::to`].
    fn relation() -> RelationDef;

    /// [`Related::via`].
    fn through() -> Option<RelationDef>;
}

#[diagnostic::do_not_recommend]
impl<E: EntityTrait + Related<R>, R: EntityTrait> IsRelatedTo<R> for E {
    fn relation() -> RelationDef {
        E::to()
    }

    fn through() -> Option<RelationDef> {
        E::via()
    }
}
