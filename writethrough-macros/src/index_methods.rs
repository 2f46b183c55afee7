//! The generated `load_all_cached_by_…`, one for each non-unique index.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::expand::runtime;
use crate::key_methods::{names, parameters, session, values};
use crate::keys::Key;
use crate::methods::verb;
use crate::model::Entity;

/// The inherent impl of `Entity`; nothing if there are no indexes.
pub(crate) fn all(entity: &Entity) -> Option<TokenStream> {
    let name = &entity.entity;
    let methods = (0..).zip(&entity.indexes).map(|(number, index)| method(entity, number, index));
    (!entity.indexes.is_empty()).then(|| {
        quote! {
            /// Reading through the cache by columns that several rows may have in common.
            #[allow(dead_code, non_snake_case)]
            impl #name {
                #(#methods)*
            }
        }
    })
}

fn method(entity: &Entity, number: usize, index: &Key) -> TokenStream {
    let Entity { model, vis, .. } = entity;
    let runtime = runtime(entity);
    let method = &index.method;
    let number = Literal::usize_unsuffixed(number);
    let all = verb(&runtime, &quote!(::std::vec::Vec<#model>));
    let summary = format!(
        " Loads all rows with this {}, in the order of their primary keys: from the cache, or else from the database, \
         which fills the cache.",
        names(entity, index),
    );
    let parameters = parameters(entity, index);
    let values = values(entity, index);
    let s = session();
    quote! {
        #[doc = #summary]
        ///
        /// A list of more rows than the store's `max_list_len` is not kept: its rows come from the database each time.
        ///
        /// # Errors
        ///
        /// If the database was asked and failed.
        ///
        /// # Cancel safety
        ///
        /// The future may be dropped at any time.
        #vis fn #method(#(#parameters,)* #s: &impl #runtime::Session) -> #all {
            #runtime::load_all_by_index::<Self, _>(#number, ::std::vec![#(#values),*], #s)
        }
    }
}
