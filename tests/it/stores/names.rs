//! The readme's table of metrics and spans is that of the code.

use std::collections::BTreeSet;

const METRIC: &str = "writethrough_";
const SPAN: &str = "writethrough.";

/// What the code calls its metrics and spans, without what all of them begin with.
fn in_the_code() -> BTreeSet<String> {
    let source = include_str!("../../../writethrough-core/src/telemetry/names.rs");
    let literals = source.lines().filter_map(|line| line.split('"').nth(1));
    literals.map(|name| name.trim_start_matches(METRIC).trim_start_matches(SPAN).to_owned()).collect()
}

/// What stands in the first column of the readme's table; names that share a beginning are abbreviated there.
fn in_the_readme() -> BTreeSet<String> {
    let (_, section) = include_str!("../../../README.md").split_once("## Observe").expect("a section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    let names = rows.flat_map(|row| row.split('`')).filter(|name| name.starts_with(['w', '…', '.']));
    let start = |name: &str| name.trim_start_matches(METRIC).trim_start_matches(SPAN).to_owned();
    names.map(|name| start(name.trim_start_matches(['…', '.']))).collect()
}

#[test]
fn the_readme_lists_every_metric_and_span_and_no_other() {
    let (code, readme) = (in_the_code(), in_the_readme());
    assert!(code.len() > 20, "where are the names? {code:?}");
    assert_eq!(code, readme);
}
