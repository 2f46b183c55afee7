//! Tokens that outlive their writer, and tokens that are lost while their writer is in flight.
//!
//! Here the adversary decides when a deadline passes; what durations keep it from passing too early is shown against a
//! [clock](super::clock).

use super::explore::{holds, holds_except, refuted};
use super::reader::Apart;
use super::scene::{AGREES, MONOTONIC};
use super::witness::Versions;
use super::world::Scenario;
use super::writer::Statement::{Autocommit, Transaction};

#[test]
fn a_dead_writers_token_lapses_and_leaves_the_living_ones_contended() {
    let dying = |statements: &[_]| Scenario::<_, Versions>::new(statements, Apart::new(1, 2));
    holds(dying(&[Autocommit; 3]).faults(|faults| faults.crashes = 2));
    holds(dying(&[Autocommit, Transaction, Transaction]).faults(|faults| faults.crashes = 2));
}

/// The promise of one row ends where a fence is lost early; what is left of it is worth knowing.
#[test]
fn a_live_writer_that_lost_its_token_still_leaves_no_old_value_behind() {
    let lost = Scenario::<_, Versions>::new([Autocommit; 2], Apart::new(2, 2))
        .habits(|habits| habits.renewals = true)
        .faults(|faults| faults.lost_tokens = 1);
    holds_except(lost, &[MONOTONIC]);
}

#[test]
fn a_live_writer_that_lost_its_token_may_show_two_readers_different_orders() {
    let lost = Scenario::<_, Versions>::new([Autocommit], Apart::new(2, 2)).faults(|faults| faults.lost_tokens = 1);
    refuted(&lost, MONOTONIC);
}

#[test]
fn a_writer_that_lost_its_token_and_dies_after_its_commit_leaves_the_old_value() {
    let lost = Scenario::<_, Versions>::new([Autocommit], Apart::new(1, 1)).faults(|faults| {
        faults.lost_tokens = 1;
        faults.crashes = 1;
    });
    refuted(&lost, AGREES);
}

/// The process dies; its statement was sent, and the database runs it when the row's lock comes free.
#[test]
fn a_statement_that_outlives_its_process_runs_behind_the_fence() {
    let orphaned = |statements: &[_]| {
        Scenario::<_, Versions>::new(statements, Apart::new(2, 2))
            .habits(|habits| habits.rollbacks = true)
            .faults(|faults| faults.crashes = 2)
    };
    holds(orphaned(&[Autocommit; 2]));
    holds(orphaned(&[Autocommit, Transaction]));
}

#[test]
fn a_statement_that_outlives_its_fence_would_change_the_row_behind_the_caches_back() {
    let unlimited = Scenario::<_, Versions>::new([Autocommit], Apart::new(1, 1)).faults(|faults| {
        faults.crashes = 1;
        faults.statement_timeout = false;
    });
    refuted(&unlimited, AGREES);
}
