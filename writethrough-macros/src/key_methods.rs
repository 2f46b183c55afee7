//! The generated `load_cached_by_…`, one for each unique secondary key.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::expand::runtime;
use crate::keys::Key;
use crate::methods::verb;
use crate::model::{Column, Entity};
use crate::types::{is_scalar, without_option};

/// The inherent impl of `Entity`; nothing if there are no keys.
pub(crate) fn all(entity: &Entity) -> Option<TokenStream> {
    let name = &entity.entity;
    let methods = (0..).zip(&entity.keys).map(|(number, key)| method(entity, number, key));
    (!entity.keys.is_empty()).then(|| {
        quote! {
            /// Reading through the cache by other unique columns.
            #[allow(dead_code, non_snake_case)]
            impl #name {
                #(#methods)*
            }
        }
    })
}

fn method(entity: &Entity, number: usize, key: &Key) -> TokenStream {
    let Entity { model, vis, .. } = entity;
    let runtime = runtime(entity);
    let method = &key.method;
    let number = Literal::usize_unsuffixed(number);
    let one = verb(&runtime, &quote!(::core::option::Option<#model>));
    let summary = format!(
        " Loads the row with this {}: from the cache, or else from the database, which fills the cache.",
        names(entity, key),
    );
    let parameters = parameters(entity, key);
    let values = values(entity, key);
    let s = session();
    quote! {
        #[doc = #summary]
        ///
        /// `None` if there is no such row.
        ///
        /// # Errors
        ///
        /// If the database was asked and failed.
        ///
        /// # Cancel safety
        ///
        /// The future may be dropped at any time; other loads that wait for the same row go on.
        #vis fn #method(#(#parameters,)* #s: &impl #runtime::Session) -> #one {
            #runtime::load_by_key::<Self, _>(#number, ::std::vec![#(#values),*], #s)
        }
    }
}

/// The key's columns, as documentation names them.
pub(crate) fn names(entity: &Entity, key: &Key) -> String {
    let names: Vec<_> = columns(entity, key).map(|column| format!("`{}`", column.name())).collect();
    names.join(" and ")
}

/// The parameters that take the key's values.
pub(crate) fn parameters(entity: &Entity, key: &Key) -> Vec<TokenStream> {
    let runtime = runtime(entity);
    let parameter = |column: &Column| {
        let name = &column.ident;
        let ty = without_option(&column.ty);
        if is_scalar(ty) { quote!(#name: #ty) } else { quote!(#name: impl #runtime::IntoKey<#ty>) }
    };
    columns(entity, key).map(parameter).collect()
}

/// These parameters as SeaORM's values.
pub(crate) fn values(entity: &Entity, key: &Key) -> Vec<TokenStream> {
    let runtime = runtime(entity);
    let value = |column: &Column| {
        let name = &column.ident;
        let ty = without_option(&column.ty);
        let own = if is_scalar(ty) { quote!(#name) } else { quote!(#runtime::IntoKey::<#ty>::into_key(#name)) };
        quote!(::core::convert::Into::<#runtime::sea_orm::Value>::into(#own))
    };
    columns(entity, key).map(value).collect()
}

fn columns<'a>(entity: &'a Entity, key: &'a Key) -> impl Iterator<Item = &'a Column> {
    key.columns.iter().filter_map(|place| entity.columns.get(*place))
}

/// A name of its own, so that a column may be called `s` too.
pub(crate) fn session() -> Ident {
    Ident::new("s", Span::mixed_site())
}
