//! What people do instead of the protocol, and what becomes of it.
//!
//! Each design takes the place of some steps, or some habits, of the right one in the same worlds; each is refuted. Those
//! that share queries wrongly are in [`sharing`](super::sharing), those that a network breaks in
//! [`late_commands`](super::late_commands), a save that publishes what it only selected is in
//! [`writing`](super::writing), and what can go wrong with [`pointers`](super::pointers) and
//! [`transactions`](super::transactions) stands beside what goes right.

use writethrough_core::protocol::{Entry, Micros, Reply, Server, Stamp, Standing, State, Step, apply};

use super::explore::{holds_except, refuted};
use super::key::{Executor, Row};
use super::reader::Apart;
use super::scene::{AGREES, FRESH, MONOTONIC, REAL};
use super::witness::History;
use super::world::Scenario;
use super::writer::Statement::{Autocommit, CacheFirst};

type Stepped = (Option<Entry<Row>>, Reply<Row>);

#[test]
fn update_then_set_leaves_the_older_of_two_writes() {
    let racing = Scenario::<_>::new([Autocommit; 2], Apart::new(1, 1)).executed_by(Executor::of(update_then_set));
    refuted(&racing, FRESH);
    refuted(&racing, AGREES);
}

#[test]
fn update_then_delete_lets_a_slow_reader_bring_back_the_old_row() {
    let reading = Scenario::<_>::new([Autocommit], Apart::new(2, 1)).executed_by(Executor::of(update_then_delete));
    refuted(&reading, FRESH);
    refuted(&reading, AGREES);
}

#[test]
fn a_process_that_dies_between_commit_and_cache_leaves_the_old_row() {
    for naive in [update_then_set, update_then_delete] {
        let dying = Scenario::<_>::new([Autocommit], Apart::new(1, 1))
            .faults(|faults| {
                faults.crashes = 1;
                faults.evictions = false;
            })
            .executed_by(Executor::of(naive));
        refuted(&dying, AGREES);
    }
}

#[test]
fn set_then_update_shows_a_value_that_never_was() {
    let failing = Scenario::<_>::new([CacheFirst], Apart::new(1, 1))
        .habits(|habits| habits.rollbacks = true)
        .executed_by(Executor::of(update_then_set));
    refuted(&failing, REAL);
    refuted(&failing, AGREES);
}

#[test]
fn a_fill_without_a_lease_brings_back_the_row_from_before_a_write() {
    let evicting = Scenario::<_>::new([Autocommit], Apart::new(2, 1)).executed_by(Executor::of(fill_if_absent));
    refuted(&evicting, FRESH);
}

#[test]
fn a_token_that_overwrites_another_hides_that_its_writer_is_in_flight() {
    let racing = Scenario::<_>::new([Autocommit; 2], Apart::new(2, 2)).executed_by(Executor::of(one_token));
    refuted(&racing, MONOTONIC);
}

#[test]
fn a_fence_that_forgets_that_it_was_shared_ends_in_the_older_of_two_values() {
    let racing = Scenario::<_>::new([Autocommit; 2], Apart::new(1, 1)).executed_by(Executor::of(forget));
    refuted(&racing, FRESH);
    refuted(&racing, AGREES);
}

#[test]
fn a_lost_fence_renewed_as_if_fresh_lets_an_old_write_overwrite_a_newer_one() {
    let losing = |step| {
        Scenario::<_>::new([Autocommit; 2], Apart::new(2, 2))
            .habits(|habits| habits.renewals = true)
            .faults(|faults| faults.lost_tokens = 1)
            .executed_by(Executor::of(step))
    };
    refuted(&losing(renew_as_fresh), FRESH);
    holds_except(losing(apply::<Row>), &[MONOTONIC]);
}

/// The refutations do not hang on the numbering of rows: a checker that knows nothing of commits finds them too.
#[test]
fn the_naive_designs_are_not_linearizable_either() {
    fn is_refuted(scenario: Scenario<Apart, History>, step: super::key::StepFunction) {
        refuted(&scenario.executed_by(Executor::of(step)), FRESH);
    }
    is_refuted(Scenario::new([Autocommit; 2], Apart::new(1, 3)), update_then_set);
    is_refuted(Scenario::new([Autocommit], Apart::new(2, 1)), update_then_delete);
    is_refuted(Scenario::new([Autocommit], Apart::new(2, 1)), fill_if_absent);
    is_refuted(Scenario::new([Autocommit; 2], Apart::new(2, 2)), one_token);
}

/// `UPDATE`, then `SET`; a reader that misses queries and sets.
fn update_then_set(entry: Option<Entry<Row>>, step: Step<Row>, server: &Server) -> Stepped {
    match step {
        Step::Fill { value, .. } => (Some(value_entry(value, server)), Reply::Applied(true)),
        Step::Finish { value: Some((value, _)), stamp } => {
            let (_, reply) = apply(None, Step::Finish { stamp, value: None }, server);
            (Some(value_entry(value, server)), reply)
        }
        other => without_fences(entry, other, server),
    }
}

/// `UPDATE`, then `DEL`; a reader that misses queries and sets.
fn update_then_delete(entry: Option<Entry<Row>>, step: Step<Row>, server: &Server) -> Stepped {
    match step {
        Step::Fill { value, .. } => (Some(value_entry(value, server)), Reply::Applied(true)),
        step @ Step::Finish { value: Some(_), .. } => apply(None, step, server),
        other => without_fences(entry, other, server),
    }
}

/// Neither writers nor readers leave a mark; each is told that it did.
fn without_fences(entry: Option<Entry<Row>>, step: Step<Row>, server: &Server) -> Stepped {
    match step {
        step @ (Step::Lease { .. } | Step::Fence { .. } | Step::Renew { .. } | Step::Finish { .. }) => {
            let (_, reply) = apply(None, step, server);
            (entry, reply)
        }
        other => apply(entry, other, server),
    }
}

/// Fences as they should be, but a reader asks for no lease: it fills with `SET NX`.
fn fill_if_absent(entry: Option<Entry<Row>>, step: Step<Row>, server: &Server) -> Stepped {
    match step {
        Step::Lease { nonce, .. } => (entry, Reply::Leased(Stamp { at: server.now, nonce })),
        Step::Fill { value, .. } => match apply(entry, Step::Get, server) {
            (None, Reply::Standing(Standing::Absent)) => (Some(value_entry(value, server)), Reply::Applied(true)),
            (standing, _) => (standing, Reply::Applied(false)),
        },
        other => apply(entry, other, server),
    }
}

/// A fence holds one token, the last.
fn one_token(entry: Option<Entry<Row>>, step: Step<Row>, server: &Server) -> Stepped {
    match step {
        step @ Step::Fence { .. } => apply(None, step, server),
        other => apply(entry, other, server),
    }
}

/// A fence counts its writers, but is never contended.
fn forget(entry: Option<Entry<Row>>, step: Step<Row>, server: &Server) -> Stepped {
    let (mut entry, reply) = apply(entry, step, server);
    if let Some(Entry { state: State::Fence { contended, .. }, .. }) = &mut entry {
        *contended = false;
    }
    (entry, reply)
}

/// A renewal that finds its token gone puts up a clean fence.
fn renew_as_fresh(entry: Option<Entry<Row>>, step: Step<Row>, server: &Server) -> Stepped {
    let renews = matches!(step, Step::Renew { .. });
    let (mut entry, reply) = apply(entry, step, server);
    if let (true, Reply::Renewed(false), Some(Entry { state: State::Fence { tokens, contended }, .. })) =
        (renews, &reply, &mut entry)
    {
        *contended = tokens.len() > 1;
    }
    (entry, reply)
}

fn value_entry(value: Row, server: &Server) -> Entry<Row> {
    Entry {
        incarnation: server.incarnation,
        expires_at: Micros(u64::MAX),
        state: State::Value { written_at: server.now, value },
    }
}
