const _: () = ::core::assert!(
    ::core::mem::size_of:: < Entity > () == 0,
    "an entity that carries data cannot be cached: its table is known at run time only, write an entity for each table",
);
#[automatically_derived]
impl ::writethrough::__private::CachedEntity for Entity {
    const POLICY: ::writethrough::__private::EntityPolicy = ::writethrough::__private::EntityPolicy::new()
        .ttl(::core::time::Duration::from_secs(3600));
}
/// Reading through the cache.
#[allow(dead_code)]
impl Entity {
    /// Loads the row with this primary key: from the cache, or else from the database, which fills the cache.
    ///
    /// `None` if there is no such row. `id` is what `find_by_id` takes.
    ///
    /// # Errors
    ///
    /// If the database was asked and failed.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time; other loads that wait for the same row go on.
    pub fn load_cached<K, S>(
        id: K,
        s: &S,
    ) -> ::writethrough::__private::Verb<'_, ::core::option::Option<Model>>
    where
        K: ::writethrough::__private::IntoKey<::writethrough::__private::PkValue<Self>>,
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::load::<
            Self,
            S,
        >(::writethrough::__private::IntoKey::into_key(id), s)
    }
    /// Loads the rows with these primary keys, in the order asked, duplicates kept; `None` where there is no
    /// such row.
    ///
    /// The cache is asked once for all, and the database once for what the cache does not have.
    ///
    /// # Errors
    ///
    /// If the database was asked and failed.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time; other loads that wait for the same rows go on.
    pub fn load_many_cached<I, S>(
        ids: I,
        s: &S,
    ) -> ::writethrough::__private::Verb<
        '_,
        ::std::vec::Vec<::core::option::Option<Model>>,
    >
    where
        I: ::core::iter::IntoIterator,
        I::Item: ::writethrough::__private::IntoKey<
            ::writethrough::__private::PkValue<Self>,
        >,
        S: ::writethrough::__private::Session,
    {
        let ids = ::core::iter::IntoIterator::into_iter(ids);
        let ids = ::core::iter::Iterator::map(
            ids,
            ::writethrough::__private::IntoKey::into_key,
        );
        ::writethrough::__private::load_many::<
            Self,
            S,
        >(::core::iter::Iterator::collect(ids), s)
    }
}
/// Removing through the cache.
#[allow(dead_code)]
impl Entity {
    /// Deletes the row with this primary key, in the database and in the cache; tells whether there was one.
    ///
    /// Hooks do not run, as they do not in SeaORM's `delete_by_id`.
    ///
    /// # Errors
    ///
    /// If the database fails, or if the cache does not answer and `on_cache_failure` is `fail`.
    /// `outcome()` of the error tells whether the row is gone.
    ///
    /// # Cancel safety
    ///
    /// A deletion that has begun goes on when the future is dropped.
    pub fn delete_by_id_through<K, S>(
        id: K,
        s: &S,
    ) -> ::writethrough::__private::Verb<'_, bool>
    where
        K: ::writethrough::__private::IntoKey<::writethrough::__private::PkValue<Self>>,
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::delete_by_id::<
            Self,
            S,
        >(::writethrough::__private::IntoKey::into_key(id), s)
    }
    /// Makes the cache forget the row with this primary key, after a write behind the store's back.
    ///
    /// # Errors
    ///
    /// If the cache does not answer and `on_cache_failure` is `fail`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the row may or may not be forgotten: call it again.
    pub fn invalidate<K, S>(id: K, s: &S) -> ::writethrough::__private::Verb<'_, ()>
    where
        K: ::writethrough::__private::IntoKey<::writethrough::__private::PkValue<Self>>,
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::invalidate::<
            Self,
            S,
        >(::writethrough::__private::IntoKey::into_key(id), s)
    }
    /// Makes the cache forget all rows of this entity, after writes behind the store's back.
    ///
    /// # Errors
    ///
    /// If the cache does not answer and `on_cache_failure` is `fail`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the rows may or may not be forgotten: call it again.
    pub fn invalidate_all<S>(s: &S) -> ::writethrough::__private::Verb<'_, ()>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::invalidate_all::<Self, S>(s)
    }
}
/// Writing many rows through the cache.
#[allow(dead_code)]
impl Entity {
    /// Inserts the rows in the database and in the cache, all or none, and returns them as the database has
    /// them, in the order given.
    ///
    /// Rows that set the same columns go together in as few statements as the database takes. Hooks run for
    /// each row.
    ///
    /// # Errors
    ///
    /// If there is such a row or the database fails otherwise, or if the cache does not answer and
    /// `on_cache_failure` is `fail`. `outcome()` of the error tells whether the rows were written; in a
    /// transaction a failed statement fails the transaction.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun goes on when the future is dropped.
    pub fn insert_many_through<I, S>(
        active_models: I,
        s: &S,
    ) -> ::writethrough::__private::Verb<'_, ::std::vec::Vec<Model>>
    where
        I: ::core::iter::IntoIterator<Item = ActiveModel>,
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::insert_many::<Self, S>(active_models, s)
    }
    /// Saves the rows in the database and in the cache, all or none, and returns them as the database has them,
    /// in the order given.
    ///
    /// Each is inserted if a column of its primary key is not set and updated otherwise, as by `save_through`.
    /// Of several writes of one row the last holds. Hooks run for each row.
    ///
    /// # Errors
    ///
    /// If one of the rows to be updated is not there or the database fails otherwise, or if the cache does not
    /// answer and `on_cache_failure` is `fail`. `outcome()` of the error tells whether the rows were written; in
    /// a transaction a failed batch fails the transaction.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun goes on when the future is dropped.
    pub fn save_many_through<I, S>(
        active_models: I,
        s: &S,
    ) -> ::writethrough::__private::Verb<'_, ::std::vec::Vec<Model>>
    where
        I: ::core::iter::IntoIterator<Item = ActiveModel>,
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::save_many::<Self, S>(active_models, s)
    }
    /// Begins an update of all rows that a filter selects: `set` and `filter` say what and where, `exec` does it,
    /// in the database and in the cache.
    pub fn update_many_through() -> ::writethrough::__private::UpdateManyThrough<Self> {
        ::writethrough::__private::update_many()
    }
    /// Begins a deletion of all rows that a filter selects: `filter` says which, `exec` does it, in the database
    /// and in the cache.
    pub fn delete_many_through() -> ::writethrough::__private::DeleteManyThrough<Self> {
        ::writethrough::__private::delete_many()
    }
}
/// Warming up the cache.
#[allow(dead_code)]
impl Entity {
    /// Fills the cache with the rows that `select` finds, where it does not have them yet; tells how many entries
    /// were filled.
    ///
    /// It goes through them in pages, in the order of the primary key, and is as correct beside writers as a load.
    /// `select` may have filters, joins and a limit. Its order only matters to a limit, which is evaluated anew
    /// for each page.
    ///
    /// # Errors
    ///
    /// If an option cannot be used, the database fails, or the cache does not answer. What was filled stays, and
    /// `resume_after` goes on from where `progress` was told.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time; what was filled stays.
    pub fn warm<'a>(
        select: ::writethrough::__private::sea_orm::Select<Self>,
        options: ::writethrough::__private::WarmOptions<'a>,
        s: &'a ::writethrough::__private::Store,
    ) -> ::writethrough::__private::Verb<'a, u64> {
        ::writethrough::__private::warm::<Self>(select, options, s)
    }
}
/// Writing through the cache.
#[allow(dead_code)]
impl ActiveModel {
    /// Saves the row in the database and in the cache, and returns it as the database has it.
    ///
    /// Inserts if a column of the primary key is not set and updates otherwise, as SeaORM's `save` does: a new
    /// row with a key of your own choice needs `insert_through`.
    ///
    /// # Errors
    ///
    /// If the database fails, or if the cache does not answer and `on_cache_failure` is `fail`.
    /// `outcome()` of the error tells whether the row was written.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun goes on when the future is dropped.
    pub fn save_through<S>(self, s: &S) -> ::writethrough::__private::Verb<'_, Model>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::save::<Entity, S>(self, s)
    }
    /// Inserts the row in the database and in the cache, and returns it as the database has it.
    ///
    /// # Errors
    ///
    /// If there is such a row or the database fails otherwise, or if the cache does not answer and
    /// `on_cache_failure` is `fail`. `outcome()` of the error tells whether the row was written.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun goes on when the future is dropped.
    pub fn insert_through<S>(self, s: &S) -> ::writethrough::__private::Verb<'_, Model>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::insert::<Entity, S>(self, s)
    }
    /// Updates the columns that are set, in the database and in the cache, and returns the row as the database
    /// has it.
    ///
    /// # Errors
    ///
    /// If there is no such row or the database fails otherwise, or if the cache does not answer and
    /// `on_cache_failure` is `fail`. `outcome()` of the error tells whether the row was written.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun goes on when the future is dropped.
    pub fn update_through<S>(self, s: &S) -> ::writethrough::__private::Verb<'_, Model>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::update::<Entity, S>(self, s)
    }
    /// Inserts the row, or does what `on_conflict` says with the one that stands in its way, and brings the cache
    /// up to date.
    ///
    /// Returns the row as the database has it, whichever it was; `None` if the conflict was answered by doing
    /// nothing. Hooks do not run, as they do not in SeaORM's own upsert.
    ///
    /// # Errors
    ///
    /// If the database fails, or if the cache does not answer and `on_cache_failure` is `fail`. `outcome()` of
    /// the error tells whether the row was written.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun goes on when the future is dropped.
    pub fn upsert_through<S>(
        self,
        on_conflict: ::writethrough::__private::sea_orm::sea_query::OnConflict,
        s: &S,
    ) -> ::writethrough::__private::Verb<'_, ::core::option::Option<Model>>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::upsert::<Entity, S>(self, on_conflict, s)
    }
    /// Deletes the row with this primary key, in the database and in the cache; tells whether there was one.
    ///
    /// # Errors
    ///
    /// If a column of the primary key is not set or the database fails, or if the cache does not answer and
    /// `on_cache_failure` is `fail`. `outcome()` of the error tells whether the row is gone.
    ///
    /// # Cancel safety
    ///
    /// A deletion that has begun goes on when the future is dropped.
    pub fn delete_through<S>(self, s: &S) -> ::writethrough::__private::Verb<'_, bool>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::delete::<Entity, S>(self, s)
    }
}
/// Removing through the cache.
#[allow(dead_code)]
impl Model {
    /// Deletes this row, in the database and in the cache; tells whether it was still there.
    ///
    /// # Errors
    ///
    /// If the database fails, or if the cache does not answer and `on_cache_failure` is `fail`.
    /// `outcome()` of the error tells whether the row is gone.
    ///
    /// # Cancel safety
    ///
    /// A deletion that has begun goes on when the future is dropped.
    pub fn delete_through<S>(self, s: &S) -> ::writethrough::__private::Verb<'_, bool>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::delete_model::<Entity, S>(self, s)
    }
    /// Makes the cache forget this row, after a write behind the store's back.
    ///
    /// # Errors
    ///
    /// If the cache does not answer and `on_cache_failure` is `fail`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the row may or may not be forgotten: call it again.
    pub fn invalidate<'a, S>(
        &'a self,
        s: &'a S,
    ) -> ::writethrough::__private::Verb<'a, ()>
    where
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::invalidate_model::<Entity, S>(self, s)
    }
}
/// Reading what belongs to it through the cache.
#[allow(dead_code)]
impl Model {
    /// Loads the row that belongs to this one, of a `belongs_to` or a `has_one`: from the cache, or else from the
    /// database, which fills the cache.
    ///
    /// `None` if there is none, or a column of the foreign key is NULL. `related` only says which entity.
    ///
    /// # Errors
    ///
    /// If the relation leads to many rows, or to columns by which rows are not cached, which the error tells; or
    /// if the database was asked and failed.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time; other loads that wait for the same row go on.
    pub fn load_one_cached<'a, R, S>(
        &self,
        related: R,
        s: &'a S,
    ) -> ::writethrough::__private::Verb<'a, ::core::option::Option<R::Model>>
    where
        R: ::writethrough::__private::CachedEntity,
        <Self as ::writethrough::__private::sea_orm::ModelTrait>::Entity: ::writethrough::__private::IsRelatedTo<
            R,
        >,
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::load_one_related::<Self, R, S>(self, related, s)
    }
    /// Loads all rows that belong to this one: from the cache, or else from the database, which fills the cache.
    ///
    /// `related` only says which entity.
    ///
    /// # Errors
    ///
    /// If the relation leads to columns by which rows are not cached, which the error tells; or if the database
    /// was asked and failed.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time; other loads that wait for the same rows go on.
    pub fn load_many_cached<'a, R, S>(
        &self,
        related: R,
        s: &'a S,
    ) -> ::writethrough::__private::Verb<'a, ::std::vec::Vec<R::Model>>
    where
        R: ::writethrough::__private::CachedEntity,
        <Self as ::writethrough::__private::sea_orm::ModelTrait>::Entity: ::writethrough::__private::IsRelatedTo<
            R,
        >,
        S: ::writethrough::__private::Session,
    {
        ::writethrough::__private::load_many_related::<Self, R, S>(self, related, s)
    }
}
::writethrough::__private::inventory::submit! {
    ::writethrough::__private::Registration::of:: < Entity > ()
}
