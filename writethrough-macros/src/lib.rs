//! `#[derive(WriteThrough)]`, the derive macro of `writethrough`.
//!
//! Use it through the facade crate. It reads the attributes (`attr`) and the little of the model that only its text
//! tells (`model`, `keys`), checks one rule after the other (`check`), and writes an `impl CachedEntity` and methods of one
//! delegating line each (`expand`, `methods`, `key_methods`, `index_methods`, `batch_methods`, `relation_methods`,
//! `warm_method`, `version`); beside errors it writes what it can (`fallback`).

mod attr;
mod batch_methods;
mod check;
mod errors;
mod expand;
mod fallback;
mod index_methods;
mod item;
mod key_methods;
mod keys;
mod methods;
mod model;
mod relation_methods;
mod spelling;
mod types;
mod value;
mod version;
mod warm_method;

#[cfg(test)]
mod snapshots;

use proc_macro2::TokenStream;
use syn::DeriveInput;

/// The derive macro of `writethrough`, which documents it where it re-exports it.
#[proc_macro_derive(WriteThrough, attributes(write_through))]
pub fn write_through(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    syn::parse(input).map_or_else(syn::Error::into_compile_error, |input| derive(&input)).into()
}

fn derive(input: &DeriveInput) -> TokenStream {
    // `#[sea_orm::model]` copies the derives of `Model` onto its struct of relations, which is no table of its own.
    if input.ident == "ModelEx" {
        return TokenStream::new();
    }
    let mut errors = errors::Errors::default();
    let entity = model::Entity::read(input, &mut errors);
    if let Some(entity) = &entity {
        check::exact_is_for_keys(entity, &mut errors);
        check::indexes_compare_by_bytes(entity, &mut errors);
        version::check(entity, &mut errors);
    }
    match entity {
        Some(entity) if errors.is_empty() => expand::entity(&entity),
        entity => fallback::entity(input, entity.as_ref(), errors),
    }
}
