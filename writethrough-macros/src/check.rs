//! The rules an annotated entity keeps, one function each.
//!
//! What a trait can tell is left to the compiler: see `expand`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, FieldsNamed};

use crate::errors::Errors;
use crate::model::{Column, Entity};
use crate::types;

/// A model is a struct with named fields.
pub(crate) fn named_fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a FieldsNamed> {
    let what = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a struct without fields",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    errors.at(
        &input.ident,
        format!("`WriteThrough` cannot be derived for {what}: derive it on SeaORM's `struct Model {{ … }}`"),
    );
    None
}

/// SeaORM's derives want this name, and a `struct` of another name is likely none of its models.
pub(crate) fn is_called_model(input: &DeriveInput, errors: &mut Errors) {
    if input.ident != "Model" {
        errors.at(
            &input.ident,
            "`WriteThrough` is for the entity's model: rename this struct to `Model`, or derive it there",
        );
    }
}

/// An entity is one table, so its model is one type.
pub(crate) fn is_not_generic(input: &DeriveInput, errors: &mut Errors) {
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a cached model cannot be generic: remove the parameters");
    }
}

/// `exact` says how a column of a key or an index compares; other columns are never compared.
pub(crate) fn exact_is_for_keys(entity: &Entity, errors: &mut Errors) {
    for column in &entity.columns {
        let in_a_key = column.primary_key || entity.is_in_secondary_key(column);
        let Some(exact) = &column.attrs.exact else { continue };
        if column.variant.is_none() {
            errors.at(exact, "`exact` is for columns, and this field is none: remove it");
        } else if entity.shows_primary_key() && !in_a_key {
            errors.at(exact, "`exact` is for columns of a key or an index, and this one is in none: remove it");
        }
    }
}

/// A list says of every row that is not in it that it has another value. Two spellings that are one value to the database
/// would make two lists of it, and a row would be missing in one.
pub(crate) fn indexes_compare_by_bytes(entity: &Entity, errors: &mut Errors) {
    for column in &entity.columns {
        if let Some(word) = &column.attrs.index {
            compares_by_bytes(column, word, errors);
        }
    }
    for field in entity.attrs.indexes.iter().flat_map(|index| &index.fields) {
        let name = field.unraw().to_string();
        if let Some(column) = entity.columns.iter().find(|column| column.name() == name) {
            compares_by_bytes(column, field, errors);
        }
    }
}

fn compares_by_bytes(column: &Column, place: &Ident, errors: &mut Errors) {
    if column.variant.is_some() && column.attrs.exact.is_none() && !types::compares_by_bytes(&column.ty) {
        let message = format!(
            "lists are kept only of values that compare by bytes in the database, which the type of `{}` does not \
             promise: write `exact` on the field if the column does, and load such rows with SeaORM itself if not",
            column.name(),
        );
        errors.at(place, message);
    }
}
