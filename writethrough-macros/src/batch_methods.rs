//! The generated methods that write many rows at once, one delegating line each.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::runtime;
use crate::methods::verb;
use crate::model::Entity;

/// `Entity`: writing many rows.
pub(crate) fn all(entity: &Entity) -> TokenStream {
    let Entity { entity: name, model, vis, .. } = entity;
    let runtime = runtime(entity);
    let rows = verb(&runtime, &quote!(::std::vec::Vec<#model>));
    quote! {
        /// Writing many rows through the cache.
        #[allow(dead_code)]
        impl #name {
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
            #vis fn insert_many_through<I, S>(active_models: I, s: &S) -> #rows
            where
                I: ::core::iter::IntoIterator<Item = ActiveModel>,
                S: #runtime::Session,
            {
                #runtime::insert_many::<Self, S>(active_models, s)
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
            #vis fn save_many_through<I, S>(active_models: I, s: &S) -> #rows
            where
                I: ::core::iter::IntoIterator<Item = ActiveModel>,
                S: #runtime::Session,
            {
                #runtime::save_many::<Self, S>(active_models, s)
            }

            /// Begins an update of all rows that a filter selects: `set` and `filter` say what and where, `exec` does it,
            /// in the database and in the cache.
            #vis fn update_many_through() -> #runtime::UpdateManyThrough<Self> {
                #runtime::update_many()
            }

            /// Begins a deletion of all rows that a filter selects: `filter` says which, `exec` does it, in the database
            /// and in the cache.
            #vis fn delete_many_through() -> #runtime::DeleteManyThrough<Self> {
                #runtime::delete_many()
            }
        }
    }
}
