//! How a write reaches the database, and what it leaves in the cache.

use writethrough_core::policy::OnWrite;

use super::explore::{holds, refuted};
use super::reader::Apart;
use super::scene::AGREES;
use super::witness::{History, Versions, Witness};
use super::world::Scenario;
use super::writer::Statement::{self, Autocommit, Select, Transaction};

/// These writers beside two readers of two loads, with rollbacks, renewals and a crash.
fn writers(statements: impl Into<Vec<Statement>>) -> Scenario<Apart> {
    writers_and(Apart::new(2, 2), statements)
}

fn writers_and<W: Witness>(readers: Apart, statements: impl Into<Vec<Statement>>) -> Scenario<Apart, W> {
    Scenario::new(statements, readers)
        .habits(|habits| {
            habits.rollbacks = true;
            habits.renewals = true;
        })
        .faults(|faults| faults.crashes = 1)
}

#[test]
fn a_transaction_that_fences_before_its_commit_mixes_with_autocommit() {
    holds(writers([Autocommit, Transaction]));
}

#[test]
fn two_transactions_and_an_autocommit_writer_wait_for_each_others_locks() {
    holds(writers_and::<Versions>(Apart::new(1, 2), [Autocommit, Transaction, Transaction]));
}

#[test]
fn every_history_of_a_transaction_and_an_autocommit_writer_is_linearizable() {
    holds(writers_and::<History>(Apart::new(1, 2), [Autocommit, Transaction]));
    holds(writers_and::<History>(Apart::new(2, 1), [Autocommit, Transaction]));
}

#[test]
fn a_save_with_nothing_set_leaves_no_value() {
    holds(writers([Autocommit, Select { locks: false, publishes: false }]));
    holds(writers([Transaction, Select { locks: false, publishes: false }]));
}

#[test]
fn a_save_with_nothing_set_that_published_its_row_would_bring_back_an_old_one() {
    refuted(&writers([Autocommit, Select { locks: false, publishes: true }]), AGREES);
}

#[test]
fn a_save_that_locks_the_row_it_selects_may_publish_it() {
    holds(writers([Autocommit, Select { locks: true, publishes: true }]));
    holds(writers([Transaction, Select { locks: true, publishes: true }]));
}

#[test]
fn a_reply_before_the_refresh_keeps_the_promise() {
    holds(writers([Autocommit, Transaction]).habits(|habits| habits.on_write = OnWrite::RefreshLater));
}

#[test]
fn a_refresh_of_cached_rows_only_keeps_the_promise() {
    holds(writers([Autocommit, Transaction]).habits(|habits| habits.on_write = OnWrite::RefreshIfCached));
}

#[test]
fn an_invalidating_write_keeps_the_promise() {
    holds(writers([Autocommit, Transaction]).habits(|habits| habits.on_write = OnWrite::Invalidate));
}
