//! One row and its key: writers in autocommit, readers in other processes, and everything that may happen to an entry.

use super::explore::holds;
use super::reader::Apart;
use super::witness::{History, Versions, Witness};
use super::world::Scenario;
use super::writer::Statement::Autocommit;

/// So many writers and readers, all the faults that the promise allows for, and so many crashes.
///
/// A process that dies leaves its statement behind, and the database may run it later.
fn all_faults<W: Witness>(writers: usize, readers: Apart, crashes: u8) -> Scenario<Apart, W> {
    Scenario::new(vec![Autocommit; writers], readers)
        .habits(|habits| {
            habits.rollbacks = true;
            habits.renewals = true;
        })
        .faults(|faults| {
            faults.invalidations = true;
            faults.crashes = crashes;
        })
}

#[test]
fn two_writers_and_two_readers_of_two_loads_survive_a_crash() {
    holds(all_faults::<Versions>(2, Apart::new(2, 2), 1));
}

#[test]
fn three_writers_and_a_reader_survive_two_crashes() {
    holds(all_faults::<Versions>(3, Apart::new(1, 2), 2));
}

#[test]
fn three_writers_and_two_readers_survive_a_crash() {
    holds(all_faults::<Versions>(3, Apart::new(2, 1), 1));
}

#[test]
fn every_history_of_two_writers_and_two_readers_is_linearizable() {
    holds(all_faults::<History>(2, Apart::new(2, 1), 1));
}

#[test]
fn every_history_of_two_writers_and_a_reader_of_two_loads_is_linearizable() {
    holds(all_faults::<History>(2, Apart::new(1, 2), 1));
}

#[test]
fn a_reader_may_replace_a_value_it_cannot_decode() {
    holds(all_faults::<Versions>(2, Apart::new(1, 2).and_one_that_heals(2), 1));
}
