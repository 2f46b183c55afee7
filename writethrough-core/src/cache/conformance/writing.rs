//! What writers do.

use std::time::Duration;

use super::fixture::{Fixture, LONG, fence, lease, nonce, value};
use crate::protocol::{Ending, Micros, Nonce, Reply, Stamp, Standing, Step};

pub(super) async fn a_fence_takes_the_place_of_a_value_and_says_so(f: &Fixture) {
    let key = f.key("a");
    f.filled(&key, &value("1")).await;
    for (over, cached) in [("a value", true), ("a fence", false)] {
        let Reply::Fenced { was_cached, .. } = f.step(&key, fence(LONG)).await else {
            panic!("{}: no token", f.sentence)
        };
        f.same(&format!("was_cached over {over}"), was_cached, cached);
        f.is(&key, Standing::Fenced).await;
    }
    let Reply::Fenced { was_cached, .. } = f.step(&f.key("b"), fence(LONG)).await else {
        panic!("{}: no token", f.sentence)
    };
    f.same("was_cached over nothing", was_cached, false);
}

pub(super) async fn a_fence_takes_the_place_of_a_lease(f: &Fixture) {
    let key = f.key("a");
    let reader = f.leased(&key, LONG).await;
    let Reply::Fenced { stamp: writer, was_cached } = f.step(&key, fence(LONG)).await else {
        panic!("{}: no token", f.sentence)
    };
    f.same("was_cached over a lease", was_cached, false);
    f.fills(&key, reader, &value("old"), false).await;
    f.finishes(&key, writer, &value("new"), Ending::Refreshed).await;
    f.fills(&key, reader, &value("old"), false).await;
    f.holds(&key, &value("new")).await;
}

pub(super) async fn a_clean_fence_ends_in_the_value(f: &Fixture) {
    let key = f.key("a");
    let writer = f.fenced(&key, LONG).await;
    f.finishes(&key, writer, &value("1"), Ending::Refreshed).await;
    f.holds(&key, &value("1")).await;
}

pub(super) async fn a_clean_fence_without_a_value_ends_absent(f: &Fixture) {
    let key = f.key("a");
    f.filled(&key, &value("1")).await;
    let stamp = f.fenced(&key, LONG).await;
    let reply = f.step(&key, Step::Finish { stamp, value: None }).await;
    f.same("FINISH", reply, Reply::Finished(Ending::Emptied));
    f.is_absent(&key).await;
}

pub(super) async fn a_second_writer_makes_the_fence_contended(f: &Fixture) {
    for (name, first_ends_first) in [("a", true), ("b", false)] {
        let key = f.key(name);
        let mut writers = [f.fenced(&key, LONG).await, f.fenced(&key, LONG).await];
        if !first_ends_first {
            writers.reverse();
        }
        let [earlier, later] = writers;
        f.finishes(&key, earlier, &value("1"), Ending::Contended).await;
        f.is(&key, Standing::Fenced).await;
        f.finishes(&key, later, &value("2"), Ending::Contended).await;
        f.is_absent(&key).await;
    }
}

pub(super) async fn a_repeated_fence_is_one_that_nobody_can_finish(f: &Fixture) {
    let key = f.key("a");
    let command = fence(LONG);
    let Reply::Fenced { stamp, .. } = f.step(&key, command.clone()).await else { panic!("{}: no token", f.sentence) };
    f.finishes(&key, stamp, &value("1"), Ending::Refreshed).await;
    // The network repeats it: nobody ever learns the second stamp.
    let Reply::Fenced { stamp: repeated, .. } = f.step(&key, command).await else { panic!("{}: no token", f.sentence) };
    f.same("the nonce", repeated.nonce, stamp.nonce);
    assert!(repeated != stamp, "{}: both executions have the stamp {stamp:?}", f.sentence);
    f.finishes(&key, stamp, &value("1"), Ending::Lost).await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, repeated, &value("1"), Ending::Contended).await;
    f.is_absent(&key).await;
}

pub(super) async fn a_finish_with_another_stamp_makes_the_fence_contended(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.fenced(&key, LONG).await;
    let other = Stamp { nonce: nonce(), ..stamp };
    f.finishes(&key, other, &value("1"), Ending::Lost).await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, stamp, &value("2"), Ending::Contended).await;
    f.is_absent(&key).await;
}

pub(super) async fn a_late_finish_removes_a_value(f: &Fixture) {
    let key = f.key("a");
    let late = f.fenced(&key, LONG).await;
    f.finishes(&key, late, &value("1"), Ending::Refreshed).await;
    f.finishes(&key, late, &value("1"), Ending::Lost).await;
    f.is_absent(&key).await;
}

pub(super) async fn a_late_finish_removes_a_lease(f: &Fixture) {
    let key = f.key("a");
    let late = f.fenced(&key, LONG).await;
    f.step(&key, Step::Finish { stamp: late, value: None }).await;
    let reader = f.leased(&key, LONG).await;
    f.finishes(&key, late, &value("1"), Ending::Lost).await;
    f.is_absent(&key).await;
    f.fills(&key, reader, &value("old"), false).await;
}

pub(super) async fn a_finish_without_a_fence_is_lost(f: &Fixture) {
    let key = f.key("a");
    let never = Stamp { at: Micros(1), nonce: Nonce(1) };
    f.finishes(&key, never, &value("1"), Ending::Lost).await;
    f.is_absent(&key).await;
}

pub(super) async fn a_renewed_fence_stays_clean(f: &Fixture) {
    let key = f.key("a");
    let writer = f.fenced(&key, LONG).await;
    f.renews(&key, writer, LONG, true).await;
    f.finishes(&key, writer, &value("1"), Ending::Refreshed).await;
    f.holds(&key, &value("1")).await;
}

pub(super) async fn a_renewal_returns_contended_to_a_fence_of_others(f: &Fixture) {
    let key = f.key("a");
    let gone = f.fenced(&key, LONG).await;
    f.step(&key, Step::Finish { stamp: gone, value: None }).await;
    let other = f.fenced(&key, LONG).await;
    f.renews(&key, gone, LONG, false).await;
    f.renews(&key, gone, LONG, true).await;
    f.finishes(&key, other, &value("1"), Ending::Contended).await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, gone, &value("2"), Ending::Contended).await;
    f.is_absent(&key).await;
}

pub(super) async fn a_renewal_of_a_lost_fence_takes_the_place_of_a_value_and_ends_absent(f: &Fixture) {
    let key = f.key("a");
    let lost = f.fenced(&key, LONG).await;
    f.finishes(&key, lost, &value("1"), Ending::Refreshed).await;
    f.renews(&key, lost, LONG, false).await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, lost, &value("2"), Ending::Contended).await;
    f.is_absent(&key).await;
}

pub(super) async fn an_invalidation_removes_a_value(f: &Fixture) {
    let key = f.key("a");
    f.filled(&key, &value("1")).await;
    f.same("INVALIDATE", f.step(&key, Step::Invalidate).await, Reply::Invalidated);
    f.is_absent(&key).await;
    f.same("INVALIDATE of nothing", f.step(&key, Step::Invalidate).await, Reply::Invalidated);
}

pub(super) async fn an_invalidation_breaks_a_lease(f: &Fixture) {
    let key = f.key("a");
    let reader = f.leased(&key, LONG).await;
    f.step(&key, Step::Invalidate).await;
    f.is_absent(&key).await;
    f.fills(&key, reader, &value("old"), false).await;
    f.is_absent(&key).await;
}

pub(super) async fn an_invalidation_makes_a_fence_contended(f: &Fixture) {
    let key = f.key("a");
    let writer = f.fenced(&key, LONG).await;
    f.step(&key, Step::Invalidate).await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, writer, &value("1"), Ending::Contended).await;
    f.is_absent(&key).await;
}

pub(super) async fn no_reader_is_served_or_leased_under_a_fence(f: &Fixture) {
    let key = f.key("a");
    f.filled(&key, &value("1")).await;
    let Standing::Value { written_at, value: seen } = f.standing(&key).await else {
        panic!("{}: no value", f.sentence)
    };
    f.fenced(&key, LONG).await;
    f.same("LEASE", f.step(&key, lease(LONG)).await, Reply::Standing(Standing::Fenced));
    let seen = Some((written_at, crate::protocol::Payload::mark(&seen)));
    let reply = f.step(&key, Step::Lease { nonce: nonce(), lasting: LONG, seen }).await;
    f.same("LEASE of a seen value", reply, Reply::Standing(Standing::Fenced));
}

pub(super) async fn a_lifetime_of_nothing_is_over_at_once(f: &Fixture) {
    let key = f.key("a");
    f.leased(&key, Duration::ZERO).await;
    f.is_absent(&key).await;
    let stamp = f.fenced(&key, Duration::ZERO).await;
    f.is_absent(&key).await;
    f.finishes(&key, stamp, &value("1"), Ending::Lost).await;
    let stamp = f.leased(&key, LONG).await;
    let fill = Step::Fill { stamp, value: value("1"), ttl: Duration::ZERO };
    f.same("FILL", f.step(&key, fill).await, Reply::Applied(true));
    f.is_absent(&key).await;
}
