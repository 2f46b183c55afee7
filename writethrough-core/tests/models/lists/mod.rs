//! Rows that are loaded by a value which several may have.
//!
//! The value's key holds the list of the rows that have it; each row's entry tells whether it still has. A writer fences
//! the row's entry and the list of the *new* value, and knows nothing of the old one: the list it leaves behind has a row
//! too many, and a reader drops it. That a row is *not* in a list has nobody to tell, so whoever makes that wrong fences
//! the list. Nobody knows what else is in it, so it is always left empty.
//!
//! [`scene`] has the database, the keys, and who remembers which rows had which value; [`writer`] and [`reader`] are the
//! clients, and [`world`] lets them loose on each other.

mod reader;
mod scene;
mod world;
mod writer;

use super::explore::{holds, refuted};
use super::scene::AGREES;
use scene::Value::{A, B};
use scene::{Content, Id, List, Name, Save};
use world::{Design, REFLECTED, Scenario, World};
use writer::Plan::{self, Autocommit, Transaction};
use writer::{Statement, Writer};

/// The first row leaves the first value for the second.
const MOVE: Save = Save { row: Id::One, from: Some(A), value: Some(B) };
/// The first row goes back to the first value.
const MOVE_BACK: Save = Save { row: Id::One, from: Some(B), value: Some(A) };
const DELETE: Save = Save { row: Id::One, from: Some(A), value: None };
/// The second row appears, with the first value.
const INSERT: Save = Save { row: Id::Two, from: None, value: Some(A) };
/// And goes.
const DELETE_TWO: Save = Save { row: Id::Two, from: Some(A), value: None };

/// These saves beside a reader that loads the list of the first value, so many times.
fn saves(plans: impl Into<Vec<Plan>>, loads: u8) -> Scenario {
    Scenario::new(plans, [A], loads)
}

#[test]
fn one_row_leaves_a_list_and_another_comes_though_a_process_dies() {
    holds(
        saves([Autocommit(MOVE), Autocommit(INSERT)], 2)
            .crashes(1)
            .shows(LEFT_BEHIND, has_a_row_too_many)
            .shows(DROPPED, drops)
            .shows(REFILLED, lists_the_new_row)
            .shows(RAN_LATE, runs_late),
    );
}

#[test]
fn a_row_is_deleted_and_another_comes_though_a_process_dies() {
    holds(
        saves([Autocommit(DELETE), Autocommit(INSERT)], 2)
            .crashes(1)
            .shows(LEFT_BEHIND, has_a_row_too_many)
            .shows(DROPPED, drops)
            .shows(REFILLED, lists_the_new_row),
    );
}

#[test]
fn a_row_that_comes_and_goes_is_in_the_list_while_it_is_there() {
    holds(saves([Autocommit(INSERT), Autocommit(DELETE_TWO)], 2).shows(DROPPED, drops));
}

#[test]
fn a_row_moves_and_moves_back_while_its_list_is_read() {
    holds(saves([Autocommit(MOVE), Autocommit(MOVE_BACK)], 2).shows(DROPPED, drops));
    holds(saves([Transaction(MOVE), Autocommit(MOVE_BACK)], 2).shows(DROPPED, drops));
    holds(saves([Autocommit(MOVE), Transaction(MOVE_BACK)], 2).shows(DROPPED, drops));
}

#[test]
fn transactions_fence_both_keys_when_the_statement_has_told_them() {
    let saving = |plans| saves(plans, 2).shows(DROPPED, drops);
    holds(saving([Transaction(MOVE), Autocommit(INSERT)]).crashes(1).shows(RAN_LATE, runs_late));
    holds(saving([Autocommit(DELETE), Transaction(INSERT)]).crashes(1));
    holds(saving([Transaction(DELETE), Transaction(INSERT)]));
}

#[test]
fn both_lists_are_read_while_a_row_moves_from_one_to_the_other() {
    let reading = Scenario::new([Autocommit(MOVE), Autocommit(INSERT)], [A, B], 1).crashes(1);
    holds(reading.shows(DROPPED, drops).shows(REFILLED, lists_the_new_row));
}

#[test]
fn a_list_that_nobody_verifies_has_a_row_that_moved_on() {
    refuted(&saves([Autocommit(MOVE)], 1).by(Design::TrustsLists), REFLECTED);
    refuted(&saves([Autocommit(DELETE)], 1).by(Design::TrustsLists), REFLECTED);
}

#[test]
fn a_list_that_gains_a_row_and_that_nobody_fences_lacks_it() {
    for promise in [REFLECTED, AGREES] {
        refuted(&saves([Autocommit(INSERT)], 1).by(Design::FencesEntriesOnly), promise);
    }
}

#[test]
fn to_fence_the_list_that_loses_a_row_instead_is_of_no_use() {
    for promise in [REFLECTED, AGREES] {
        refuted(&Scenario::new([Autocommit(MOVE)], [B], 1).by(Design::FencesTheOldList), promise);
    }
}

#[test]
fn a_list_filled_with_an_answer_from_before_the_lease_lacks_a_row() {
    for promise in [REFLECTED, AGREES] {
        refuted(&saves([Autocommit(INSERT)], 2).by(Design::FillsWithAnEarlierAnswer), promise);
    }
}

#[test]
fn rows_filled_under_the_lease_of_their_list_may_be_old() {
    for promise in [REFLECTED, AGREES] {
        refuted(&saves([Autocommit(MOVE)], 2).by(Design::FillsTheRowsToo), promise);
    }
}

const LEFT_BEHIND: &str = "a list has a row too many, and everybody is done";
const DROPPED: &str = "a reader drops a row that has another value by now";
const REFILLED: &str = "a list has the row that came";
const RAN_LATE: &str = "the statement of a process that is gone runs late";

fn has_a_row_too_many(_: &Scenario, world: &World) -> bool {
    let list = world.scene.cache.key(Name::List(A)).value();
    world.is_at_rest() && list.is_some_and(|list| list != Content::List(world.scene.table.list(A)))
}

fn drops(_: &Scenario, world: &World) -> bool {
    world.readers.iter().any(|reader| reader.dropped)
}

fn lists_the_new_row(_: &Scenario, world: &World) -> bool {
    let list = world.scene.cache.key(Name::List(A)).value();
    matches!(list, Some(Content::List(List { two: true, .. })))
}

fn runs_late(_: &Scenario, world: &World) -> bool {
    world.writers.contains(&Writer::Dead(Statement::RanLate))
}
