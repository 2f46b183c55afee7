//! Loading what belongs to many rows.

use std::future::Future;
use std::pin::Pin;

use sea_orm::ModelTrait;

use super::session::{Scope, Session};
use crate::entity::{CachedEntity, IsRelatedTo};
use crate::error::Result;
use crate::ops::{self, Asked, HowMany, boxed};

/// A load that does nothing until it is awaited.
pub(crate) type Loading<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Loads what belongs to each of many rows: SeaORM's `LoaderTrait`, through the cache.
///
/// It is implemented for slices of models, and so for vectors; the derive gives the same methods to a single model. The
/// cache is asked once for all rows, and the database once for what the cache does not have.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// # mod airline {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "airline")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub name: String }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// #     impl writethrough_core::CachedEntity for Entity {
/// #         const POLICY: writethrough_core::EntityPolicy = writethrough_core::EntityPolicy::new();
/// #     }
/// # }
/// # mod flight {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "flight")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub airline_id: Option<i32> }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {
/// #         #[sea_orm(belongs_to = "super::airline::Entity", from = "Column::AirlineId", to = "super::airline::Column::Id")]
/// #         Airline,
/// #     }
/// #     impl Related<super::airline::Entity> for Entity {
/// #         fn to() -> RelationDef { Relation::Airline.def() }
/// #     }
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// # fn main() {} // so that the modules above are each other's neighbours
/// use sea_orm::EntityTrait;
/// use writethrough::{CachedLoader, Error, Store};
///
/// # async fn list(store: &Store) -> Result<(), Error> {
/// let flights = flight::Entity::find().all(store.database()).await?; // whatever query
/// let airlines = flights.load_one_cached(airline::Entity, store).await?;
/// for (flight, airline) in flights.iter().zip(airlines) {
///     println!("{} {:?}", flight.id, airline.map(|airline| airline.name));
/// }
/// # Ok(()) }
/// ```
pub trait CachedLoader: sealed::Sealed {
    /// A row.
    type Model: ModelTrait;

    /// Loads the row that belongs to each of these, in their order: of a `belongs_to` or a `has_one`.
    ///
    /// `None` where there is none, or a column of the foreign key is NULL. `related` only says which entity.
    ///
    /// # Errors
    ///
    /// The relation leads to many rows, or to columns by which rows are not cached: neither the primary key nor a `key` or
    /// `index` of the other entity; it has a condition of its own, or goes through another table. Or the database was asked and
    /// failed.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time; other loads that wait for the same rows go on.
    fn load_one_cached<'a, R, S>(&self, related: R, s: &'a S) -> Loading<'a, Vec<Option<R::Model>>>
    where
        R: CachedEntity,
        <Self::Model as ModelTrait>::Entity: IsRelatedTo<R>,
        S: Session;

    /// Loads all rows that belong to each of these, in their order.
    ///
    /// `related` only says which entity.
    ///
    /// # Errors
    ///
    /// As [`load_one_cached`](Self::load_one_cached), but that it may lead to many rows.
    ///
    /// # Cancel safety
    ///
    /// As [`load_one_cached`](Self::load_one_cached).
    fn load_many_cached<'a, R, S>(&self, related: R, s: &'a S) -> Loading<'a, Vec<Vec<R::Model>>>
    where
        R: CachedEntity,
        <Self::Model as ModelTrait>::Entity: IsRelatedTo<R>,
        S: Session;
}

impl<M: ModelTrait> CachedLoader for [M] {
    type Model = M;

    fn load_one_cached<'a, R, S>(&self, _: R, s: &'a S) -> Loading<'a, Vec<Option<R::Model>>>
    where
        R: CachedEntity,
        M::Entity: IsRelatedTo<R>,
        S: Session,
    {
        let found = related::<M, R, S>(self, HowMany::One, s);
        Box::pin(async { Ok(found.await?.into_iter().map(|rows| rows.into_iter().next()).collect()) })
    }

    fn load_many_cached<'a, R, S>(&self, _: R, s: &'a S) -> Loading<'a, Vec<Vec<R::Model>>>
    where
        R: CachedEntity,
        M::Entity: IsRelatedTo<R>,
        S: Session,
    {
        related::<M, R, S>(self, HowMany::Any, s)
    }
}

/// The rows that belong to each of these. What leads to them is taken at once, so that nothing of the rows is held.
pub(crate) fn related<'a, M, R, S>(rows: &[M], how_many: HowMany, s: &'a S) -> Loading<'a, Vec<Vec<R::Model>>>
where
    M: ModelTrait<Entity: IsRelatedTo<R>>,
    R: CachedEntity,
    S: Session,
{
    let asked = Asked::<R>::of(rows, how_many);
    match (asked, s.scope()) {
        (Err(refused), _) => Box::pin(std::future::ready(Err(refused))),
        (Ok(asked), Scope::Store(context)) => boxed(move || ops::related::<R>(context, asked)),
        (Ok(asked), Scope::Transaction(tx)) => boxed(move || tx.related::<R>(asked)),
    }
}

mod sealed {
    pub trait Sealed {}

    impl<M: sea_orm::ModelTrait> Sealed for [M] {}
}
