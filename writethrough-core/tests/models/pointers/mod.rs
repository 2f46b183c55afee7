//! Rows that are looked up by a unique value.
//!
//! The value's key leads to a row, or to none; the row's entry tells whether it still has the value. A writer fences
//! the row's entry and the pointer of the *new* value, and knows nothing of the old one: the pointer it leaves behind
//! leads to a row that tells, and a reader heals it. "No such row" has nobody to tell, so whoever makes it wrong fences
//! it.
//!
//! [`table`] is the database, [`cache`] the keys, [`witness`] remembers what was answered, [`writer`] and [`reader`]
//! are the clients, and [`world`] lets them loose on each other.

mod cache;
mod reader;
mod table;
mod witness;
mod world;
mod writer;

use super::explore::{holds, refuted};
use super::scene::AGREES;
use cache::{Content, Name};
use reader::Reader;
use table::Value::{A, B};
use table::{Answer, Id, Save};
use witness::{History, Moments, Witness};
use world::{Design, LINEARIZABLE, Scenario, World};
use writer::Plan::{self, Autocommit, Transaction};
use writer::{Statement, Writer};

/// The first row leaves the first value for the second.
const MOVE: Save = Save { row: Id::One, value: Some(B) };
/// The first row goes back to the first value.
const MOVE_BACK: Save = Save { row: Id::One, value: Some(A) };
const DELETE: Save = Save { row: Id::One, value: None };
/// The second row appears, with the first value.
const INSERT: Save = Save { row: Id::Two, value: Some(A) };

/// These saves beside a reader that looks the first value up, so many times.
fn saves<W: Witness>(plans: impl Into<Vec<Plan>>, lookups: u8) -> Scenario<W> {
    Scenario::new(plans, [A], lookups)
}

#[test]
fn one_row_leaves_a_value_and_another_takes_it_though_a_process_dies() {
    holds(
        saves::<Moments>([Autocommit(MOVE), Autocommit(INSERT)], 2)
            .crashes(1)
            .shows(SERVED, leads_to_the_new_row)
            .shows(HEALED, heals)
            .shows(REMEMBERED, remembers_absence)
            .shows(REFUSED, refuses)
            .shows(RAN_LATE, runs_late),
    );
}

#[test]
fn a_row_is_deleted_and_another_takes_its_value_though_a_process_dies() {
    holds(
        saves::<Moments>([Autocommit(DELETE), Autocommit(INSERT)], 2)
            .crashes(1)
            .shows(SERVED, leads_to_the_new_row)
            .shows(HEALED, heals)
            .shows(REMEMBERED, remembers_absence)
            .shows(RAN_LATE, runs_late),
    );
}

#[test]
fn a_row_moves_and_another_takes_its_value_and_the_first_wants_it_back() {
    let back_and_forth = |insert: fn(Save) -> Plan| {
        saves::<Moments>([Autocommit(MOVE), insert(INSERT), Autocommit(MOVE_BACK)], 2)
            .shows(SERVED, leads_to_the_new_row)
            .shows(REFUSED, refuses)
    };
    holds(back_and_forth(Autocommit));
    holds(back_and_forth(Transaction));
}

#[test]
fn transactions_fence_both_keys_when_the_statement_has_told_them() {
    let saving =
        |plans| saves::<Moments>(plans, 2).crashes(1).shows(SERVED, leads_to_the_new_row).shows(RAN_LATE, runs_late);
    holds(saving([Transaction(MOVE), Autocommit(INSERT)]).shows(HEALED, heals));
    holds(saving([Autocommit(MOVE), Transaction(INSERT)]).shows(HEALED, heals));
    holds(saving([Transaction(MOVE), Transaction(INSERT)]).shows(REFUSED, refuses));
    holds(saving([Transaction(DELETE), Transaction(INSERT)]).shows(REMEMBERED, remembers_absence));
}

#[test]
fn two_readers_may_follow_and_heal_one_pointer() {
    let reading = Scenario::<Moments>::new([Autocommit(MOVE), Autocommit(INSERT)], [A, A], 1);
    holds(reading.shows(HEALED, heals).shows(SERVED, leads_to_the_new_row));
}

#[test]
fn two_values_are_looked_up_while_a_row_moves_from_one_to_the_other() {
    let reading = Scenario::<Moments>::new([Autocommit(MOVE), Autocommit(INSERT)], [A, B], 1).crashes(1);
    holds(reading.shows(HEALED, heals).shows(SERVED, leads_to_the_new_row));
}

#[test]
fn every_history_of_lookups_is_linearizable() {
    let saving = |plans| saves::<History>(plans, 2).shows(HEALED, heals).shows(SERVED, leads_to_the_new_row);
    holds(saving([Autocommit(MOVE), Autocommit(INSERT)]));
    holds(saving([Autocommit(DELETE), Autocommit(INSERT)]));
    holds(saving([Transaction(MOVE), Autocommit(INSERT)]));
}

#[test]
fn a_pointer_that_nobody_verifies_leads_to_a_row_that_moved_on() {
    refuted(&saves::<History>([Autocommit(MOVE)], 1).by(Design::TrustsPointers), LINEARIZABLE);
}

#[test]
fn a_new_value_whose_pointer_nobody_fences_stays_absent() {
    for promise in [LINEARIZABLE, AGREES] {
        refuted(&saves::<History>([Autocommit(MOVE), Autocommit(INSERT)], 2).by(Design::FencesEntriesOnly), promise);
    }
}

#[test]
fn an_entry_filled_by_a_lookup_of_its_pointer_may_hold_an_old_row() {
    for promise in [LINEARIZABLE, AGREES] {
        refuted(&saves::<History>([Autocommit(MOVE)], 2).by(Design::FillsTheEntryToo), promise);
    }
}

/// All values look alike and the clock stands still, so the late LEASE may even replace the newer pointer; where it
/// could not, an eviction would make room for it.
#[test]
fn a_pointer_healed_with_an_answer_from_before_the_lease_hides_a_new_row() {
    for promise in [LINEARIZABLE, AGREES] {
        refuted(
            &saves::<History>([Autocommit(MOVE), Autocommit(INSERT)], 2).by(Design::HealsWithAnEarlierAnswer),
            promise,
        );
    }
}

const SERVED: &str = "what writers left behind leads to the new row";
const HEALED: &str = "a pointer that no longer fits is replaced";
const REMEMBERED: &str = "that there is no row is in the cache, and an insert is to come";
const REFUSED: &str = "a save fails, for another row has the value";
const RAN_LATE: &str = "the statement of a process that is gone runs late";

/// No reader has begun, and the cache knows where the value is now.
fn leads_to_the_new_row<W: Witness>(scenario: &Scenario<W>, world: &World<W>) -> bool {
    let cache = &world.scene.cache;
    world.readers.iter().all(|reader| *reader == Reader::new(scenario.lookups))
        && cache.key(Name::Pointer(A)).value() == Some(Content::Place(Some(Id::Two)))
        && cache.key(Name::Entry(Id::Two)).value() == Some(Content::Row(Some(A)))
}

fn heals<W: Witness>(_: &Scenario<W>, world: &World<W>) -> bool {
    world.readers.iter().any(|reader| reader.healed)
}

fn remembers_absence<W: Witness>(_: &Scenario<W>, world: &World<W>) -> bool {
    world.scene.cache.key(Name::Pointer(A)).value() == Some(Content::Place(None))
        && world.writers.contains(&Writer::Idle)
}

fn refuses<W: Witness>(_: &Scenario<W>, world: &World<W>) -> bool {
    world.writers.contains(&Writer::Done(Answer::Taken))
}

fn runs_late<W: Witness>(_: &Scenario<W>, world: &World<W>) -> bool {
    world.writers.contains(&Writer::Dead(Statement::RanLate(Answer::Saved)))
}
