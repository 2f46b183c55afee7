//! The tree keeps to its plan: who may name whom, and how large a file may grow.

mod prose;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::Source;

/// What a module of `writethrough-core` may name of its siblings, and why. `a::B` allows that item alone. Everybody may
/// name `error` and `telemetry` besides, except where [`ALONE`] says otherwise.
const MAY_NAME: &[(&str, &[&str], &str)] = &[
    (
        "private",
        &["store", "ops", "near", "resilience", "cache", "entry", "entity", "policy", "protocol"],
        "the module `__private`: what generated code needs, from everywhere",
    ),
    (
        "store",
        &["ops", "outbox", "near", "resilience", "cache", "entry", "entity", "policy", "protocol"],
        "it puts everything together",
    ),
    (
        "ops",
        &["outbox", "near", "resilience", "cache", "entry", "entity", "policy", "protocol"],
        "the verbs use all that is below, and never know the store",
    ),
    (
        "outbox",
        &["resilience", "cache", "entity", "policy", "protocol"],
        "repairs that outlive the process, from a table in the database",
    ),
    ("near", &["cache", "entry", "entity", "policy", "protocol"], "a cache in front of a cache"),
    ("resilience", &["cache", "entry", "entity", "policy", "protocol"], "a cache that survives its failures"),
    ("cache", &["entry", "protocol"], "executes steps on entries; what a row is, is not its business"),
    ("entry", &["entity", "policy", "protocol"], "the bytes of a row, which the entity describes"),
    ("entity", &["policy", "cache::CacheKey"], "its policy, and the key that it makes of a row"),
    ("error", &["cache::CacheError"], "what went wrong in a cache is part of what went wrong"),
    ("policy", &[], "what a user decides, plainly"),
    ("telemetry", &[], "names, for everybody"),
    ("protocol", &[], "pure: it could be lifted out as it is"),
];

/// Modules that name nothing of the crate beyond their row of [`MAY_NAME`], not even errors and telemetry.
const ALONE: &[&str] = &["error", "policy", "protocol", "telemetry"];

/// The only place that knows the Redis client.
const KNOWS_FRED: &str = "cache/redis";

/// A longer file usually holds a second idea.
const MOST_LINES: usize = 400;

#[test]
fn modules_name_only_what_is_below_them() {
    let breaches: Vec<String> = core().iter().filter(|source| source.module() != "").flat_map(breaches).collect();
    assert!(breaches.is_empty(), "against the direction of dependencies:\n{}", breaches.join("\n"));
}

#[test]
fn only_the_redis_cache_knows_the_redis_client() {
    let knowing: Vec<_> = core()
        .into_iter()
        .filter(|source| source.mentions("fred") && !source.place().starts_with(KNOWS_FRED))
        .map(|source| source.place().to_owned())
        .collect();
    assert!(knowing.is_empty(), "only {KNOWS_FRED} may name fred, not {knowing:?}");
    let facade = sources("src");
    assert!(facade.iter().all(|source| !source.mentions("fred")), "the facade names fred");
}

#[test]
fn what_is_private_to_the_derive_is_named_by_nobody_else() {
    for source in core() {
        let named = source.paths().iter().find(|path| path.first().is_some_and(|name| name == "__private"));
        assert!(named.is_none(), "{} names crate::__private, which is for generated code only", source.place());
    }
}

#[test]
fn the_derive_names_nothing_of_the_core_but_what_is_private_to_it() {
    for source in sources("writethrough-macros/src") {
        assert!(!source.mentions("writethrough_core"), "{} must go through the facade", source.place());
    }
}

#[test]
fn the_table_of_who_may_name_whom_has_no_circle_but_those_of_single_items() {
    let mut below = BTreeSet::new();
    for (module, may_name, _) in MAY_NAME.iter().rev() {
        for name in may_name.iter().filter(|name| !name.contains("::")) {
            assert!(below.contains(name), "{module} may name {name}, which stands above it in the table");
        }
        below.insert(module);
    }
}

#[test]
fn no_source_file_is_longer_than_one_can_read_in_one_sitting() {
    let mut long = Vec::new();
    for root in ["src", "writethrough-core/src", "writethrough-macros/src", "bench/src", "examples"] {
        // What the derive writes is recorded, not written; and tables of data are for programs to read.
        let recorded =
            |file: &PathBuf| [".expanded.rs", ".csv"].iter().any(|end| file.to_string_lossy().ends_with(end));
        for file in files_below(&repository().join(root)).into_iter().filter(|file| !recorded(file)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            if lines > MOST_LINES {
                long.push(format!("{} has {lines} lines", file.display()));
            }
        }
    }
    assert!(long.is_empty(), "more than {MOST_LINES} lines; look for the second idea in\n{}", long.join("\n"));
}

/// What this file names against the table.
fn breaches(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some((_, may_name, why)) = MAY_NAME.iter().find(|(name, ..)| *name == module) else {
        return vec![format!("{}: module `{module}` is not in the table of who may name whom", source.place())];
    };
    let common: &[&str] = if ALONE.contains(&module) { &[] } else { &["error", "telemetry"] };
    let allowed = |path: &[String]| {
        path.first().is_none_or(|name| name == module)
            || may_name
                .iter()
                .chain(common)
                .any(|allowed| allowed.split("::").eq(path.iter().take(allowed.split("::").count())))
    };
    let breaking = source.paths().iter().filter(|path| !allowed(path)).map(|path| path.join("::"));
    breaking
        .map(|path| format!("{} names crate::{path}; `{module}` may name {may_name:?}: {why}", source.place()))
        .collect()
}

fn core() -> Vec<Source> {
    let sources = sources("writethrough-core/src");
    assert!(sources.len() > 10, "where are the sources of writethrough-core?");
    sources
}

fn sources(root: &str) -> Vec<Source> {
    texts(root).into_iter().map(|(place, text)| Source::parse(&place, &text)).collect()
}

/// The source files below a directory of the repository, by their places below it.
pub fn texts(root: &str) -> Vec<(String, String)> {
    let root = repository().join(root);
    let files = files_below(&root).into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs"));
    let text = |file: PathBuf| {
        let place = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        (place, fs::read_to_string(&file).unwrap())
    };
    files.map(text).collect()
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_breach_is_told_with_its_place_and_its_reason() {
    let source =
        Source::parse("cache/memory/mod.rs", "use crate::ops::load; use crate::{entry::Payload, error::Error};");
    assert_eq!(
        breaches(&source),
        [
            r#"cache/memory/mod.rs names crate::ops::load; `cache` may name ["entry", "protocol"]: executes steps on entries; what a row is, is not its business"#
        ]
    );
}

#[test]
fn an_item_that_is_allowed_alone_does_not_open_its_module() {
    let source = Source::parse("entity/key.rs", "use crate::cache::{CacheKey, SharedCache};");
    assert_eq!(breaches(&source).len(), 1);
    let whole = Source::parse("entity/key.rs", "use crate::cache;");
    assert_eq!(breaches(&whole).len(), 1);
}

#[test]
fn a_new_module_has_to_be_entered_in_the_table() {
    assert_eq!(breaches(&Source::parse("helpers/mod.rs", "use crate::entry::Payload;")).len(), 1);
}

#[test]
fn a_module_that_stands_alone_names_not_even_errors() {
    assert_eq!(breaches(&Source::parse("protocol/step.rs", "fn f() -> crate::error::Error { todo() }")).len(), 1);
}
