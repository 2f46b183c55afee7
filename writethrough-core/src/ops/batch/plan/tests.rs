use sea_orm::ActiveValue::{NotSet, Set, Unchanged};

use super::*;
use crate::entity::samples::flight::{ActiveModel, Entity};

/// Seven rows of one column, two updates.
const LIMITS: Limits = Limits { binds: 7, bytes: 1_000 };

fn row(id: Option<i32>, flight_no: Option<&str>) -> ActiveModel {
    ActiveModel {
        id: id.map_or(NotSet, Set),
        flight_no: flight_no.map_or(NotSet, |text| Set(text.to_owned())),
        r#type: NotSet,
    }
}

fn insert(id: Option<i32>, flight_no: Option<&str>) -> Change<Entity> {
    Change::new(row(id, flight_no), true).expect("an insert is always one")
}

fn update(id: i32) -> Change<Entity> {
    Change::new(ActiveModel { id: Unchanged(id), ..row(None, Some("x")) }, false).expect("it has a key")
}

fn typed(id: i32) -> Change<Entity> {
    let row = ActiveModel { id: Unchanged(id), r#type: Set(None), ..Default::default() };
    Change::new(row, false).expect("it has a key")
}

/// Positions, and whether they are one INSERT with known keys, one with generated ones, or a statement alone.
fn plan(changes: Vec<Change<Entity>>, mysql: bool) -> Vec<(Vec<usize>, &'static str)> {
    let kind = |content: Content<Entity>| match content {
        Content::Inserts(Inserts { keys: Some(_), .. }) => "known",
        Content::Inserts(Inserts { keys: None, .. }) => "generated",
        Content::Updates(_) => "updates",
        Content::One(_) => "alone",
    };
    parts(changes, LIMITS, mysql).into_iter().map(|part| (part.positions, kind(part.content))).collect()
}

#[test]
fn inserts_that_set_the_same_columns_go_together() {
    let changes = vec![
        insert(None, Some("a")),
        insert(Some(1), Some("b")),
        insert(None, Some("c")),
        insert(Some(2), Some("d")),
        insert(Some(3), None),
    ];
    assert_eq!(plan(changes, false), [(vec![0, 2], "generated"), (vec![1, 3], "known"), (vec![4], "known")]);
}

#[test]
fn no_insert_overtakes_an_update() {
    let changes = vec![insert(None, Some("a")), update(7), insert(None, Some("b")), insert(None, Some("c")), update(7)];
    let expected = [(vec![0], "generated"), (vec![1], "alone"), (vec![2, 3], "generated"), (vec![4], "alone")];
    assert_eq!(plan(changes, false), expected);
}

#[test]
fn updates_of_different_rows_go_together_and_those_of_one_row_in_their_order() {
    let changes = vec![update(1), typed(3), update(4), update(4), update(1), typed(1)];
    let expected = [(vec![0, 2], "updates"), (vec![1], "alone"), (vec![3, 4], "updates"), (vec![5], "alone")];
    assert_eq!(plan(changes, false), expected);
}

#[test]
fn an_update_that_sets_nothing_goes_alone() {
    let nothing = ActiveModel { id: Unchanged(2), ..Default::default() };
    let nothing = Change::new(nothing, false).expect("it has a key");
    assert_eq!(plan(vec![update(1), nothing, update(3)], false), [0, 1, 2].map(|place| (vec![place], "alone")));
}

#[test]
fn an_update_has_an_end_too() {
    // Two parameters for the value, one in the list of keys.
    assert_eq!(
        plan((0..5).map(update).collect(), false),
        [(vec![0, 1], "updates"), (vec![2, 3], "updates"), (vec![4], "alone")]
    );
}

#[test]
fn an_insert_has_an_end_by_parameters_and_by_bytes() {
    let changes = (0..9).map(|_| insert(None, Some("a"))).collect();
    assert_eq!(plan(changes, false), [((0..7).collect(), "generated"), (vec![7, 8], "generated")]);
    let long = "x".repeat(400);
    let changes = (0..3).map(|_| insert(None, Some(&long))).collect();
    assert_eq!(plan(changes, false), [(vec![0, 1], "generated"), (vec![2], "generated")]);
    let longer = "x".repeat(4_000);
    let changes = (0..2).map(|_| insert(None, Some(&longer))).collect();
    assert_eq!(plan(changes, false), [(vec![0], "generated"), (vec![1], "generated")]);
}

#[test]
fn zero_is_a_key_except_where_it_is_generated_for() {
    let zeros = || vec![insert(Some(0), Some("a")), insert(Some(5), Some("b")), insert(Some(0), Some("c"))];
    assert_eq!(plan(zeros(), false), [(vec![0, 1, 2], "known")]);
    assert_eq!(plan(zeros(), true), [(vec![0, 2], "generated"), (vec![1], "known")]);
}

#[test]
fn rows_of_nothing_but_defaults_go_alone() {
    let changes = vec![insert(None, None), insert(None, None)];
    assert_eq!(plan(changes, false), [(vec![0], "alone"), (vec![1], "alone")]);
}
