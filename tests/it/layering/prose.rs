//! What `ARCHITECTURE.md` says of the modules is what the table says, which is what the sources keep to.

use std::collections::BTreeSet;

use super::{MAY_NAME, sources};

const ARCHITECTURE: &str = include_str!("../../../ARCHITECTURE.md");

/// From a module to one that it may name.
type Arrow = (String, String);

/// The arrows of "Dependencies point one way", to each module of `{`a`, `b`}`; without the facade's and anyone's.
fn arrows_of_the_prose() -> BTreeSet<Arrow> {
    let (_, rest) = ARCHITECTURE.split_once("Dependencies point one way:").expect("the sentence");
    let (sentence, _) = rest.split_once('.').expect("its end");
    let mut arrows = BTreeSet::new();
    for chain in sentence.split(';') {
        let stations: Vec<Vec<&str>> =
            chain.split('→').map(|station| station.split('`').skip(1).step_by(2).collect()).collect();
        for (from, to) in stations.iter().zip(stations.iter().skip(1)) {
            arrows.extend(from.iter().flat_map(|from| to.iter().map(|to| ((*from).to_owned(), (*to).to_owned()))));
        }
    }
    arrows
}

/// The arrows of the table between modules that exist, without `__private`, which is for generated code.
fn arrows_of_the_table() -> BTreeSet<Arrow> {
    let existing = modules();
    let rows = MAY_NAME.iter().flat_map(|(from, may_name, _)| may_name.iter().map(move |to| (*from, *to)));
    let between = rows.filter(|(from, to)| existing.contains(*from) && existing.contains(*to));
    between.map(|(from, to)| (from.to_owned(), to.to_owned())).collect()
}

fn modules() -> BTreeSet<String> {
    let modules = sources("writethrough-core/src").into_iter().map(|source| source.module().to_owned());
    modules.filter(|module| !module.is_empty() && module != "private").collect()
}

/// With the arrows that lead there over others.
fn closed(mut arrows: BTreeSet<Arrow>) -> BTreeSet<Arrow> {
    loop {
        let further: Vec<Arrow> = arrows
            .iter()
            .flat_map(|(from, over)| {
                arrows.iter().filter(move |(middle, _)| middle == over).map(move |(_, to)| (from.clone(), to.clone()))
            })
            .filter(|arrow| !arrows.contains(arrow))
            .collect();
        if further.is_empty() {
            return arrows;
        }
        arrows.extend(further);
    }
}

#[test]
fn the_sentence_of_who_depends_on_whom_is_the_table() {
    let (prose, table) = (arrows_of_the_prose(), arrows_of_the_table());
    assert!(prose.len() > 5, "{prose:?}");
    let forbidden: Vec<_> = prose.difference(&table).collect();
    assert!(forbidden.is_empty(), "the sentence has arrows that the table forbids: {forbidden:?}");
    let way = closed(prose);
    let unsaid: Vec<_> = table.difference(&way).collect();
    assert!(unsaid.is_empty(), "the table allows what the sentence does not tell: {unsaid:?}");
}

#[test]
fn the_map_has_a_row_for_each_module_and_for_no_other() {
    let (_, section) = ARCHITECTURE.split_once("## The map of `writethrough-core`").expect("a section");
    let (section, _) = section.split_once("Dependencies point one way").expect("its end");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mapped: BTreeSet<_> = rows.map(|name| name.trim_end_matches('/').to_owned()).collect();
    assert_eq!(mapped, modules());
}
