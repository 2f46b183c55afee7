//! `Entity::warm`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::runtime;
use crate::model::Entity;

/// `Entity`: filling the cache before anybody asks.
pub(crate) fn warm(entity: &Entity) -> TokenStream {
    let Entity { entity: name, vis, .. } = entity;
    let runtime = runtime(entity);
    quote! {
        /// Warming up the cache.
        #[allow(dead_code)]
        impl #name {
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
            #vis fn warm<'a>(
                select: #runtime::sea_orm::Select<Self>,
                options: #runtime::WarmOptions<'a>,
                s: &'a #runtime::Store,
            ) -> #runtime::Verb<'a, u64> {
                #runtime::warm::<Self>(select, options, s)
            }
        }
    }
}
