//! A user's transaction, with savepoints, and with statements of which the layer knows little.
//!
//! The layer notes each key and the row that its save returned, for each savepoint; it fences all keys right before
//! `COMMIT` and finishes them after it. What a savepoint that is rolled back had noted is forgotten with it. A plain
//! write that names the table takes the value from all that was noted before it, not the key. A statement that failed,
//! and whose error nobody minds, poisons the transaction: some databases answer `COMMIT` with success and roll back,
//! and some end a transaction at once and run what comes after it in autocommit.
//!
//! [`program`] is what a transaction may be made of, [`levels`] what is known of it at each savepoint, [`ledger`] what
//! was committed and promised; [`transaction`] goes through with it, and [`world`] has the writers and readers beside
//! it.

mod ledger;
mod levels;
mod program;
mod transaction;
mod world;

use super::explore::{holds, refuted};
use super::scene::{AGREES, FRESH, REAL, SERVED, Sight};
use ledger::Ledger;
use program::Statement::{Deadlock, Fail, PlainWrite, Release, RollBackTo, Save, Savepoint};
use program::{Program, Statement};
use transaction::{Orphan, Outcome, Stage};
use world::{Design, Scenario, World};

/// Any program of so many statements at most.
fn any(statements: u8) -> Scenario {
    Scenario::new(Program::Any { statements, savepoints: 2 })
}

/// This program on one row, beside a writer and a reader of two loads; a process may die.
fn just(statements: impl Into<Vec<Statement>>) -> Scenario {
    Scenario::new(Program::Just(statements.into())).row(1, 2).crashes(1)
}

#[test]
fn any_transaction_of_six_statements_on_a_row_keeps_the_promise() {
    holds(
        any(6)
            .row(1, 2)
            .crashes(1)
            .shows(PUBLISHED, publishes::<5>)
            .shows(SERVED, serves)
            .shows(POISONED, rolls_back)
            .shows(RAN_LATE, runs_late),
    );
}

/// A load of one row knows nothing of the other; so each has its reader in turn.
#[test]
fn any_transaction_of_four_statements_on_two_rows_keeps_the_promise() {
    let crashing = || any(4).crashes(1).shows(PUBLISHED, publishes::<3>).shows(SERVED, serves);
    holds(crashing().row(1, 1).row(0, 0));
    holds(crashing().row(1, 0).row(0, 1));
}

#[test]
fn a_savepoint_that_is_rolled_back_gives_way_to_the_row_from_before_it() {
    holds(just([Save(0), Savepoint, Save(0), RollBackTo]).shows(PUBLISHED, publishes::<0>));
    holds(just([Save(0), Savepoint, PlainWrite(0), RollBackTo]).shows(PUBLISHED, publishes::<0>));
}

#[test]
fn a_savepoint_that_is_released_leaves_its_rows_to_the_transaction() {
    holds(just([Savepoint, Save(0), Release]).shows(PUBLISHED, publishes::<1>));
    holds(just([Savepoint, Savepoint, Save(0), Release, Release]).shows(PUBLISHED, publishes::<2>));
}

#[test]
fn a_row_saved_after_a_plain_write_is_published() {
    holds(just([Save(0), PlainWrite(0), Save(0)]).shows(PUBLISHED, publishes::<2>));
}

#[test]
fn a_statement_that_failed_in_a_savepoint_is_absorbed_by_its_rollback() {
    holds(just([Save(0), Savepoint, Fail, RollBackTo]).shows(PUBLISHED, publishes::<0>));
}

#[test]
fn a_statement_that_failed_and_was_not_absorbed_rolls_everything_back() {
    holds(just([Save(0), Fail]).shows(POISONED, rolls_back));
    holds(just([Save(0), Savepoint, Save(0), RollBackTo, Fail]).shows(POISONED, rolls_back));
    holds(just([Save(0), Savepoint, Deadlock]).shows(POISONED, rolls_back));
}

#[test]
fn a_transaction_on_two_rows_survives_a_crash() {
    let both = |statements: &[_]| Scenario::new(Program::Just(statements.into())).row(1, 1).row(0, 1).crashes(1);
    holds(both(&[Save(0), Save(1)]).shows(PUBLISHED, publishes::<1>).shows(RAN_LATE, runs_late));
    holds(both(&[Save(0), Savepoint, Save(1), RollBackTo]).shows(PUBLISHED, publishes::<0>));
    holds(both(&[Save(0), PlainWrite(0), Save(1)]).shows(PUBLISHED, publishes::<2>));
}

#[test]
fn a_row_that_a_later_plain_write_touched_is_not_what_was_committed() {
    is_refuted(Design::TrustsRowsFromBeforeAPlainWrite, &[AGREES, REAL]);
}

#[test]
fn a_row_from_a_savepoint_that_was_rolled_back_never_was() {
    is_refuted(Design::KeepsWhatASavepointRolledBack, &[AGREES, REAL]);
}

#[test]
fn a_key_that_is_forgotten_when_its_savepoint_is_released_keeps_the_old_row() {
    is_refuted(Design::ForgetsTheKeysOfAReleasedSavepoint, &[AGREES, FRESH]);
}

#[test]
fn a_row_that_is_published_before_its_commit_shows_what_may_never_be() {
    is_refuted(Design::FinishesBeforeCommit, &[AGREES, REAL]);
}

#[test]
fn a_commit_that_is_answered_with_success_may_have_rolled_back() {
    is_refuted(Design::BelievesTheAnswerToCommit, &[AGREES, REAL]);
}

#[test]
fn a_statement_after_the_end_of_its_transaction_is_committed_before_its_key_is_fenced() {
    is_refuted(Design::GoesOnAfterADeadlock, &[AGREES, FRESH]);
}

/// Among all programs of three statements there is one that breaks each of these promises.
fn is_refuted(design: Design, promises: &[&'static str]) {
    for promise in promises {
        refuted(&any(3).row(1, 1).by(design), promise);
    }
}

const PUBLISHED: &str = "a row that the transaction left behind is in the cache";
const POISONED: &str = "a transaction in which a statement had failed ends in a rollback";
const RAN_LATE: &str = "the commit of a process that is gone runs late";

/// No load has asked the database, so it was the transaction that put there what its statement of this number wrote.
fn publishes<const STATEMENT: u8>(_: &Scenario, world: &World) -> bool {
    let row = Ledger::written_by_transaction(STATEMENT);
    world.scenes.iter().any(|scene| scene.sight != Sight::Queried && scene.key.value() == Some(row))
}

fn serves(_: &Scenario, world: &World) -> bool {
    world.scenes.iter().any(|scene| scene.sight == Sight::Served)
}

fn rolls_back(_: &Scenario, world: &World) -> bool {
    world.transaction.is_poisoned() && world.transaction.stage == Stage::Done(Outcome::RolledBack)
}

fn runs_late(_: &Scenario, world: &World) -> bool {
    world.transaction.stage == Stage::Dead(Orphan::RanLate)
}
