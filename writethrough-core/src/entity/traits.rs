//! The trait that `#[derive(WriteThrough)]` implements.

use sea_orm::{DbErr, EntityTrait, IntoActiveModel, PrimaryKeyTrait, QueryResult, TryIntoModel, Value};

use crate::policy::EntityPolicy;

/// The type of an entity's primary key, as SeaORM's `find_by_id` takes it.
pub type PkValue<E> = <<E as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// An entity whose rows are kept in the cache.
///
/// `#[derive(WriteThrough)]` implements it; all it must tell is the policy. Everything else (table, columns, primary
/// key, types) is asked of SeaORM's traits.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// mod flight {
/// #   use writethrough_core as writethrough;
///     use sea_orm::entity::prelude::*;
///     use writethrough::{CachedEntity, EntityPolicy};
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
///     #[sea_orm(table_name = "flight")]
///     pub struct Model {
///         #[sea_orm(primary_key)]
///         pub id: i32,
///         #[sea_orm(unique)]
///         pub code: i64,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///
///     impl ActiveModelBehavior for ActiveModel {}
///
///     // What the derive would write for `#[write_through(ttl = "1h", cache_if = "…")]` and a `key`.
///     impl CachedEntity for Entity {
///         const POLICY: EntityPolicy = EntityPolicy::new().ttl(std::time::Duration::from_secs(3600));
///
///         fn keep(model: &Model) -> bool {
///             model.code > 0
///         }
///
///         fn unique_keys() -> &'static [&'static [Column]] {
///             &[&[Column::Code]]
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not cached",
    label = "rows of this entity are not kept in the cache",
    note = "derive `WriteThrough` on its `Model`"
)]
pub trait CachedEntity:
    EntityTrait<Model: IntoActiveModel<Self::ActiveModel> + Sync, ActiveModel: TryIntoModel<Self::Model> + Send>
{
    /// How entries of this entity are written, and for how long.
    const POLICY: EntityPolicy;

    /// Whether this row may be kept in the cache. Rows for which it is `false` stay correct, they only cost a query.
    fn keep(model: &Self::Model) -> bool {
        let _ = model;
        true
    }

    /// The unique secondary keys, each by its columns, in the order in which `load_cached_by_…` takes their values.
    #[must_use]
    fn unique_keys() -> &'static [&'static [Self::Column]] {
        &[]
    }

    /// The column that counts how often the row was changed, if there is one: an integer of 16, 32 or 64 bits.
    ///
    /// Updates and deletes check it, updates advance it, and a lost race is [`is_conflict`](crate::Error::is_conflict).
    #[must_use]
    fn version_column() -> Option<Self::Column> {
        None
    }

    /// The non-unique indexes, each by its columns, in the order in which `load_all_cached_by_…` takes their values.
    ///
    /// Lists are kept in the cache only of those whose columns all compare by bytes; rows of another are asked of the
    /// database each time.
    #[must_use]
    fn indexes() -> &'static [&'static [Self::Column]] {
        &[]
    }

    /// Reads the values of an index from a row of a query that selects its columns from position `first` on; `index`
    /// counts [`indexes`](Self::indexes).
    ///
    /// The derive writes it, which knows the types of the columns. An entity without it can be loaded by one value of an
    /// index, not by many at once.
    ///
    /// # Errors
    ///
    /// If there is no such index, or a column is not of its type.
    fn index_values(index: usize, row: &QueryResult, first: usize) -> Result<Vec<Value>, DbErr> {
        let _ = (row, first);
        Err(DbErr::Type(format!("the values of index number {index} cannot be read: implement `index_values`")))
    }

    /// Columns of keys and indexes that compare by bytes in the database although their type alone does not promise
    /// it, so that "no such row" may be remembered, or a list of rows. Integers, booleans, UUIDs and binary columns always do.
    #[must_use]
    fn exact_columns() -> &'static [Self::Column] {
        &[]
    }
}

/// A type that the column of a version may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a version",
    label = "not an integer of 16, 32 or 64 bits",
    note = "make this column an `i16`, `i32`, `i64`, `u16`, `u32` or `u64`, without `Option`"
)]
pub trait VersionNumber {}

impl VersionNumber for i16 {}
impl VersionNumber for i32 {}
impl VersionNumber for i64 {}
impl VersionNumber for u16 {}
impl VersionNumber for u32 {}
impl VersionNumber for u64 {}

/// What a key, or a column of one, may be given as: whatever becomes its type by [`Into`].
///
/// It is nothing but `Into`, with a better message where that is missing; code that works on any key may ask for either.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use writethrough::{CachedEntity, Error, IntoKey, PkValue, Source, Store};
///
/// async fn is_cached<E: CachedEntity>(id: impl IntoKey<PkValue<E>>, store: &Store) -> Result<bool, Error> {
///     Ok(store.load::<E>(id).await?.source == Source::Cache)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value of this key, which is `{T}`",
    label = "not `{T}`, nor anything that becomes one by `Into`",
    note = "pass the type of the column, without its `Option`; for a primary key of several columns a tuple of them, as to `find_by_id`"
)]
pub trait IntoKey<T> {
    /// The value.
    fn into_key(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T, K: Into<T>> IntoKey<T> for K {
    fn into_key(self) -> T {
        self.into()
    }
}
