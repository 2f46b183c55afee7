//! What is generated beside errors: everything that can be, so that one mistake is one error.
//!
//! If the mistake took the methods away, each call of one would be an error too, and the one that matters would drown.

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::expand;
use crate::model::Entity;

/// The errors, and the impls of what could be understood.
pub(crate) fn entity(input: &DeriveInput, entity: Option<&Entity>, errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    // A name or parameters that SeaORM refuses too mean that there is no entity to implement anything for.
    let entity = entity.filter(|_| input.ident == "Model" && input.generics.params.is_empty());
    let impls = entity.map(expand::impls);
    quote::quote! {
        #errors
        #impls
    }
}
