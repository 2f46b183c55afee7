//! The syntax inside an attribute's parentheses: `name`, `name = value` or `name(…)`, between commas.
//!
//! The list is cut at its commas before anything is parsed, so that one item that makes no sense hides no other.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::LitStr;
use syn::parse::{ParseStream, Parser};

/// One item of an attribute.
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What follows an item's name.
pub(crate) enum Value {
    Nothing,
    Is(TokenStream),
    List(Group),
}

impl Item {
    /// Whether this is the item of that name; `r#` does not count.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The string literal after the `=`; `usage` is what the item should look like.
    pub(crate) fn text(&self, usage: &str) -> syn::Result<LitStr> {
        let name = &self.name;
        let text = match &self.value {
            Value::Nothing => {
                return Err(syn::Error::new_spanned(name, format!("`{name}` needs a value: write `{usage}`")));
            }
            Value::List(group) => {
                return Err(syn::Error::new_spanned(group, format!("`{name}` takes one value: write `{usage}`")));
            }
            Value::Is(tokens) => {
                let literal_and_rest =
                    |input: ParseStream| Ok((input.parse::<LitStr>()?, input.parse::<TokenStream>()?));
                let (text, rest) = literal_and_rest.parse2(tokens.clone()).map_err(|_| {
                    syn::Error::new_spanned(tokens, format!("`{name}` takes a string literal: write `{usage}`"))
                })?;
                if let Some(next) = rest.into_iter().next() {
                    return Err(syn::Error::new_spanned(next, "expected a comma before this"));
                }
                text
            }
        };
        if text.value().trim().is_empty() {
            return Err(syn::Error::new_spanned(text, format!("`{name}` is empty: write `{usage}`")));
        }
        Ok(text)
    }

    /// Nothing must follow the name.
    pub(crate) fn flag(&self) -> syn::Result<()> {
        let name = &self.name;
        let message = format!("`{name}` takes no value: write `{name}` alone");
        match &self.value {
            Value::Nothing => Ok(()),
            Value::Is(tokens) => Err(syn::Error::new_spanned(tokens, message)),
            Value::List(group) => Err(syn::Error::new_spanned(group, message)),
        }
    }

    fn parse(tokens: Vec<TokenTree>) -> syn::Result<Self> {
        let mut tokens = tokens.into_iter();
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => name,
            other => return Err(syn::Error::new_spanned(other, "expected the name of an attribute")),
        };
        let value = match tokens.next() {
            None => Value::Nothing,
            Some(TokenTree::Punct(sign)) if sign.as_char() == '=' => {
                let value: TokenStream = tokens.by_ref().collect();
                if value.is_empty() {
                    return Err(syn::Error::new_spanned(sign, format!("expected a value after `{name} =`")));
                }
                Value::Is(value)
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => Value::List(group),
            Some(other) => {
                return Err(syn::Error::new_spanned(other, format!("expected `,`, `=` or `(` after `{name}`")));
            }
        };
        match tokens.next() {
            None => Ok(Self { name, value }),
            Some(more) => Err(syn::Error::new_spanned(more, "expected a comma before this")),
        }
    }
}

/// The items of a list; a comma after the last one is allowed.
pub(crate) fn items(list: TokenStream) -> Vec<syn::Result<Item>> {
    between_commas(list, "an attribute").into_iter().map(|tokens| Item::parse(tokens?)).collect()
}

/// The names of a list of fields; a comma after the last one is allowed.
pub(crate) fn fields(list: TokenStream) -> Vec<syn::Result<Ident>> {
    let name = |tokens: Vec<TokenTree>| match tokens.as_slice() {
        [TokenTree::Ident(name)] => Ok(name.clone()),
        [TokenTree::Ident(_), more, ..] => Err(syn::Error::new_spanned(more, "expected a comma before this")),
        other => Err(syn::Error::new_spanned(other.first(), "expected the name of a field, as it is in the struct")),
    };
    between_commas(list, "a field").into_iter().map(|tokens| name(tokens?)).collect()
}

/// What stands between the commas, which is never nothing: else the comma is an error.
fn between_commas(list: TokenStream, what: &str) -> Vec<syn::Result<Vec<TokenTree>>> {
    let mut items = Vec::new();
    let mut item = Vec::new();
    for token in list {
        match token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                items.push(if item.is_empty() {
                    Err(syn::Error::new_spanned(comma, format!("expected the name of {what} before this comma")))
                } else {
                    Ok(std::mem::take(&mut item))
                });
            }
            token => item.push(token),
        }
    }
    if !item.is_empty() {
        items.push(Ok(item));
    }
    items
}
