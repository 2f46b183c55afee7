//! The outbox: what a writer that died, or that the cache could not hear, has left behind, somebody invalidates.
//!
//! The world of [one row](super::world) goes on as it is; here each write leaves a record in its own transaction, which
//! goes once the cache has acknowledged FINISH. [`relay`]s read the records, invalidate, and remove them. Some writers
//! cannot reach the cache at all. A [`process`] that could not reach it for a while consults the outbox before it trusts
//! the cache again.
//!
//! A write is promised once its caller knows, or, where nobody is left to be told, or the cache was not, once a relay
//! has seen to its record.

mod process;
mod relay;
mod world;

use super::explore::{holds, holds_except, refuted};
use super::reader::Apart;
use super::scene::{AGREES, FRESH, MONOTONIC};
use super::witness::{History, Versions, Witness};
use super::world::Scenario as OneRow;
use super::writer::Statement::{self, Autocommit, Transaction};
use process::Trusts;
use relay::Relays;
use world::{Recorded, Removed, Scenario, TRUSTED};

/// These writers beside these readers, with a crash; a relay that sees to what is recorded.
fn recording<W: Witness>(statements: impl Into<Vec<Statement>>, readers: Apart) -> Scenario<W> {
    Scenario::new(OneRow::new(statements, readers).faults(|faults| faults.crashes = 1))
}

/// The same with fences that are lost while their writer is in flight: evicted, expired, flushed.
fn losing(statements: impl Into<Vec<Statement>>, readers: Apart) -> Scenario {
    recording(statements, readers).faults(|faults| faults.lost_tokens = 1)
}

/// A writer that the cache cannot hear beside one that it can, and a process that has an outage.
fn cut_off() -> Scenario {
    recording([Autocommit], Apart::new(1, 1)).faults(|faults| faults.crashes = 0).cut_off(1).processes(1)
}

#[test]
fn a_relay_makes_nothing_stale() {
    holds(recording::<Versions>([Autocommit, Transaction], Apart::new(1, 2)));
    holds(recording::<Versions>([Autocommit], Apart::new(2, 2)).relays(2));
}

#[test]
fn every_history_with_a_relay_is_linearizable() {
    holds(recording::<History>([Autocommit; 2], Apart::new(1, 1)));
    holds(recording::<History>([Autocommit], Apart::new(2, 1)).relays(2));
}

/// Without the relay the old value would stay:
/// [`deadlines`](super::deadlines::a_writer_that_lost_its_token_and_dies_after_its_commit_leaves_the_old_value).
#[test]
fn a_writer_that_lost_its_token_and_dies_after_its_commit_is_seen_to() {
    holds_except(losing([Autocommit; 2], Apart::new(1, 2)).shows_repairs(), &[MONOTONIC]);
    holds_except(losing([Transaction], Apart::new(2, 2)).shows_repairs(), &[MONOTONIC]);
}

#[test]
fn relays_that_race_need_not_agree_who_does_it() {
    holds(losing([Autocommit, Transaction], Apart::new(1, 1)).relays(2).shows_repairs());
}

/// Until its record is seen to, others see the old value beside the new one.
#[test]
fn what_a_writer_without_a_cache_committed_is_seen_to() {
    let without = recording::<Versions>([Autocommit], Apart::new(2, 1)).cut_off(1).shows_repairs();
    holds_except(without, &[MONOTONIC]);
    holds(recording::<Versions>([Autocommit], Apart::new(1, 1)).cut_off(2).relays(2).shows_repairs());
}

#[test]
fn after_an_outage_a_process_trusts_the_cache_only_with_what_was_committed_meanwhile() {
    holds(cut_off());
    holds(cut_off().cut_off(2).relays(0));
}

#[test]
fn a_record_from_before_the_transaction_is_used_up_before_there_is_anything_to_repair() {
    let early = |scenario: Scenario| scenario.designed(|design| design.recorded = Recorded::BeforeTransaction);
    refuted(&early(losing([Autocommit], Apart::new(1, 1))), AGREES);
    refuted(&early(losing([Transaction], Apart::new(1, 1))), AGREES);
}

#[test]
fn a_record_that_its_writer_removes_before_the_cache_knows_is_missed() {
    let hasty = losing([Autocommit], Apart::new(1, 1)).designed(|design| design.removed = Removed::BeforeFinish);
    refuted(&hasty, AGREES);
}

#[test]
fn a_record_that_a_relay_removes_before_the_cache_knows_is_missed() {
    let hasty = losing([Autocommit], Apart::new(1, 1)).designed(|design| design.relays = Relays::RemoveFirst);
    refuted(&hasty, AGREES);
    refuted(&hasty.relays(2), AGREES);
}

#[test]
fn a_relay_that_sets_the_row_it_read_brings_back_an_old_one() {
    let eager = |scenario: Scenario| scenario.designed(|design| design.relays = Relays::SetTheRow);
    refuted(&eager(recording([Autocommit; 2], Apart::new(1, 1))), FRESH);
    refuted(&eager(recording([Autocommit; 2], Apart::new(1, 1))), AGREES);
}

#[test]
fn a_process_that_trusts_the_cache_again_without_consulting_is_misled() {
    refuted(&cut_off().designed(|design| design.trusts = Trusts::AtOnce), TRUSTED);
}

#[test]
fn a_process_that_consults_before_the_cache_is_back_is_misled() {
    refuted(&cut_off().designed(|design| design.trusts = Trusts::OnceItConsulted), TRUSTED);
}

/// The command was sent while all was well, and its answer is the first from after the outage.
#[test]
fn a_process_that_does_not_ask_itself_again_when_the_answer_comes_is_misled() {
    refuted(&cut_off().designed(|design| design.trusts = Trusts::WhenItAsks), TRUSTED);
}
