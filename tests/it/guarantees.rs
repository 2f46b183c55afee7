//! `docs/guarantees.md` names a test for every cell; they must be there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_guarantee_names_tests_that_exist() {
    let page = fs::read_to_string(repository().join("docs/guarantees.md")).expect("the page is there");
    let tests = names_of_tests(&repository().join("tests/it"));
    let mut rows = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, mode, sees, _, shown] = cells[..] else { panic!("five cells, not {cells:?}") };
        if mode == "mode" {
            continue;
        }
        rows += 1;
        assert!(!mode.is_empty() && !sees.is_empty(), "an empty cell in {row}");
        let named: Vec<_> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test in {row}");
        for name in named {
            assert!(tests.contains(name), "there is no test {name}");
        }
    }
    assert!(rows > 30, "{rows} rows: is the page still read?");
}

/// Functions with a test attribute, and those in `on_every_…! { … }`.
fn names_of_tests(directory: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            names.append(&mut names_of_tests(&entry));
        } else if entry.extension().is_some_and(|kind| kind == "rs") {
            let source = fs::read_to_string(&entry).expect("a source file");
            let (mut is_test, mut in_macro) = (false, false);
            for line in source.lines() {
                in_macro = line.starts_with("on_every_") || (in_macro && line != "}");
                let code = line.trim_start();
                if code.starts_with("#[tokio::test") || code == "#[test]" {
                    is_test = true;
                } else if let Some((_, rest)) = code.split_once("fn ")
                    && !code.starts_with("//")
                {
                    let declared_in_macro = in_macro && line.starts_with("    async fn ");
                    if is_test || declared_in_macro {
                        names.extend(rest.split(['(', '<']).next().map(str::to_owned));
                    }
                    is_test = false;
                }
            }
        }
    }
    names
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
