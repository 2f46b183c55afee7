//! What holds for every step on whatever may stand under a key.

use std::time::Duration;

use proptest::collection::btree_map;
use proptest::prelude::*;

use super::super::{Ending, Entry, Incarnation, Micros, Nonce, Reply, Server, Stamp, State, Step, Token, Trust, apply};
use super::Row;

/// Few names, so that a step often meets its own lease or token.
fn stamps() -> impl Strategy<Value = Stamp> {
    prop_oneof![Just((1, 0)), Just((1, 1)), Just((2, 0))].prop_map(|(at, nonce)| super::stamp(at, nonce))
}

fn moments() -> impl Strategy<Value = Micros> {
    (1..10_u64).prop_map(Micros)
}

fn durations() -> impl Strategy<Value = Duration> {
    (1..6_u64).prop_map(Duration::from_micros)
}

fn rows() -> impl Strategy<Value = Row> {
    (0..4_u8).prop_map(Row)
}

/// States with their expiry. A fence holds each name once, and expires with its last token.
fn states() -> impl Strategy<Value = (State<Row>, Micros)> {
    let values = (moments(), rows()).prop_map(|(written_at, value)| State::Value { written_at, value });
    let leases = stamps().prop_map(|stamp| State::Lease { stamp });
    let fences = (btree_map(stamps(), moments(), 1..4), any::<bool>()).prop_map(|(tokens, contended)| {
        let last = tokens.values().copied().max().expect("a fence holds a token");
        let tokens = tokens.into_iter().map(|(stamp, deadline)| Token { stamp, deadline }).collect();
        (State::Fence { tokens, contended }, last)
    });
    prop_oneof![(values, moments()), (leases, moments()), fences]
}

fn entries() -> impl Strategy<Value = Option<Entry<Row>>> {
    let entry = (1..3_u64, states()).prop_map(|(incarnation, (state, expires_at))| Entry {
        incarnation: Incarnation(incarnation),
        expires_at,
        state,
    });
    proptest::option::weighted(0.9, entry)
}

fn steps() -> impl Strategy<Value = Step<Row>> {
    let nonces = || (0..2_u64).prop_map(Nonce);
    let seen = proptest::option::of((moments(), any::<bool>()));
    let values = proptest::option::of((rows(), durations()));
    prop_oneof![
        1 => Just(Step::Get),
        1 => (nonces(), durations(), seen).prop_map(|(nonce, lasting, seen)| Step::Lease { nonce, lasting, seen }),
        3 => (stamps(), rows(), durations()).prop_map(|(stamp, value, ttl)| Step::Fill { stamp, value, ttl }),
        1 => stamps().prop_map(|stamp| Step::Release { stamp }),
        1 => (nonces(), durations()).prop_map(|(nonce, lasting)| Step::Fence { nonce, lasting }),
        1 => (stamps(), durations()).prop_map(|(stamp, lasting)| Step::Renew { stamp, lasting }),
        4 => (stamps(), values).prop_map(|(stamp, value)| Step::Finish { stamp, value }),
        1 => Just(Step::Invalidate),
    ]
}

/// Early, so that most of what is to expire has not yet.
fn servers() -> impl Strategy<Value = Server> {
    (1..3_u64, 1..5_u64, prop_oneof![Just(Trust::Own), Just(Trust::Any)]).prop_map(|(incarnation, now, trust)| Server {
        incarnation: Incarnation(incarnation),
        now: Micros(now),
        trust,
    })
}

/// What of an entry counts, as GET leaves it.
fn counting(entry: Option<Entry<Row>>, server: &Server) -> Option<Entry<Row>> {
    apply(entry, Step::Get, server).0
}

fn value(entry: Option<&Entry<Row>>) -> Option<(Micros, Row)> {
    match entry?.state {
        State::Value { written_at, value } => Some((written_at, value)),
        State::Lease { .. } | State::Fence { .. } => None,
    }
}

/// The tokens of a fence and whether it is contended.
fn fence(entry: Option<&Entry<Row>>) -> Option<(&[Token], bool)> {
    match &entry?.state {
        State::Fence { tokens, contended } => Some((tokens, *contended)),
        State::Value { .. } | State::Lease { .. } => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn a_value_enters_only_under_an_unbroken_lease_or_through_the_only_writer_in_flight(
        entry in entries(), step in steps(), server in servers()
    ) {
        let before = counting(entry.clone(), &server);
        let (after, reply) = apply(entry, step.clone(), &server);
        let entered = value(after.as_ref()).filter(|now| value(before.as_ref()) != Some(*now));
        let Some((written_at, row)) = entered else { return Ok(()) };
        prop_assert_eq!(written_at, server.now);
        match step {
            Step::Fill { stamp, value, .. } => {
                prop_assert_eq!(before.expect("a lease").state, State::Lease { stamp });
                prop_assert_eq!((row, reply), (value, Reply::Applied(true)));
            }
            Step::Finish { stamp, value: Some((value, _)) } => {
                let (tokens, contended) = fence(before.as_ref()).expect("a fence");
                prop_assert_eq!(tokens.iter().map(|token| token.stamp).collect::<Vec<_>>(), [stamp]);
                prop_assert!(!contended);
                prop_assert_eq!((row, reply), (value, Reply::Finished(Ending::Refreshed)));
            }
            other => prop_assert!(false, "{:?} let a value in", other),
        }
    }

    #[test]
    fn a_contended_fence_ends_absent_or_stays_contended(entry in entries(), step in steps(), server in servers()) {
        let before = counting(entry.clone(), &server);
        let Some((_, true)) = fence(before.as_ref()) else { return Ok(()) };
        let (after, _) = apply(entry, step, &server);
        prop_assert!(after.is_none() || fence(after.as_ref()).is_some_and(|(_, contended)| contended));
    }

    #[test]
    fn a_fence_that_lost_a_token_or_gained_one_is_contended(entry in entries(), step in steps(), server in servers()) {
        let Some((before, _)) = fence(entry.as_ref()) else { return Ok(()) };
        let before: Vec<_> = before.iter().map(|token| token.stamp).collect();
        let stood = counting(entry.clone(), &server).is_some();
        let (after, _) = apply(entry, step, &server);
        let Some((after, contended)) = fence(after.as_ref()) else { return Ok(()) };
        let after: Vec<_> = after.iter().map(|token| token.stamp).collect();
        prop_assert!(!stood || contended || before == after);
    }

    #[test]
    fn whatever_stands_expires_and_a_fence_with_its_last_token(entry in entries(), step in steps(), server in servers()) {
        let (after, _) = apply(entry, step, &server);
        let Some(after) = after else { return Ok(()) };
        prop_assert!(after.expires_at > server.now);
        prop_assert!(after.expires_at < Micros(u64::MAX));
        if let Some((tokens, _)) = fence(Some(&after)) {
            prop_assert_eq!(tokens.iter().map(|token| token.deadline).max(), Some(after.expires_at));
            prop_assert!(tokens.iter().all(|token| token.deadline > server.now));
        }
    }

    #[test]
    fn a_get_tells_nothing_but_what_the_next_step_finds_anyway(entry in entries(), step in steps(), server in servers()) {
        let once = counting(entry.clone(), &server);
        prop_assert_eq!(counting(once.clone(), &server), once.clone());
        prop_assert_eq!(apply(once, step.clone(), &server), apply(entry, step, &server));
    }

    #[test]
    fn what_another_incarnation_wrote_is_as_good_as_absent(entry in entries(), step in steps(), server in servers()) {
        let Some(entry) = entry else { return Ok(()) };
        let server = Server { incarnation: Incarnation(entry.incarnation.0 + 1), trust: Trust::Own, ..server };
        prop_assert_eq!(apply(Some(entry), step.clone(), &server), apply(None, step, &server));
    }

    #[test]
    fn whatever_a_step_writes_bears_the_servers_incarnation(entry in entries(), step in steps(), server in servers()) {
        let before = counting(entry.clone(), &server);
        let (after, _) = apply(entry, step, &server);
        let unchanged = before == after;
        prop_assert!(unchanged || after.is_none_or(|after| after.incarnation == server.incarnation));
    }

    #[test]
    fn a_step_that_names_a_stamp_nobody_holds_leaves_no_new_value(
        entry in entries(), step in steps(), server in servers()
    ) {
        let before = counting(entry.clone(), &server);
        let named = match &step {
            Step::Fill { stamp, .. } | Step::Finish { stamp, .. } | Step::Release { stamp } => *stamp,
            _ => return Ok(()),
        };
        let held = match before.as_ref().map(|entry| &entry.state) {
            Some(State::Lease { stamp }) => *stamp == named,
            Some(State::Fence { tokens, .. }) => tokens.iter().any(|token| token.stamp == named),
            _ => false,
        };
        if held {
            return Ok(());
        }
        let (after, reply) = apply(entry, step, &server);
        prop_assert!(value(after.as_ref()).is_none_or(|now| value(before.as_ref()) == Some(now)));
        prop_assert!(matches!(reply, Reply::Applied(false) | Reply::Finished(Ending::Lost)));
    }
}
