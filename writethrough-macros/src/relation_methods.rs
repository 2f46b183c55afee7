//! The generated methods of `Model` that load what belongs to it.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::runtime;
use crate::model::Entity;

/// The inherent impl of `Model`.
pub(crate) fn all(entity: &Entity) -> TokenStream {
    let Entity { model, vis, .. } = entity;
    let runtime = runtime(entity);
    quote! {
        /// Reading what belongs to it through the cache.
        #[allow(dead_code)]
        impl #model {
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
            #vis fn load_one_cached<'a, R, S>(
                &self,
                related: R,
                s: &'a S,
            ) -> #runtime::Verb<'a, ::core::option::Option<R::Model>>
            where
                R: #runtime::CachedEntity,
                <Self as #runtime::sea_orm::ModelTrait>::Entity: #runtime::IsRelatedTo<R>,
                S: #runtime::Session,
            {
                #runtime::load_one_related::<Self, R, S>(self, related, s)
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
            #vis fn load_many_cached<'a, R, S>(
                &self,
                related: R,
                s: &'a S,
            ) -> #runtime::Verb<'a, ::std::vec::Vec<R::Model>>
            where
                R: #runtime::CachedEntity,
                <Self as #runtime::sea_orm::ModelTrait>::Entity: #runtime::IsRelatedTo<R>,
                S: #runtime::Session,
            {
                #runtime::load_many_related::<Self, R, S>(self, related, s)
            }
        }
    }
}
