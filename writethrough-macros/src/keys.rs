//! Unique secondary keys and indexes, from the names in the attributes to the columns.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt;

use crate::attr::KeyAttr;
use crate::errors::Errors;
use crate::model::Column;
use crate::spelling;

/// What is made of columns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A unique secondary key.
    Key,
    /// A non-unique index.
    Index,
}

impl Kind {
    /// The attribute's word.
    fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Index => "index",
        }
    }

    /// With its article.
    fn one(self) -> &'static str {
        match self {
            Self::Key => "a key",
            Self::Index => "an index",
        }
    }

    /// What methods that load by it start with.
    fn method(self) -> &'static str {
        match self {
            Self::Key => "load_cached_by",
            Self::Index => "load_all_cached_by",
        }
    }

    fn on_field(self, column: &Column) -> Option<&Ident> {
        match self {
            Self::Key => column.attrs.key.as_ref(),
            Self::Index => column.attrs.index.as_ref(),
        }
    }
}

/// A unique secondary key or an index.
pub(crate) struct Key {
    /// Its columns, by their place among the fields, in the order in which they are named.
    pub(crate) columns: Vec<usize>,
    /// The method that loads by it.
    pub(crate) method: Ident,
}

/// Those of the struct, then those of its fields; what is wrong goes to `errors`, such as an index of the same fields as one
/// of the `unique` keys.
pub(crate) fn resolve(
    kind: Kind,
    on_struct: &[KeyAttr],
    columns: &[Column],
    unique: &[Key],
    errors: &mut Errors,
) -> Vec<Key> {
    let (this, one) = (kind.word(), kind.one());
    let mut keys: Vec<Key> = Vec::new();
    let composite = on_struct.iter().map(|key| (&key.word, columns_of(kind, key, columns, errors))).collect::<Vec<_>>();
    let single = columns.iter().enumerate().filter_map(|(place, column)| {
        let word = kind.on_field(column)?;
        Some((word, column_of_field(kind, word, place, column, errors)))
    });
    for (word, places) in composite.into_iter().chain(single.collect::<Vec<_>>()) {
        let Some(places) = places else { continue };
        let names: Vec<_> = places.iter().filter_map(|place| columns.get(*place)).map(Column::name).collect();
        let method = format_ident!("{}_{}", kind.method(), names.join("_and_"));
        if is_primary_key(&places, columns) {
            errors.at(word, format!("this is the primary key, by which `load_cached` loads: remove this {this}"));
        } else if let Some(key) = unique.iter().find(|key| same(&key.columns, &places)) {
            let method = &key.method;
            errors
                .at(word, format!("this is a key already, by which `{method}` loads the one row: remove this {this}"));
        } else if keys.iter().any(|key| same(&key.columns, &places)) {
            errors.at(word, format!("there is {one} of the same fields already: remove one"));
        } else if keys.iter().any(|key| key.method == method) {
            errors.at(word, format!("there is a `{method}` of another {this} already: rename a field"));
        } else {
            keys.push(Key { columns: places, method });
        }
    }
    keys
}

/// Where the fields of a key stand; `None` if one of them cannot be in a key.
fn columns_of(kind: Kind, key: &KeyAttr, columns: &[Column], errors: &mut Errors) -> Option<Vec<usize>> {
    let (this, one) = (kind.word(), kind.one());
    let mut places = Vec::new();
    let mut sound = true;
    for field in &key.fields {
        let name = field.unraw().to_string();
        let Some((place, column)) = columns.iter().enumerate().find(|(_, column)| column.name() == name) else {
            let names: Vec<_> = columns.iter().filter(|column| column.variant.is_some()).map(Column::name).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let hint = spelling::hint(&name, &names);
            errors.at(field, format!("there is no field `{name}`{hint}: name fields of this struct"));
            sound = false;
            continue;
        };
        if column.variant.is_none() {
            errors.at(field, format!("{one} is made of columns, and `{name}` is none: remove it"));
            sound = false;
        } else if places.contains(&place) {
            errors.at(field, format!("`{name}` is in this {this} twice: remove one"));
            sound = false;
        } else {
            places.push(place);
        }
    }
    (sound && !places.is_empty()).then_some(places)
}

fn column_of_field(kind: Kind, word: &Ident, place: usize, column: &Column, errors: &mut Errors) -> Option<Vec<usize>> {
    if column.variant.is_none() {
        errors.at(word, format!("{} is made of columns, and this field is none: remove it", kind.one()));
        return None;
    }
    Some(vec![place])
}

/// An expanded entity does not show its primary key here, so nothing is found there.
fn is_primary_key(places: &[usize], columns: &[Column]) -> bool {
    let primary: Vec<_> = (0..).zip(columns).filter(|(_, column)| column.primary_key).map(|(place, _)| place).collect();
    same(&primary, places)
}

fn same(a: &[usize], b: &[usize]) -> bool {
    a.iter().collect::<BTreeSet<_>>() == b.iter().collect()
}
