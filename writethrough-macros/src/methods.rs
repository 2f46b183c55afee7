//! The generated methods, one delegating line each.
//!
//! They are no `async fn`s, each of which would be one more coroutine for the compiler to check. They hand on the
//! runtime's futures, whose type has a name: so there is nothing to check in them.

use proc_macro2::TokenStream;
use quote::quote;

use crate::batch_methods;
use crate::expand::runtime;
use crate::index_methods;
use crate::key_methods;
use crate::model::Entity;
use crate::relation_methods;
use crate::version;
use crate::warm_method;

/// The inherent impls of `Entity`, `ActiveModel` and `Model`.
pub(crate) fn all(entity: &Entity) -> TokenStream {
    let loads = loads(entity);
    let removals = removals(entity);
    let warm = warm_method::warm(entity);
    let active_model = active_model(entity);
    let batches = batch_methods::all(entity);
    let by_keys = key_methods::all(entity);
    let by_indexes = index_methods::all(entity);
    let model = model(entity);
    let relations = relation_methods::all(entity);
    quote! {
        #loads
        #by_keys
        #by_indexes
        #removals
        #batches
        #warm
        #active_model
        #model
        #relations
    }
}

/// `Entity`: reading.
fn loads(entity: &Entity) -> TokenStream {
    let Entity { entity: name, model, vis, .. } = entity;
    let runtime = runtime(entity);
    let one = verb(&runtime, &quote!(::core::option::Option<#model>));
    let many = verb(&runtime, &quote!(::std::vec::Vec<::core::option::Option<#model>>));
    quote! {
        /// Reading through the cache.
        #[allow(dead_code)]
        impl #name {
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
            #vis fn load_cached<K, S>(
                id: K,
                s: &S,
            ) -> #one
            where
                K: #runtime::IntoKey<#runtime::PkValue<Self>>,
                S: #runtime::Session,
            {
                #runtime::load::<Self, S>(#runtime::IntoKey::into_key(id), s)
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
            #vis fn load_many_cached<I, S>(
                ids: I,
                s: &S,
            ) -> #many
            where
                I: ::core::iter::IntoIterator,
                I::Item: #runtime::IntoKey<#runtime::PkValue<Self>>,
                S: #runtime::Session,
            {
                let ids = ::core::iter::IntoIterator::into_iter(ids);
                let ids = ::core::iter::Iterator::map(ids, #runtime::IntoKey::into_key);
                #runtime::load_many::<Self, S>(::core::iter::Iterator::collect(ids), s)
            }
        }
    }
}

/// `Entity`: deleting and forgetting.
fn removals(entity: &Entity) -> TokenStream {
    let Entity { entity: name, vis, .. } = entity;
    let runtime = runtime(entity);
    let existed = verb(&runtime, &quote!(bool));
    let whichever = version::unchecked(entity);
    let done = verb(&runtime, &quote!(()));
    quote! {
        /// Removing through the cache.
        #[allow(dead_code)]
        impl #name {
            /// Deletes the row with this primary key, in the database and in the cache; tells whether there was one.
            ///
            /// Hooks do not run, as they do not in SeaORM's `delete_by_id`.
            #whichever
            ///
            /// # Errors
            ///
            /// If the database fails, or if the cache does not answer and `on_cache_failure` is `fail`.
            /// `outcome()` of the error tells whether the row is gone.
            ///
            /// # Cancel safety
            ///
            /// A deletion that has begun goes on when the future is dropped.
            #vis fn delete_by_id_through<K, S>(
                id: K,
                s: &S,
            ) -> #existed
            where
                K: #runtime::IntoKey<#runtime::PkValue<Self>>,
                S: #runtime::Session,
            {
                #runtime::delete_by_id::<Self, S>(#runtime::IntoKey::into_key(id), s)
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
            #vis fn invalidate<K, S>(id: K, s: &S) -> #done
            where
                K: #runtime::IntoKey<#runtime::PkValue<Self>>,
                S: #runtime::Session,
            {
                #runtime::invalidate::<Self, S>(#runtime::IntoKey::into_key(id), s)
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
            #vis fn invalidate_all<S>(s: &S) -> #done
            where
                S: #runtime::Session,
            {
                #runtime::invalidate_all::<Self, S>(s)
            }
        }
    }
}

/// `ActiveModel`: writing.
fn active_model(entity: &Entity) -> TokenStream {
    let Entity { entity: name, model, vis, .. } = entity;
    let runtime = runtime(entity);
    let saved = verb(&runtime, &quote!(#model));
    let upserted = verb(&runtime, &quote!(::core::option::Option<#model>));
    let existed = verb(&runtime, &quote!(bool));
    let lost = version::lost_race(entity);
    quote! {
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
            #lost
            ///
            /// # Cancel safety
            ///
            /// A write that has begun goes on when the future is dropped.
            #vis fn save_through<S>(self, s: &S) -> #saved
            where
                S: #runtime::Session,
            {
                #runtime::save::<#name, S>(self, s)
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
            #vis fn insert_through<S>(self, s: &S) -> #saved
            where
                S: #runtime::Session,
            {
                #runtime::insert::<#name, S>(self, s)
            }

            /// Updates the columns that are set, in the database and in the cache, and returns the row as the database
            /// has it.
            ///
            /// # Errors
            ///
            /// If there is no such row or the database fails otherwise, or if the cache does not answer and
            /// `on_cache_failure` is `fail`. `outcome()` of the error tells whether the row was written.
            #lost
            ///
            /// # Cancel safety
            ///
            /// A write that has begun goes on when the future is dropped.
            #vis fn update_through<S>(self, s: &S) -> #saved
            where
                S: #runtime::Session,
            {
                #runtime::update::<#name, S>(self, s)
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
            #vis fn upsert_through<S>(
                self,
                on_conflict: #runtime::sea_orm::sea_query::OnConflict,
                s: &S,
            ) -> #upserted
            where
                S: #runtime::Session,
            {
                #runtime::upsert::<#name, S>(self, on_conflict, s)
            }

            /// Deletes the row with this primary key, in the database and in the cache; tells whether there was one.
            ///
            /// # Errors
            ///
            /// If a column of the primary key is not set or the database fails, or if the cache does not answer and
            /// `on_cache_failure` is `fail`. `outcome()` of the error tells whether the row is gone.
            #lost
            ///
            /// # Cancel safety
            ///
            /// A deletion that has begun goes on when the future is dropped.
            #vis fn delete_through<S>(self, s: &S) -> #existed
            where
                S: #runtime::Session,
            {
                #runtime::delete::<#name, S>(self, s)
            }
        }
    }
}

/// `Model`: removing what was loaded.
fn model(entity: &Entity) -> TokenStream {
    let Entity { entity: name, model, vis, .. } = entity;
    let runtime = runtime(entity);
    let existed = verb(&runtime, &quote!(bool));
    let lost = version::lost_race(entity);
    quote! {
        /// Removing through the cache.
        #[allow(dead_code)]
        impl #model {
            /// Deletes this row, in the database and in the cache; tells whether it was still there.
            ///
            /// # Errors
            ///
            /// If the database fails, or if the cache does not answer and `on_cache_failure` is `fail`.
            /// `outcome()` of the error tells whether the row is gone.
            #lost
            ///
            /// # Cancel safety
            ///
            /// A deletion that has begun goes on when the future is dropped.
            #vis fn delete_through<S>(self, s: &S) -> #existed
            where
                S: #runtime::Session,
            {
                #runtime::delete_model::<#name, S>(self, s)
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
            #vis fn invalidate<'a, S>(&'a self, s: &'a S) -> #runtime::Verb<'a, ()>
            where
                S: #runtime::Session,
            {
                #runtime::invalidate_model::<#name, S>(self, s)
            }
        }
    }
}

/// The type of a method that borrows its session alone.
pub(crate) fn verb(runtime: &TokenStream, ok: &TokenStream) -> TokenStream {
    quote!(#runtime::Verb<'_, #ok>)
}
