//! One sentence for each row of the step table.

use super::super::{Ending, Entry, Incarnation, Micros, Nonce, Reply, Server, Standing, State, Step, Trust, apply};
use super::{INCARNATION, LONG, NOW, Row, entry, fence, lease, server, stamp, value};

type Stands = Option<Entry<Row>>;

const MINE: (u64, u64) = (80, 1);
const OTHERS: (u64, u64) = (70, 2);

fn mine() -> super::super::Stamp {
    stamp(MINE.0, MINE.1)
}

fn others() -> super::super::Stamp {
    stamp(OTHERS.0, OTHERS.1)
}

fn every_state() -> [Stands; 4] {
    [None, value(1), lease(others()), fence(&[(others(), 200)], false)]
}

/// Executes a step and shows what stands there afterwards, and the reply.
fn step(stands: Stands, step: Step<Row>) -> (Stands, Reply<Row>) {
    apply(stands, step, &server())
}

fn ask_for_lease(seen: Option<(u64, bool)>) -> Step<Row> {
    let seen = seen.map(|(written_at, mark)| (Micros(written_at), mark));
    Step::Lease { nonce: Nonce(1), lasting: LONG, seen }
}

fn put_up_fence() -> Step<Row> {
    Step::Fence { nonce: Nonce(1), lasting: LONG }
}

fn finish(row: Option<u8>) -> Step<Row> {
    Step::Finish { stamp: mine(), value: row.map(|row| (Row(row), LONG)) }
}

fn fill() -> Step<Row> {
    Step::Fill { stamp: mine(), value: Row(7), ttl: LONG }
}

fn renew() -> Step<Row> {
    Step::Renew { stamp: mine(), lasting: LONG }
}

/// Seven, written now, for as long as it was to be kept.
fn seven() -> Stands {
    entry(State::Value { written_at: NOW, value: Row(7) }, 150)
}

#[test]
fn a_get_shows_what_stands_there_and_changes_nothing() {
    let shown = [
        Standing::Absent,
        Standing::Value { written_at: Micros(90), value: Row(1) },
        Standing::Leased,
        Standing::Fenced,
    ];
    for (stands, standing) in every_state().into_iter().zip(shown) {
        assert_eq!(step(stands.clone(), Step::Get), (stands, Reply::Standing(standing)));
    }
}

#[test]
fn a_lease_is_granted_where_nothing_stands_and_bears_the_servers_clock() {
    let granted = stamp(NOW.0, 1);
    let (stands, reply) = step(None, ask_for_lease(None));
    assert_eq!(reply, Reply::Leased(granted));
    assert_eq!(stands, entry(State::Lease { stamp: granted }, 150));
}

#[test]
fn a_lease_replaces_just_the_value_that_was_seen() {
    assert_eq!(step(value(1), ask_for_lease(Some((90, true)))).1, Reply::Leased(stamp(NOW.0, 1)));
    for seen in [None, Some((91, true)), Some((90, false))] {
        let standing = Standing::Value { written_at: Micros(90), value: Row(1) };
        assert_eq!(step(value(1), ask_for_lease(seen)), (value(1), Reply::Standing(standing)), "{seen:?}");
    }
}

#[test]
fn a_lease_is_refused_beside_another_reader_or_a_writer() {
    for (stands, standing) in
        [(lease(others()), Standing::Leased), (fence(&[(others(), 200)], false), Standing::Fenced)]
    {
        assert_eq!(step(stands.clone(), ask_for_lease(Some((90, true)))), (stands, Reply::Standing(standing)));
    }
}

#[test]
fn a_fill_under_its_own_lease_becomes_the_value() {
    assert_eq!(step(lease(mine()), fill()), (seven(), Reply::Applied(true)));
}

#[test]
fn a_fill_whose_lease_is_gone_changes_nothing() {
    for stands in every_state() {
        assert_eq!(step(stands.clone(), fill()), (stands, Reply::Applied(false)));
    }
}

#[test]
fn a_fill_must_name_the_whole_stamp() {
    for near in [stamp(MINE.0, 2), stamp(81, MINE.1)] {
        assert_eq!(step(lease(near), fill()), (lease(near), Reply::Applied(false)));
    }
}

#[test]
fn a_release_takes_back_its_own_lease_and_nothing_else() {
    assert_eq!(step(lease(mine()), Step::Release { stamp: mine() }), (None, Reply::Applied(true)));
    for stands in every_state() {
        assert_eq!(step(stands.clone(), Step::Release { stamp: mine() }), (stands, Reply::Applied(false)));
    }
}

#[test]
fn the_first_writer_puts_up_a_clean_fence_and_learns_whether_the_row_was_cached() {
    let token = stamp(NOW.0, 1);
    for (stands, was_cached) in [(None, false), (value(1), true), (lease(others()), false)] {
        let (stands, reply) = step(stands, put_up_fence());
        assert_eq!(reply, Reply::Fenced { stamp: token, was_cached });
        assert_eq!(stands, fence(&[(token, 150)], false));
    }
}

#[test]
fn a_writer_that_joins_a_fence_leaves_it_contended() {
    let token = stamp(NOW.0, 1);
    let (stands, reply) = step(fence(&[(others(), 200)], false), put_up_fence());
    assert_eq!(reply, Reply::Fenced { stamp: token, was_cached: false });
    assert_eq!(stands, fence(&[(others(), 200), (token, 150)], true));
}

#[test]
fn a_renewal_moves_the_deadline_of_its_own_token() {
    for contended in [false, true] {
        let stands = fence(&[(mine(), 110), (others(), 120)], contended);
        let moved = fence(&[(mine(), 150), (others(), 120)], contended);
        assert_eq!(step(stands, renew()), (moved, Reply::Renewed(true)));
    }
}

#[test]
fn a_renewal_that_finds_its_token_gone_returns_to_the_fence_and_leaves_it_contended() {
    let returned = fence(&[(others(), 200), (mine(), 150)], true);
    assert_eq!(step(fence(&[(others(), 200)], false), renew()), (returned, Reply::Renewed(false)));
}

#[test]
fn a_renewal_that_finds_no_fence_puts_up_a_contended_one() {
    for stands in [None, value(1), lease(others())] {
        assert_eq!(step(stands, renew()), (fence(&[(mine(), 150)], true), Reply::Renewed(false)));
    }
}

#[test]
fn a_finish_of_the_only_writer_leaves_its_value() {
    let alone = fence(&[(mine(), 200)], false);
    assert_eq!(step(alone, finish(Some(7))), (seven(), Reply::Finished(Ending::Refreshed)));
}

#[test]
fn a_finish_without_a_value_leaves_nothing() {
    let alone = fence(&[(mine(), 200)], false);
    assert_eq!(step(alone, finish(None)), (None, Reply::Finished(Ending::Emptied)));
}

#[test]
fn a_finish_of_the_last_writer_of_a_contended_fence_leaves_nothing() {
    let contended = fence(&[(mine(), 200)], true);
    assert_eq!(step(contended, finish(Some(7))), (None, Reply::Finished(Ending::Contended)));
}

#[test]
fn a_finish_beside_other_writers_leaves_them_a_contended_fence() {
    let stands = fence(&[(mine(), 200), (others(), 180)], false);
    assert_eq!(
        step(stands, finish(Some(7))),
        (fence(&[(others(), 180)], true), Reply::Finished(Ending::Contended)),
        "the fence lives as long as the tokens that remain"
    );
}

#[test]
fn a_finish_that_finds_a_fence_without_its_token_leaves_it_contended() {
    let stands = fence(&[(others(), 200)], false);
    assert_eq!(step(stands, finish(Some(7))), (fence(&[(others(), 200)], true), Reply::Finished(Ending::Lost)));
}

#[test]
fn a_finish_that_finds_no_fence_leaves_nothing() {
    for stands in [None, value(1), lease(others())] {
        assert_eq!(step(stands, finish(Some(7))), (None, Reply::Finished(Ending::Lost)));
    }
}

#[test]
fn an_invalidation_removes_values_and_leases_and_leaves_a_fence_contended() {
    for stands in [None, value(1), lease(mine())] {
        assert_eq!(step(stands, Step::Invalidate), (None, Reply::Invalidated));
    }
    let stands = fence(&[(mine(), 200)], false);
    assert_eq!(step(stands, Step::Invalidate), (fence(&[(mine(), 200)], true), Reply::Invalidated));
}

#[test]
fn a_token_past_its_deadline_is_dropped_and_leaves_the_fence_contended() {
    let stands = fence(&[(others(), 100), (mine(), 101)], false);
    let (stands, reply) = step(stands, Step::Get);
    assert_eq!(reply, Reply::Standing(Standing::Fenced));
    assert_eq!(stands, fence(&[(mine(), 101)], true));
    assert_eq!(step(stands, finish(Some(7))), (None, Reply::Finished(Ending::Contended)));
}

#[test]
fn a_fence_all_of_whose_tokens_are_past_their_deadline_counts_as_absent() {
    let stands = fence(&[(others(), 99), (mine(), 100)], false);
    assert_eq!(step(stands.clone(), Step::Get), (None, Reply::Standing(Standing::Absent)));
    assert_eq!(step(stands, finish(Some(7))), (None, Reply::Finished(Ending::Lost)));
}

#[test]
fn what_has_expired_counts_as_absent() {
    for state in [State::Value { written_at: Micros(90), value: Row(1) }, State::Lease { stamp: mine() }] {
        assert_eq!(step(entry(state.clone(), 100), Step::Get), (None, Reply::Standing(Standing::Absent)));
        assert_ne!(step(entry(state, 101), Step::Get).0, None);
    }
    assert_eq!(step(entry(State::Lease { stamp: mine() }, 100), fill()), (None, Reply::Applied(false)));
}

#[test]
fn what_another_incarnation_wrote_counts_as_absent_unless_any_is_trusted() {
    for stands in every_state() {
        let restarted = Server { incarnation: Incarnation(INCARNATION.0 + 1), ..server() };
        let (emptied, reply) = apply(stands.clone(), Step::<Row>::Get, &restarted);
        assert_eq!((emptied, reply), (None, Reply::Standing(Standing::Absent)));
        let trusting = Server { trust: Trust::Any, ..restarted };
        assert_eq!(apply(stands.clone(), Step::<Row>::Get, &trusting).0, stands);
    }
}

#[test]
fn a_repeated_fence_cannot_be_finished_by_the_writer_that_sent_it() {
    let (stands, _) = step(None, put_up_fence());
    let finish = Step::Finish { stamp: stamp(NOW.0, 1), value: Some((Row(7), LONG)) };
    let (stands, reply) = step(stands, finish.clone());
    assert_eq!(reply, Reply::Finished(Ending::Refreshed));
    let later = Server { now: Micros(NOW.0 + 1), ..server() };
    let (stands, _) = apply(stands, put_up_fence(), &later);
    let (stands, reply) = apply(stands, finish, &later);
    assert_eq!(reply, Reply::Finished(Ending::Lost));
    assert_eq!(stands, fence(&[(stamp(NOW.0 + 1, 1), 151)], true));
}
