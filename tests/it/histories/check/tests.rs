//! Histories that are linearizable, histories that are not, and a slow checker to compare with.

use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::super::clock::Moment;
use super::super::operation::{Effect, Operation, State, Timed, Write};
use super::super::row::{Change, Values};
use super::linearizable;
use Effect::{Deleted, Duplicate, Inserted, Loaded, NoSuchRow, NoneUnder, NothingToDelete, Updated, Upserted};

fn told(begun: u64, ended: u64, effect: Effect) -> Timed {
    let ended = Some(Moment(ended));
    Timed { client: 0, begun: Moment(begun), ended, known: ended, operation: Operation::Told(effect) }
}

fn untold(begun: u64, write: Write) -> Timed {
    Timed { client: 0, begun: Moment(begun), ended: None, known: None, operation: Operation::Untold(write) }
}

fn row(gate: i64, pilot: i64) -> Values {
    Values { gate, pilot }
}

fn all(value: i64) -> Change {
    Change { gate: Some(value), pilot: Some(value) }
}

fn gate(value: i64) -> Change {
    Change { gate: Some(value), pilot: None }
}

fn seen(gate: i64, pilot: i64) -> Effect {
    Loaded(Some(row(gate, pilot)))
}

fn ok(history: &[Timed]) -> bool {
    linearizable(history).is_ok()
}

#[test]
fn one_after_the_other_is_an_order() {
    let mut history = vec![
        told(0, 1, Loaded(None)),
        told(2, 3, Inserted(row(1, 1))),
        told(4, 5, Duplicate),
        told(6, 7, Updated(gate(2), row(2, 1))),
        told(8, 9, seen(2, 1)),
        told(10, 11, Deleted),
        told(12, 13, NothingToDelete),
        told(14, 15, NoSuchRow),
    ];
    assert!(ok(&history));
    history.push(told(16, 17, seen(2, 1)));
    let violation = linearizable(&history).unwrap_err();
    assert_eq!((violation.state, violation.stuck), (Some(row(2, 1)), vec![history[5]]));
    assert_eq!(violation.to_be_seen, [history[8]], "what the delete would take away");
    assert!(ok(&[]));
}

#[test]
fn a_load_beside_a_write_sees_it_or_does_not() {
    let history = |loaded, later| {
        [told(0, 1, Inserted(row(1, 1))), told(2, 9, Updated(all(2), row(2, 2))), told(3, 4, loaded), told(5, 6, later)]
    };
    assert!(ok(&history(seen(1, 1), seen(1, 1))));
    assert!(ok(&history(seen(1, 1), seen(2, 2))));
    assert!(ok(&history(seen(2, 2), seen(2, 2))));
    assert!(!ok(&history(seen(2, 2), seen(1, 1))), "back in time");
    assert!(!ok(&history(seen(2, 1), seen(2, 2))), "half of a write");
}

#[test]
fn an_old_value_after_a_write_that_returned_has_no_order() {
    let history = |second: Timed| [told(0, 1, Inserted(row(1, 1))), second, told(4, 5, seen(1, 1))];
    assert!(!ok(&history(told(2, 3, Updated(all(2), row(2, 2))))));
    assert!(!ok(&history(told(2, 3, Deleted))));
    assert!(ok(&history(told(2, 4, Deleted))), "at the same time nobody knows");
}

#[test]
fn a_change_of_one_column_that_loses_the_other_has_no_order() {
    let history = |after| [told(0, 1, Inserted(row(1, 1))), told(2, 9, Updated(gate(2), row(2, 1))), told(2, 9, after)];
    let pilot = |value| Change { gate: None, pilot: Some(value) };
    assert!(ok(&history(Updated(pilot(3), row(2, 3)))));
    assert!(!ok(&history(Updated(pilot(3), row(1, 3)))), "the other one returned what was there before both");
}

#[test]
fn a_write_whose_end_is_untold_happens_at_any_time_or_never() {
    let history = |loads: &[Effect]| {
        let writes = [told(0, 1, Inserted(row(1, 1))), untold(2, Write::Update(all(2)))];
        let loads = loads.iter().zip((10..).step_by(10)).map(|(load, at)| told(at, at + 5, *load));
        writes.into_iter().chain(loads).collect::<Vec<_>>()
    };
    assert!(ok(&history(&[seen(1, 1), seen(1, 1)])));
    assert!(ok(&history(&[seen(1, 1), seen(2, 2)])));
    assert!(ok(&history(&[seen(2, 2), seen(2, 2)])));
    assert!(!ok(&history(&[seen(2, 2), seen(1, 1)])));
    assert!(!ok(&[told(0, 1, Inserted(row(1, 1))), told(2, 3, seen(2, 2)), untold(4, Write::Update(all(2)))]));
}

#[test]
fn each_untold_delete_explains_one_absence() {
    let history = |deletes: usize| {
        let mut history = vec![
            told(0, 1, Inserted(row(1, 1))),
            told(2, 3, Loaded(None)),
            told(4, 5, Inserted(row(2, 2))),
            told(6, 7, NoSuchRow),
        ];
        history.extend((0..deletes).map(|_| untold(1, Write::Delete)));
        history
    };
    assert!(!ok(&history(1)));
    assert!(ok(&history(2)));
    assert!(!ok(&[told(0, 1, Inserted(row(1, 1))), told(2, 3, Loaded(None)), untold(4, Write::Delete)]));
}

#[test]
fn no_row_under_a_key_means_that_the_row_is_elsewhere_or_nowhere() {
    let history = |by_code| [told(0, 1, Inserted(row(1, 1))), told(2, 9, Updated(gate(2), row(2, 1))), by_code];
    for (begun, code, is_so) in [(3, 0, true), (3, 1, true), (3, 2, true), (10, 1, true), (10, 2, false)] {
        assert_eq!(ok(&history(told(begun, begun + 1, NoneUnder(code)))), is_so, "{code} from {begun}");
    }
    assert!(!ok(&[told(0, 1, Inserted(row(1, 1))), told(2, 3, NoneUnder(1))]));
    assert!(ok(&[told(0, 1, Inserted(row(1, 1))), told(2, 3, Deleted), told(4, 5, NoneUnder(1))]));
}

#[test]
fn each_untold_move_explains_one_key_without_a_row() {
    let history = |moves: usize| {
        let mut history = vec![
            told(0, 1, Inserted(row(1, 1))),
            told(2, 3, NoneUnder(1)),
            told(4, 5, Updated(gate(4), row(4, 1))),
            told(6, 7, NoneUnder(1)),
            told(8, 9, Updated(gate(7), row(7, 1))),
        ];
        history.extend((0..moves).map(|_| untold(1, Write::Update(gate(5)))));
        history
    };
    assert!(!ok(&history(1)));
    assert!(ok(&history(2)));
    assert!(!ok(&[told(0, 1, Inserted(row(1, 1))), told(2, 3, NoneUnder(1)), untold(4, Write::Update(gate(2)))]));
}

#[test]
fn an_upsert_is_possible_always() {
    let history = |before| [told(0, 1, before), told(2, 3, Upserted(row(2, 2))), told(4, 5, seen(2, 2))];
    assert!(ok(&history(Inserted(row(1, 1)))) && ok(&history(NoSuchRow)));
    assert!(ok(&[untold(0, Write::Upsert(row(1, 1))), told(2, 3, Duplicate), told(4, 5, Deleted)]));
}

#[test]
fn an_untold_insert_that_nobody_saw_explains_that_there_was_a_row() {
    let history = |effect| [untold(0, Write::Insert(row(1, 1))), told(2, 3, effect)];
    for effect in [Duplicate, Deleted, Updated(all(2), row(2, 2)), seen(1, 1), Loaded(None)] {
        assert!(ok(&history(effect)), "{effect:?}");
    }
    for effect in [Updated(gate(2), row(2, 7)), seen(1, 2)] {
        assert!(!ok(&history(effect)), "{effect:?}");
    }
}

/// A row that several clients use, each step of theirs at a random time, and what they were told.
fn history_of_a_real_row(seed: u64, clients: usize, length: u64, untold_in_ten: u32) -> Vec<Timed> {
    enum Client {
        Idle,
        Begun(u64, Write),
        BegunLoad(u64),
        BegunLoadByCode(u64, i64),
        Done(u64, Effect),
    }
    let mut random = SmallRng::seed_from_u64(seed);
    let (mut state, mut history, mut abandoned): (State, _, Vec<Write>) = (None, Vec::new(), Vec::new());
    let mut at_work: Vec<Client> = (0..clients).map(|_| Client::Idle).collect();
    for now in 0..length {
        let value = i64::try_from(now).unwrap();
        if !abandoned.is_empty() && random.random_ratio(1, 10) {
            let late = Operation::Untold(abandoned.swap_remove(random.random_range(0..abandoned.len())));
            state = late.apply(state).unwrap_or(state);
        }
        let client = &mut at_work[random.random_range(0..clients)];
        *client = match *client {
            Client::Idle => match random.random_range(0..10) {
                0 => Client::Begun(now, Write::Delete),
                1 => Client::Begun(now, Write::Upsert(row(value, value))),
                2 => Client::Begun(now, Write::Insert(row(value, value))),
                3 => Client::Begun(now, Write::Update(all(value))),
                4 => Client::Begun(now, Write::Update(gate(value))),
                5 | 6 => Client::BegunLoadByCode(now, random.random_range(0..3)),
                _ => Client::BegunLoad(now),
            },
            Client::Begun(begun, write) if random.random_ratio(untold_in_ten, 10) => {
                history.push(untold(begun, write));
                abandoned.push(write);
                Client::Idle
            }
            Client::Begun(begun, write) => {
                let before = state;
                state = Operation::Untold(write).apply(state).unwrap_or(state);
                Client::Done(begun, effect_of(write, before))
            }
            Client::BegunLoad(begun) => Client::Done(begun, Loaded(state)),
            Client::BegunLoadByCode(begun, code) => {
                let found = state.is_some_and(|row| row.is_under(code));
                Client::Done(begun, if found { Loaded(state) } else { NoneUnder(code) })
            }
            Client::Done(begun, effect) => {
                history.push(told(begun, now, effect));
                Client::Idle
            }
        };
    }
    let done = at_work.into_iter().filter_map(|client| match client {
        Client::Done(begun, effect) => Some(told(begun, length, effect)),
        _ => None,
    });
    history.extend(done);
    history
}

fn effect_of(write: Write, before: State) -> Effect {
    match (write, before) {
        (Write::Insert(values), None) => Inserted(values),
        (Write::Insert(_), Some(_)) => Duplicate,
        (Write::Upsert(values), _) => Upserted(values),
        (Write::Update(change), Some(row)) => Updated(change, change.of(row)),
        (Write::Update(_), None) => NoSuchRow,
        (Write::Delete, Some(_)) => Deleted,
        (Write::Delete, None) => NothingToDelete,
    }
}

/// Tries every order of every choice of untold writes.
fn has_an_order(left: &[Timed], state: State) -> bool {
    let first_end = left.iter().filter_map(|timed| timed.ended).min();
    let Some(first_end) = first_end else { return true };
    (0..left.len()).filter(|index| left[*index].begun <= first_end).any(|index| {
        let mut rest = left.to_vec();
        let next = rest.remove(index).operation.apply(state);
        next.is_some_and(|state| has_an_order(&rest, state))
    })
}

/// Whether the search says what trying every order says. Of who found no row under a key it may excuse too much, if there
/// are writes whose end is untold; never too little.
fn says_what_is_so(history: &[Timed]) -> bool {
    let any = |which: fn(&Operation) -> bool| history.iter().any(|timed| which(&timed.operation));
    let lenient = any(|operation| matches!(operation, Operation::Told(NoneUnder(_))))
        && any(|operation| matches!(operation, Operation::Untold(_)));
    let (said, is_so) = (ok(history), has_an_order(history, None));
    said == is_so || (lenient && said)
}

/// A few operations that have little to do with each other, at random times.
fn any_history() -> impl Strategy<Value = Vec<Timed>> {
    let operation = (0..12_u64, 0..6_u64, 0..13_u8, 0..7_i64, 0..7_i64);
    prop::collection::vec(operation, 1..8).prop_map(|operations| {
        let timed = |(number, (begun, length, kind, gate_read, pilot_read)): (usize, (u64, u64, u8, i64, i64))| {
            let (value, end) = (i64::try_from(number).unwrap(), begun + length);
            let (written, read) = (row(value, value), row(gate_read, pilot_read));
            match kind {
                0 => untold(begun, Write::Delete),
                1 => untold(begun, Write::Insert(written)),
                2 => untold(begun, Write::Update(gate(value))),
                3 => told(begun, end, Deleted),
                4 => told(begun, end, Inserted(written)),
                5 => told(begun, end, Updated(gate(value), Values { gate: value, ..read })),
                6 => told(begun, end, Updated(all(value), written)),
                10 => told(begun, end, Upserted(written)),
                11 => untold(begun, Write::Upsert(written)),
                12 => told(begun, end, NoneUnder(gate_read % 3)),
                7 => told(begun, end, [Duplicate, NoSuchRow, Loaded(None)][number % 3]),
                _ => told(begun, end, Loaded(Some(if number % 2 == 0 { row(gate_read, gate_read) } else { read }))),
            }
        };
        operations.into_iter().enumerate().map(timed).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_says_what_trying_every_order_says(history in any_history()) {
        prop_assert!(says_what_is_so(&history));
    }

    #[test]
    fn it_says_so_of_what_a_real_row_may_have_done(
        seed: u64,
        untold_in_ten in 0..6_u32,
        moved: prop::sample::Index,
        begun in 0..24_u64,
        length in 0..12_u64,
    ) {
        let mut history = history_of_a_real_row(seed, 3, 24, untold_in_ten);
        prop_assume!(!history.is_empty());
        let moved = moved.get_mut(&mut history);
        moved.begun = Moment(begun);
        moved.ended = moved.ended.and(Some(Moment(begun + length)));
        prop_assert!(says_what_is_so(&history));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_real_row_did_is_linearizable(seed: u64, clients in 1..17_usize, untold_in_ten in 0..4_u32) {
        let history = history_of_a_real_row(seed, clients, 600, untold_in_ten);
        if let Err(violation) = linearizable(&history) {
            prop_assert!(false, "{}", violation.describe(Moment(0)));
        }
    }

    #[test]
    fn one_wrong_load_is_caught(seed: u64, clients in 1..17_usize, untold_in_ten in 0..4_u32, choice: prop::sample::Index) {
        let mut history = history_of_a_real_row(seed, clients, 600, untold_in_ten);
        // Loads of what had been overwritten when they began, by a write that had returned.
        let value = |timed: &Timed| match timed.operation {
            Operation::Told(Inserted(values) | Updated(_, values)) => Some(values),
            _ => None,
        };
        let writes: Vec<_> = history.iter().filter_map(|timed| Some((timed.begun, timed.ended?, value(timed)?))).collect();
        let gone = |load: &Timed| {
            let overwriting = writes.iter().filter(|(_, ended, _)| *ended < load.begun);
            let last_begun = overwriting.map(|(begun, ..)| *begun).max()?;
            writes.iter().find(|(_, ended, _)| *ended < last_begun).map(|(.., values)| *values)
        };
        let loads = (0..history.len()).filter(|index| matches!(history[*index].operation, Operation::Told(Loaded(_))));
        let wrong: Vec<_> = loads.filter_map(|index| Some((index, gone(&history[index])?))).collect();
        prop_assume!(!wrong.is_empty());
        let (index, values) = *choice.get(&wrong);
        history[index].operation = Operation::Told(Loaded(Some(values)));
        prop_assert!(linearizable(&history).is_err_and(|violation| !violation.given_up));
    }
}

#[test]
fn thousands_of_operations_of_sixteen_clients_on_one_row_are_checked_in_a_moment() {
    let history = history_of_a_real_row(7, 16, 30_000, 1);
    assert!(history.len() > 5_000);
    let started = std::time::Instant::now();
    assert!(ok(&history));
    assert!(started.elapsed().as_secs() < 10, "it took {:?}", started.elapsed());
}
