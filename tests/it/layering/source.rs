//! A source file as the layering rules see it: the paths into its own crate, outside of its tests.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

pub(super) struct Source {
    place: String,
    tokens: Vec<TokenTree>,
    paths: Vec<Vec<String>>,
}

impl Source {
    /// `place` is the path below `src/`. Comments vanish with lexing, documentation with its strings, and what is
    /// behind `#[cfg(test)]` is left out, because tests may reach everywhere.
    pub(super) fn parse(place: &str, text: &str) -> Self {
        let text: TokenStream = text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
        let tokens = if is_test(place) { Vec::new() } else { without_tests(text) };
        let mut paths = Vec::new();
        find_paths(&tokens, depth(place), &mut paths);
        Self { place: place.to_owned(), tokens, paths }
    }

    /// The file below `src/`.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The module at the top of the crate this file belongs to; empty for the root of the crate.
    pub(super) fn module(&self) -> &str {
        match self.place.split('/').next().unwrap_or_default().trim_end_matches(".rs") {
            "lib" => "",
            module => module,
        }
    }

    /// What is named by `crate::…`, or by as many `super::` as lead there, without that beginning.
    pub(super) fn paths(&self) -> &[Vec<String>] {
        &self.paths
    }

    /// Whether the name occurs anywhere in code.
    pub(super) fn mentions(&self, name: &str) -> bool {
        fn within(tokens: impl IntoIterator<Item = TokenTree>, name: &str) -> bool {
            tokens.into_iter().any(|token| match token {
                TokenTree::Ident(ident) => ident == name,
                TokenTree::Group(group) => within(group.stream(), name),
                _ => false,
            })
        }
        within(self.tokens.iter().cloned(), name)
    }
}

fn is_test(place: &str) -> bool {
    place.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// How many `super` lead from the file to the root of the crate.
fn depth(place: &str) -> usize {
    let directories = place.matches('/').count();
    let is_directory = place.ends_with("/mod.rs") || place == "lib.rs";
    directories + usize::from(!is_directory)
}

/// Drops each item behind `#[cfg(test)]`: everything up to its body or semicolon.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = is_punct(&token, '#') && tokens.peek().is_some_and(|next| next.to_string() == "[cfg (test)]");
        if !attribute {
            kept.push(token);
            continue;
        }
        tokens.next();
        for token in tokens.by_ref() {
            let body = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            if body || is_punct(&token, ';') {
                break;
            }
        }
    }
    kept
}

/// Collects the paths that start at the root of the crate.
fn find_paths(tokens: &[TokenTree], depth: usize, found: &mut Vec<Vec<String>>) {
    let mut at = 0;
    while at < tokens.len() {
        if let TokenTree::Group(group) = &tokens[at] {
            find_paths(&group.stream().into_iter().collect::<Vec<_>>(), depth, found);
        } else if let Some(rest) = after_root(tokens, at, depth) {
            follow(&tokens[rest..], &[], found);
            at = rest;
            continue;
        }
        at += 1;
    }
}

/// Where a path from the root goes on, if one starts here.
fn after_root(tokens: &[TokenTree], at: usize, depth: usize) -> Option<usize> {
    if is_ident(&tokens[at], "crate") && is_separator(tokens, at + 1) {
        return Some(at + 3);
    }
    let mut next = at;
    for _ in 0..depth.max(1) {
        if !is_ident(tokens.get(next)?, "super") || !is_separator(tokens, next + 1) {
            return None;
        }
        next += 3;
    }
    Some(next)
}

/// Follows a path through its groups: `{a::B, c}` are two.
fn follow(tokens: &[TokenTree], before: &[String], found: &mut Vec<Vec<String>>) {
    match tokens.first() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let inner: Vec<_> = group.stream().into_iter().collect();
            for branch in inner.split(|token| is_punct(token, ',')).filter(|branch| !branch.is_empty()) {
                follow(branch, before, found);
            }
        }
        Some(TokenTree::Ident(name)) => {
            let mut path = before.to_vec();
            if name != "self" {
                path.push(name.to_string());
            }
            if is_separator(tokens, 1) {
                follow(&tokens[3..], &path, found);
            } else {
                found.push(path);
            }
        }
        // `crate::cache::*`, or the `<` of generic arguments.
        _ => found.push(before.to_vec()),
    }
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let first =
        matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':' && p.spacing() == Spacing::Joint);
    first && tokens.get(at + 1).is_some_and(|token| is_punct(token, ':')) && tokens.len() > at + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(place: &str, text: &str) -> Vec<String> {
        Source::parse(place, text).paths().iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn uses_and_inline_paths_are_found_through_groups_and_bodies() {
        let text = "use crate::{cache::{self, CacheKey, redis::*}, entry};
            fn f(x: crate::policy::OnWrite) { if true { crate::ops::load::<i32>(x); } }
            macro_rules! m { () => { $crate::near::x() } }";
        let expected = ["cache", "cache::CacheKey", "cache::redis", "entry", "policy::OnWrite", "ops::load", "near::x"];
        assert_eq!(paths("store/mod.rs", text), expected);
    }

    #[test]
    fn comments_documentation_strings_and_tests_name_nothing() {
        let text = r#"//! See [`crate::a`].
            /// And [b](crate::b).
            fn f() { "crate::c"; /* crate::d */ } // crate::e
            #[cfg(test)]
            pub(crate) mod tests { use crate::f; }
            #[cfg(test)]
            use crate::g;
            #[cfg(feature = "x")]
            use crate::h;"#;
        assert_eq!(paths("store/mod.rs", text), ["h"]);
        assert_eq!(paths("store/tests.rs", "use crate::a;"), [""; 0]);
    }

    #[test]
    fn supers_lead_to_the_root_only_when_there_are_enough_of_them() {
        assert_eq!(paths("cache/mod.rs", "use super::ops::load;"), ["ops::load"]);
        assert_eq!(paths("cache/key.rs", "use super::CacheError;"), [""; 0]);
        assert_eq!(paths("cache/key.rs", "use super::super::ops::load;"), ["ops::load"]);
        assert_eq!(paths("cache/redis/keys.rs", "use super::super::super::{ops, near::X};"), ["ops", "near::X"]);
        assert_eq!(paths("policy.rs", "use super::ops;"), ["ops"]);
    }

    #[test]
    fn a_name_is_mentioned_in_code_only() {
        let source = Source::parse("cache/mod.rs", "//! fred\nfn f() { g(fred::types::Key); }");
        assert!(source.mentions("fred"));
        assert!(!Source::parse("cache/mod.rs", "//! fred\nfn f() { \"fred\"; frederic(); }").mentions("fred"));
    }
}
