//! The entity as understood: the few facts that only its text tells.
//!
//! Everything else is asked of SeaORM's traits by the runtime. Where `#[sea_orm(…)]` itself is wrong, nothing is said
//! here: SeaORM's own derive does.

use heck::ToUpperCamelCase;
use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Attribute, DeriveInput, Field, LitStr, Meta, Type, Visibility};

use crate::attr::{EntityAttrs, FieldAttrs};
use crate::check;
use crate::errors::Errors;
use crate::item::{Item, Value, items};
use crate::keys::{self, Key, Kind};

/// An annotated `Model`.
pub(crate) struct Entity {
    /// The name of the model's struct.
    pub(crate) model: Ident,
    /// Who sees the model, and so the generated methods.
    pub(crate) vis: Visibility,
    /// The name of the entity's struct: `Entity`, unless `#[sea_orm(entity = …)]` says otherwise.
    pub(crate) entity: Ident,
    /// What is said of the entity.
    pub(crate) attrs: EntityAttrs,
    /// Its fields.
    pub(crate) columns: Vec<Column>,
    /// Its unique secondary keys, in the order in which the runtime counts them.
    pub(crate) keys: Vec<Key>,
    /// Its non-unique indexes, likewise.
    pub(crate) indexes: Vec<Key>,
}

/// A field of the model.
pub(crate) struct Column {
    /// The name of the field.
    pub(crate) ident: Ident,
    /// The type of the field.
    pub(crate) ty: Type,
    /// Its name in the enums `Column` and `PrimaryKey`; a field that no table has is in neither.
    pub(crate) variant: Option<Ident>,
    /// Whether it is marked as (a part of) the primary key.
    pub(crate) primary_key: bool,
    /// What is said of it.
    pub(crate) attrs: FieldAttrs,
}

impl Entity {
    /// Understands a model; `None` if there is nothing to implement anything for.
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Self> {
        let attrs = EntityAttrs::read(&input.attrs, errors);
        check::is_not_generic(input, errors);
        let fields = check::named_fields(input, errors)?;
        check::is_called_model(input, errors);
        let sea_orm = sea_orm(&input.attrs);
        let columns: Vec<_> = fields.named.iter().filter_map(|field| Column::read(field, errors)).collect();
        let keys = keys::resolve(Kind::Key, &attrs.keys, &columns, &[], errors);
        Some(Self {
            indexes: keys::resolve(Kind::Index, &attrs.indexes, &columns, &keys, errors),
            keys,
            model: input.ident.clone(),
            vis: input.vis.clone(),
            entity: sea_orm.iter().find_map(|item| renamed(item, "entity")).unwrap_or_else(|| format_ident!("Entity")),
            attrs,
            columns,
        })
    }

    /// Whether the primary key can be seen: an expanded entity names it in an enum of its own.
    pub(crate) fn shows_primary_key(&self) -> bool {
        self.columns.iter().any(|column| column.primary_key)
    }

    /// Whether the column is named in a secondary key or an index, be this right or wrong.
    pub(crate) fn is_in_secondary_key(&self, column: &Column) -> bool {
        let name = column.name();
        let named = self.attrs.keys.iter().chain(&self.attrs.indexes).flat_map(|key| &key.fields);
        column.attrs.key.is_some()
            || column.attrs.index.is_some()
            || named.into_iter().any(|field| field.unraw() == name)
    }

    /// The columns declared `exact`, with their names in the enums, on the very word.
    pub(crate) fn exact(&self) -> impl Iterator<Item = (&Column, Ident)> {
        self.columns.iter().filter_map(|column| {
            let mut variant = column.variant.clone()?;
            variant.set_span(column.attrs.exact.as_ref()?.span());
            Some((column, variant))
        })
    }
}

impl Column {
    fn read(field: &Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let sea_orm = sea_orm(&field.attrs);
        let in_table = !is_relation(&field.ty) && !sea_orm.iter().any(|item| item.is("ignore"));
        Some(Self {
            ident: ident.clone(),
            ty: field.ty.clone(),
            variant: Some(ident).filter(|_| in_table).and_then(|ident| variant(ident, &sea_orm)),
            primary_key: sea_orm.iter().any(|item| item.is("primary_key")),
            attrs: FieldAttrs::read(&field.attrs, errors),
        })
    }

    /// The name of the field without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

/// The variant that SeaORM gives a field: `enum_name`, or the field's name in camel case.
fn variant(field: &Ident, sea_orm: &[Item]) -> Option<Ident> {
    let given = sea_orm.iter().filter(|item| item.is("enum_name")).find_map(|item| match &item.value {
        Value::Is(name) => syn::parse2::<LitStr>(name.clone()).ok(),
        _ => None,
    });
    let name = given.map_or_else(|| field.unraw().to_string().to_upper_camel_case(), |given| given.value());
    let name = if name == "Self" { "Self_" } else { name.as_str() };
    syn::parse_str(name).ok()
}

/// `name = Ident`.
fn renamed(item: &Item, name: &str) -> Option<Ident> {
    match &item.value {
        Value::Is(ident) if item.is(name) => syn::parse2(ident.clone()).ok(),
        _ => None,
    }
}

/// Fields of relations stand in the struct while `#[sea_orm::model]` has not run yet.
fn is_relation(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path
        .segments
        .last()
        .is_some_and(|last| ["HasOne", "HasMany", "BelongsTo"].iter().any(|name| last.ident == name))
}

/// The items of all `#[sea_orm(…)]` that can be read.
fn sea_orm(attrs: &[Attribute]) -> Vec<Item> {
    let lists = attrs.iter().filter(|attr| attr.path().is_ident("sea_orm")).filter_map(|attr| match &attr.meta {
        Meta::List(list) => Some(list.tokens.clone()),
        _ => None,
    });
    lists.flat_map(items).filter_map(Result::ok).collect()
}
