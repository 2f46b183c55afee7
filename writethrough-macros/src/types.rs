//! What the text of a field's type tells.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Types that are taken as they are; everything else is taken as what can become it.
const SCALARS: [&str; 12] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "bool", "char"];

/// Integers, as Rust calls them.
const INTEGERS: [&str; 8] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"];

/// A key is a value: NULL is nobody's.
pub(crate) fn without_option(ty: &Type) -> &Type {
    last_segment(ty).filter(|last| last.ident == "Option").and_then(argument).unwrap_or(ty)
}

pub(crate) fn is_scalar(ty: &Type) -> bool {
    is_one_of(ty, &SCALARS)
}

/// Whether values of this type compare by bytes in every database: what a newtype or an enum is stored as, its name does not
/// tell.
pub(crate) fn compares_by_bytes(ty: &Type) -> bool {
    let ty = without_option(ty);
    let Some(last) = last_segment(ty) else { return false };
    is_one_of(ty, &INTEGERS)
        || is_one_of(ty, &["bool"])
        || last.ident == "Uuid"
        || (last.ident == "Vec" && argument(last).is_some_and(|element| is_one_of(element, &["u8"])))
}

fn is_one_of(ty: &Type, names: &[&str]) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.get_ident().is_some_and(|ident| names.iter().any(|name| ident == name))
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The type in angle brackets.
fn argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}
