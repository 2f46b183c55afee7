//! What may stand behind the `=` of an attribute.

use std::time::Duration;

use syn::{ExprPath, LitStr, Path};

use crate::spelling;

/// Shortest and longest life of an entry, as the policy of the runtime has them.
const TTL: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 60 * 60);

/// Longest `rename`, in bytes: it is a part of every key.
const RENAME: usize = 64;

/// How long "no such row" is remembered.
pub(crate) enum NegativeTtl {
    Off,
    For(Duration),
}

/// A variant of an enum of the runtime.
pub(crate) type Variant = &'static str;

pub(crate) fn ttl(text: &LitStr) -> syn::Result<Duration> {
    duration(text, "write it like `90s`, `15m`, `1h` or `7days`")
}

pub(crate) fn negative_ttl(text: &LitStr) -> syn::Result<NegativeTtl> {
    if text.value().trim() == "off" {
        return Ok(NegativeTtl::Off);
    }
    duration(text, "write it like `30s` or `5m`, or `off`").map(NegativeTtl::For)
}

pub(crate) fn on_write(text: &LitStr) -> syn::Result<Variant> {
    choice(
        text,
        &[
            ("refresh", "Refresh"),
            ("refresh_later", "RefreshLater"),
            ("refresh_if_cached", "RefreshIfCached"),
            ("invalidate", "Invalidate"),
        ],
    )
}

pub(crate) fn on_cache_failure(text: &LitStr) -> syn::Result<Variant> {
    choice(text, &[("degrade", "Degrade"), ("fail", "Fail")])
}

pub(crate) fn cache_if(text: &LitStr) -> syn::Result<ExprPath> {
    let path: ExprPath = text.parse().map_err(|_| {
        let message = format!("`{}` is not a path: name a `fn(&Model) -> bool`", text.value());
        syn::Error::new_spanned(text, message)
    })?;
    let first = path.path.segments.first().map(|segment| segment.ident.to_string());
    if path.qself.is_none() && first.as_deref() == Some("Self") {
        return Err(syn::Error::new_spanned(text, "`Self` means nothing here: write `Model`"));
    }
    Ok(path)
}

pub(crate) fn rename(text: &LitStr) -> syn::Result<String> {
    let name = text.value();
    if name.len() > RENAME {
        let message = format!("this name has {} bytes: use at most {RENAME}, it is a part of every key", name.len());
        return Err(syn::Error::new_spanned(text, message));
    }
    Ok(name)
}

pub(crate) fn krate(text: &LitStr) -> syn::Result<Path> {
    text.parse_with(Path::parse_mod_style).map_err(|_| {
        let message = format!(
            "`{}` is not a path: name the module that re-exports `writethrough`, as in `app::cache`",
            text.value()
        );
        syn::Error::new_spanned(text, message)
    })
}

fn duration(text: &LitStr, remedy: &str) -> syn::Result<Duration> {
    let duration = humantime::parse_duration(text.value().trim()).map_err(|_| {
        let message = format!("`{}` is not a length of time: {remedy}", text.value());
        syn::Error::new_spanned(text, message)
    })?;
    if !TTL.contains(&duration) {
        let message = format!("`{}` is out of range: it must be from 1 second to 30 days", text.value());
        return Err(syn::Error::new_spanned(text, message));
    }
    Ok(duration)
}

fn choice(text: &LitStr, choices: &[(&'static str, Variant)]) -> syn::Result<Variant> {
    let value = text.value();
    if let Some((_, variant)) = choices.iter().find(|(name, _)| *name == value) {
        return Ok(variant);
    }
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    let message = format!("unknown value `{value}`{}: {}", spelling::hint(&value, &names), spelling::one_of(&names));
    Err(syn::Error::new_spanned(text, message))
}
