//! A server that restarts from a snapshot, or a replica that takes over: the key goes back in time, nobody dies.

use writethrough_core::protocol::Trust;

use super::explore::{holds, holds_except, refuted};
use super::key::Executor;
use super::reader::Apart;
use super::scene::{FRESH, MONOTONIC};
use super::witness::Versions;
use super::world::{Restart, Scenario};
use super::writer::Statement::{Autocommit, Transaction};

fn restarting(restart: Restart, trust: Trust) -> Scenario<Apart> {
    Scenario::<_, Versions>::new([Autocommit, Transaction], Apart::new(2, 2))
        .habits(|habits| habits.renewals = true)
        .faults(|faults| faults.restart = restart)
        .executed_by(Executor { trust, ..Executor::RIGHT })
}

#[test]
fn entries_of_an_earlier_life_of_the_server_count_as_absent() {
    holds(restarting(Restart::WhenIdle, Trust::Own));
}

/// A restart takes live fences with it; so, as with any fence that is lost early, loads may see two orders meanwhile.
#[test]
fn a_restart_in_the_midst_of_writes_leaves_no_old_value_behind() {
    holds_except(restarting(Restart::AnyTime, Trust::Own), &[MONOTONIC]);
}

#[test]
fn a_store_that_trusts_any_life_of_the_server_is_served_old_values() {
    refuted(&restarting(Restart::WhenIdle, Trust::Any), FRESH);
}
