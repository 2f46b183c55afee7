//! From the entity as understood to the code that says it.

use std::time::Duration;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::keys::Key;
use crate::methods;
use crate::model::Entity;
use crate::value::NegativeTtl;
use crate::version;

/// All that the derive generates.
pub(crate) fn entity(entity: &Entity) -> TokenStream {
    let facts = facts(entity);
    let impls = impls(entity);
    let registration = registration(entity);
    quote! {
        #facts
        #impls
        #registration
    }
}

/// What other code may rely on.
pub(crate) fn impls(entity: &Entity) -> TokenStream {
    let cached_entity = cached_entity(entity);
    let methods = methods::all(entity);
    quote! {
        #cached_entity
        #methods
    }
}

/// Where the runtime is.
pub(crate) fn runtime(entity: &Entity) -> TokenStream {
    match &entity.attrs.krate {
        Some(path) => quote!(#path::__private),
        None => quote!(::writethrough::__private),
    }
}

/// Facts that types know and the text of the model does not; a wrong one is a compile error.
fn facts(entity: &Entity) -> TokenStream {
    let name = &entity.entity;
    let no_data = quote_spanned! {entity.model.span()=>
        const _: () = ::core::assert!(
            ::core::mem::size_of::<#name>() == 0,
            "an entity that carries data cannot be cached: its table is known at run time only, write an entity for each table",
        );
    };
    let exact = (!entity.shows_primary_key()).then(|| entity.exact()).into_iter().flatten();
    let exact = exact.filter(|(column, _)| !entity.is_in_secondary_key(column));
    let exact = exact.map(|(_, variant)| in_primary_key(entity, &variant));
    let version = version::facts(entity);
    quote! {
        #no_data
        #(#exact)*
        #version
    }
}

/// Asks the enum of an expanded entity's primary key, which its model does not show, for a variant.
///
/// A variant goes before a constant of the same name, so the constant is evaluated only if there is no variant.
fn in_primary_key(entity: &Entity, variant: &Ident) -> TokenStream {
    let runtime = runtime(entity);
    let name = &entity.entity;
    quote_spanned! {variant.span()=>
        const _: () = {
            #[allow(dead_code, non_upper_case_globals)]
            trait NotInPrimaryKey: ::core::marker::Sized {
                const #variant: Self;
            }
            impl<T> NotInPrimaryKey for T {
                const #variant: Self =
                    ::core::panic!("`exact` is for columns of a key or an index, and this one is in none: remove it");
            }
            let _ = <#name as #runtime::sea_orm::EntityTrait>::PrimaryKey::#variant;
        };
    }
}

fn cached_entity(entity: &Entity) -> TokenStream {
    let runtime = runtime(entity);
    let name = &entity.entity;
    let policy = policy(entity);
    let keep = keep(entity);
    let unique_keys = unique_keys(entity);
    let indexes = indexes(entity);
    let exact_columns = exact_columns(entity);
    let version_column = version::column(entity);
    quote! {
        #[automatically_derived]
        impl #runtime::CachedEntity for #name {
            const POLICY: #runtime::EntityPolicy = #policy;
            #keep
            #unique_keys
            #indexes
            #exact_columns
            #version_column
        }
    }
}

/// Hands the entity in, so that stores know of it before they meet it.
fn registration(entity: &Entity) -> TokenStream {
    let runtime = runtime(entity);
    let name = &entity.entity;
    quote! {
        #runtime::inventory::submit! {
            #runtime::Registration::of::<#name>()
        }
    }
}

fn policy(entity: &Entity) -> TokenStream {
    let runtime = runtime(entity);
    let attrs = &entity.attrs;
    let ttl = attrs.ttl.map(|ttl| {
        let ttl = duration(ttl);
        quote!(.ttl(#ttl))
    });
    let negative_ttl = attrs.negative_ttl.as_ref().map(|ttl| match ttl {
        NegativeTtl::Off => quote!(.negative_ttl(#runtime::NegativeTtl::Off)),
        NegativeTtl::For(ttl) => {
            let ttl = duration(*ttl);
            quote!(.negative_ttl(#runtime::NegativeTtl::For(#ttl)))
        }
    });
    let on_write = attrs.on_write.map(|variant| {
        let variant = format_ident!("{variant}");
        quote!(.on_write(#runtime::OnWrite::#variant))
    });
    let on_cache_failure = attrs.on_cache_failure.map(|variant| {
        let variant = format_ident!("{variant}");
        quote!(.on_cache_failure(#runtime::OnCacheFailure::#variant))
    });
    let rename = attrs.rename.as_ref().map(|name| quote!(.rename(#name)));
    quote!(#runtime::EntityPolicy::new() #ttl #negative_ttl #on_write #on_cache_failure #rename)
}

fn duration(duration: Duration) -> TokenStream {
    let secs = Literal::u64_unsuffixed(duration.as_secs());
    let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
    match duration.subsec_nanos() {
        0 => quote!(::core::time::Duration::from_secs(#secs)),
        _ => quote!(::core::time::Duration::new(#secs, #nanos)),
    }
}

/// The function goes through a pointer of its proper type, so that a wrong one is told by its whole signature.
fn keep(entity: &Entity) -> Option<TokenStream> {
    let path = entity.attrs.cache_if.as_ref()?;
    let model = &entity.model;
    Some(quote! {
        fn keep(model: &#model) -> bool {
            let keep: fn(&#model) -> bool = #path;
            keep(model)
        }
    })
}

fn unique_keys(entity: &Entity) -> Option<TokenStream> {
    let keys = columns_of(entity, &entity.keys);
    (!entity.keys.is_empty()).then(|| {
        quote! {
            fn unique_keys() -> &'static [&'static [Self::Column]] {
                &[#(#keys),*]
            }
        }
    })
}

fn indexes(entity: &Entity) -> Option<TokenStream> {
    let runtime = runtime(entity);
    let indexes = columns_of(entity, &entity.indexes);
    let values = (0_usize..).zip(&entity.indexes).map(|(number, index)| {
        let number = Literal::usize_unsuffixed(number);
        let types = index.columns.iter().filter_map(|place| Some(&entity.columns.get(*place)?.ty));
        let values = (0..).map(Literal::usize_unsuffixed).zip(types);
        let values = values.map(|(place, ty)| quote!(#runtime::value_at::<#ty>(row, first + #place)?));
        quote!(#number => ::core::result::Result::Ok(::std::vec![#(#values),*]))
    });
    (!entity.indexes.is_empty()).then(|| {
        quote! {
            fn indexes() -> &'static [&'static [Self::Column]] {
                &[#(#indexes),*]
            }
            fn index_values(
                index: usize,
                row: &#runtime::sea_orm::QueryResult,
                first: usize,
            ) -> ::core::result::Result<::std::vec::Vec<#runtime::sea_orm::Value>, #runtime::sea_orm::DbErr> {
                match index {
                    #(#values,)*
                    _ => #runtime::no_such_index(index),
                }
            }
        }
    })
}

/// Each key as a slice of the enum's variants.
fn columns_of(entity: &Entity, keys: &[Key]) -> Vec<TokenStream> {
    let slice = |key: &Key| {
        let columns = key.columns.iter().filter_map(|place| entity.columns.get(*place)?.variant.as_ref());
        quote!(&[#(Self::Column::#columns),*])
    };
    keys.iter().map(slice).collect()
}

fn exact_columns(entity: &Entity) -> Option<TokenStream> {
    let mut columns = entity.exact().map(|(_, variant)| variant.to_token_stream()).peekable();
    columns.peek()?;
    Some(quote! {
        fn exact_columns() -> &'static [Self::Column] {
            &[#(Self::Column::#columns),*]
        }
    })
}
