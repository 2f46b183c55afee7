//! The generated `load_cached_by_…`, one for each unique secondary key.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use syn::{GenericArgument, PathArguments, Type};

use crate::expand::runtime;
use crate::keys::Key;
use crate::methods::verb;
use crate::model::{Column, Entity};

/// Types that are taken as they are; everything else is taken as what can become it.
const SCALARS: [&str; 12] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "bool", "char"];

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
    let columns: Vec<_> = key.columns.iter().filter_map(|place| entity.columns.get(*place)).collect();
    let names: Vec<_> = columns.iter().map(|column| format!("`{}`", column.name())).collect();
    let summary = format!(
        " Loads the row with this {}: from the cache, or else from the database, which fills the cache.",
        names.join(" and "),
    );
    let parameters = columns.iter().map(|column| parameter(&runtime, column));
    let values = columns.iter().map(|column| value(&runtime, column));
    // A name of its own, so that a column may be called `s` too.
    let s = Ident::new("s", Span::mixed_site());
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

fn parameter(runtime: &TokenStream, column: &Column) -> TokenStream {
    let name = &column.ident;
    let ty = without_option(&column.ty);
    if is_scalar(ty) { quote!(#name: #ty) } else { quote!(#name: impl #runtime::IntoKey<#ty>) }
}

fn value(runtime: &TokenStream, column: &Column) -> TokenStream {
    let name = &column.ident;
    let ty = without_option(&column.ty);
    let own = if is_scalar(ty) { quote!(#name) } else { quote!(#runtime::IntoKey::<#ty>::into_key(#name)) };
    quote!(::core::convert::Into::<#runtime::sea_orm::Value>::into(#own))
}

/// A key is a value: NULL is nobody's.
fn without_option(ty: &Type) -> &Type {
    let Type::Path(path) = ty else { return ty };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Option") else { return ty };
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(inner)) => inner,
            _ => ty,
        },
        _ => ty,
    }
}

fn is_scalar(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.get_ident().is_some_and(|ident| SCALARS.iter().any(|scalar| ident == scalar))
}
