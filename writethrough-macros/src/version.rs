//! `version`, the column of the optimistic lock: its rules, and what is generated for it.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::errors::Errors;
use crate::expand::runtime;
use crate::model::{Column, Entity};

const IN_PRIMARY_KEY: &str =
    "a version changes and a primary key does not: give the entity a column of its own for the version";

/// A version is one column, and in no key.
pub(crate) fn check(entity: &Entity, errors: &mut Errors) {
    let mut first = true;
    for column in &entity.columns {
        let Some(word) = &column.attrs.version else { continue };
        if column.variant.is_none() {
            errors.at(word, "`version` is for columns, and this field is none: remove it");
        } else if column.primary_key {
            errors.at(word, IN_PRIMARY_KEY);
        } else if entity.is_in_secondary_key(column) {
            errors.at(
                word,
                "a version changes with each update, so no row is found by it: take it out of the key or index",
            );
        } else if !first {
            errors.at(word, "there is a `version` already, and an entity has one: remove one");
        }
        first = false;
    }
}

/// What the documentation of a method that checks the version says among its errors.
pub(crate) fn lost_race(entity: &Entity) -> Option<TokenStream> {
    of(entity).map(|_| {
        quote! {
            /// `is_conflict()` of it tells that somebody else has changed the row since it was loaded: nothing was written.
        }
    })
}

/// What the documentation of a method that does not check it says.
pub(crate) fn unchecked(entity: &Entity) -> Option<TokenStream> {
    of(entity).map(|_| quote!(#[doc = " The row is deleted whatever its version is."]))
}

/// [`lost_race`] where one row fails all.
pub(crate) fn lost_race_of_many(entity: &Entity) -> Option<TokenStream> {
    of(entity).map(|_| {
        quote! {
            /// `is_conflict()` of it tells that somebody else has changed one of the rows since it was loaded: nothing was
            /// written.
        }
    })
}

/// What the documentation of a bulk update says.
pub(crate) fn advanced(entity: &Entity) -> Option<TokenStream> {
    of(entity).map(|_| quote!(#[doc = " It advances the version of each row, and does not check it."]))
}

/// [`unchecked`] of a bulk delete.
pub(crate) fn unchecked_many(entity: &Entity) -> Option<TokenStream> {
    of(entity).map(|_| quote!(#[doc = " It does not check the version of any row."]))
}

/// `CachedEntity::version_column`.
pub(crate) fn column(entity: &Entity) -> Option<TokenStream> {
    let (_, variant) = of(entity)?;
    Some(quote! {
        fn version_column() -> ::core::option::Option<Self::Column> {
            ::core::option::Option::Some(Self::Column::#variant)
        }
    })
}

/// What the compiler checks: the type of the column, and that an expanded entity has it not in its primary key.
pub(crate) fn facts(entity: &Entity) -> Option<TokenStream> {
    let (column, variant) = of(entity)?;
    let runtime = runtime(entity);
    let ty = &column.ty;
    let number = quote_spanned! {ty.span()=>
        const _: () = {
            const fn is_a_version<T: #runtime::VersionNumber>() {}
            is_a_version::<#ty>();
        };
    };
    let primary_key = (!entity.shows_primary_key()).then(|| not_in_primary_key(entity, &variant));
    Some(quote! {
        #number
        #primary_key
    })
}

/// The column and its variant, on the word `version`.
fn of(entity: &Entity) -> Option<(&Column, Ident)> {
    entity.columns.iter().find_map(|column| {
        let mut variant = column.variant.clone()?;
        variant.set_span(column.attrs.version.as_ref()?.span());
        Some((column, variant))
    })
}

/// Asks the enum of an expanded entity's primary key, which its model does not show, for a variant that must not be there.
///
/// A variant goes before a constant of the same name, and has not its size.
fn not_in_primary_key(entity: &Entity, variant: &Ident) -> TokenStream {
    let runtime = runtime(entity);
    let name = &entity.entity;
    quote_spanned! {variant.span()=>
        const _: () = {
            #[allow(dead_code)]
            struct NoVariant([u8; 4096]);
            #[allow(dead_code, non_upper_case_globals)]
            trait NotInPrimaryKey {
                const #variant: NoVariant = NoVariant([0; 4096]);
            }
            impl<T> NotInPrimaryKey for T {}
            const FOUND: usize =
                ::core::mem::size_of_val(&<#name as #runtime::sea_orm::EntityTrait>::PrimaryKey::#variant);
            ::core::assert!(FOUND == ::core::mem::size_of::<NoVariant>(), #IN_PRIMARY_KEY);
        };
    }
}
