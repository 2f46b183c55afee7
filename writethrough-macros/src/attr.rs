//! What a user may write: `#[write_through(…)]` on the struct and on its fields.

use std::collections::BTreeSet;
use std::time::Duration;

use proc_macro2::Ident;
use syn::{Attribute, ExprPath, LitStr, Meta, Path};

use crate::errors::Errors;
use crate::item::{Item, Value, fields, items};
use crate::spelling;
use crate::value::{self, NegativeTtl, Variant};

/// The attributes of the struct, each as it should look.
const ON_STRUCT: [(&str, &str); 9] = [
    ("ttl", "ttl = \"1h\""),
    ("negative_ttl", "negative_ttl = \"30s\""),
    ("on_write", "on_write = \"refresh\""),
    ("on_cache_failure", "on_cache_failure = \"degrade\""),
    ("cache_if", "cache_if = \"path::to::function\""),
    ("key", "key(a, b)"),
    ("index", "index(a, b)"),
    ("rename", "rename = \"name_in_keys\""),
    ("crate", "crate = \"path::to::writethrough\""),
];

/// The attributes of a field.
const ON_FIELD: [&str; 4] = ["exact", "key", "index", "version"];

/// What is said of the entity.
#[derive(Default)]
pub(crate) struct EntityAttrs {
    pub(crate) ttl: Option<Duration>,
    pub(crate) negative_ttl: Option<NegativeTtl>,
    pub(crate) on_write: Option<Variant>,
    pub(crate) on_cache_failure: Option<Variant>,
    pub(crate) cache_if: Option<ExprPath>,
    pub(crate) keys: Vec<KeyAttr>,
    pub(crate) indexes: Vec<KeyAttr>,
    pub(crate) rename: Option<String>,
    pub(crate) krate: Option<Path>,
}

impl EntityAttrs {
    /// Reads the attributes of the struct; what is wrong goes to `errors`, what is right is kept.
    pub(crate) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut read = Self::default();
        for item in once_each(attrs, &["key", "index"], errors) {
            let taken = read.take(&item, errors);
            errors.keep(taken);
        }
        read
    }

    fn take(&mut self, item: &Item, errors: &mut Errors) -> syn::Result<()> {
        let name = item.name.to_string();
        match name.as_str() {
            "ttl" => self.ttl = Some(value::ttl(&text(item)?)?),
            "negative_ttl" => self.negative_ttl = Some(value::negative_ttl(&text(item)?)?),
            "on_write" => self.on_write = Some(value::on_write(&text(item)?)?),
            "on_cache_failure" => self.on_cache_failure = Some(value::on_cache_failure(&text(item)?)?),
            "cache_if" => self.cache_if = Some(value::cache_if(&text(item)?)?),
            "key" => self.keys.extend(KeyAttr::read(item, errors)),
            "index" => self.indexes.extend(KeyAttr::read(item, errors)),
            "rename" => self.rename = Some(value::rename(&text(item)?)?),
            "crate" => self.krate = Some(value::krate(&text(item)?)?),
            name if ON_FIELD.contains(&name) => {
                let message = format!("`{name}` is for a column: move it to the field of that column");
                return Err(syn::Error::new_spanned(&item.name, message));
            }
            _ => return Err(unknown(&item.name)),
        }
        Ok(())
    }
}

/// `key(a, b)` or `index(a, b)`.
pub(crate) struct KeyAttr {
    /// The word in front, where errors about the whole belong.
    pub(crate) word: Ident,
    /// The fields, as they are named.
    pub(crate) fields: Vec<Ident>,
}

impl KeyAttr {
    /// Reads the names; `None` if there are none or one of them is no name.
    fn read(item: &Item, errors: &mut Errors) -> Option<Self> {
        let word = &item.name;
        let remedy = format!("name the fields of the {word}: write `{word}(a, b)`");
        let list = match &item.value {
            Value::List(list) if !list.stream().is_empty() => list,
            Value::List(list) => {
                errors.at(list, remedy);
                return None;
            }
            Value::Nothing => {
                errors.at(&item.name, format!("{remedy}, or move `{word}` to the field of a single column"));
                return None;
            }
            Value::Is(tokens) => {
                errors.at(tokens, remedy);
                return None;
            }
        };
        let fields = fields(list.stream()).into_iter().map(|name| errors.keep(name)).collect::<Vec<_>>();
        let fields = fields.into_iter().collect::<Option<_>>()?;
        Some(Self { word: item.name.clone(), fields })
    }
}

/// What is said of a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    /// The word `exact`, where errors about it belong.
    pub(crate) exact: Option<Ident>,
    /// The word `key`, likewise.
    pub(crate) key: Option<Ident>,
    /// The word `index`, likewise.
    pub(crate) index: Option<Ident>,
    /// The word `version`, likewise.
    pub(crate) version: Option<Ident>,
}

impl FieldAttrs {
    /// Reads the attributes of a field; what is wrong goes to `errors`, what is right is kept.
    pub(crate) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut read = Self::default();
        for item in once_each(attrs, &[], errors) {
            errors.keep(read.take(&item));
        }
        read
    }

    fn take(&mut self, item: &Item) -> syn::Result<()> {
        let name = item.name.to_string();
        match name.as_str() {
            "exact" => {
                item.flag()?;
                self.exact = Some(item.name.clone());
                Ok(())
            }
            "key" => {
                key_on_field(item)?;
                self.key = Some(item.name.clone());
                Ok(())
            }
            "index" => {
                key_on_field(item)?;
                self.index = Some(item.name.clone());
                Ok(())
            }
            "version" => {
                item.flag()?;
                self.version = Some(item.name.clone());
                Ok(())
            }
            name if usage(name).is_some() => {
                let message = format!("`{name}` is for the whole entity: move it to the struct");
                Err(syn::Error::new_spanned(&item.name, message))
            }
            _ => Err(unknown(&item.name)),
        }
    }
}

/// `key` or `index` on a field stands alone.
fn key_on_field(item: &Item) -> syn::Result<()> {
    let word = &item.name;
    let message = format!("on a field `{word}` takes no value: write `{word}` alone, or `{word}(a, b)` on the struct");
    match &item.value {
        Value::Nothing => Ok(()),
        Value::Is(tokens) => Err(syn::Error::new_spanned(tokens, message)),
        Value::List(group) => Err(syn::Error::new_spanned(group, message)),
    }
}

/// All items of all `#[write_through(…)]`, without those that were there before and are not `repeatable`.
fn once_each(attrs: &[Attribute], repeatable: &[&str], errors: &mut Errors) -> Vec<Item> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("write_through")) {
        let list = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            other => {
                errors.at(other, "expected a list: write `#[write_through(ttl = \"1h\")]`");
                continue;
            }
        };
        for item in items(list) {
            let Some(item) = errors.keep(item) else { continue };
            let name = &item.name;
            if seen.insert(name.to_string()) || repeatable.contains(&name.to_string().as_str()) {
                kept.push(item);
            } else {
                errors.at(name, format!("`{name}` is given twice: remove one"));
            }
        }
    }
    kept
}

fn text(item: &Item) -> syn::Result<LitStr> {
    item.text(usage(&item.name.to_string()).unwrap_or_default())
}

fn usage(name: &str) -> Option<&'static str> {
    ON_STRUCT.iter().find(|(known, _)| *known == name).map(|(_, usage)| *usage)
}

fn unknown(name: &Ident) -> syn::Error {
    let on_struct = ON_STRUCT.map(|(name, _)| name);
    let all = [on_struct.as_slice(), ON_FIELD.as_slice()].concat();
    let message = format!(
        "unknown attribute `{name}`{}: there are {} on the struct, {} on a field",
        spelling::hint(&name.to_string(), &all),
        spelling::listed(&on_struct, "and"),
        spelling::listed(&ON_FIELD, "and"),
    );
    syn::Error::new_spanned(name, message)
}
