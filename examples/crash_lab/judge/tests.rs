//! Who judges is judged: small histories, and what is to be said of them.

use super::*;

const ROW: i32 = 7;

fn began(value: i64, at: u64) -> Event {
    Event::WriteBegan { row: ROW, value, at: Moment(at) }
}

fn ended(value: i64, at: u64, told: Told) -> Event {
    Event::WriteEnded { value, at: Moment(at), told }
}

fn read(value: i64, from: u64, to: u64) -> Event {
    Event::Read { row: ROW, value: Some(value), began: Moment(from), ended: Moment(to) }
}

fn of(journal: &[i64], events: &[Event]) -> Verdict {
    let journal = journal.iter().map(|value| (ROW, *value)).collect();
    judge(&History { journal, seen: Vec::new(), events: events.to_vec() })
}

#[test]
fn a_read_is_stale_if_a_newer_value_was_acknowledged_before_it_began() {
    let writes = [began(1, 10), ended(1, 20, Told::Ok), began(2, 30), ended(2, 40, Told::Ok)];
    for (event, stale, longest) in [
        (read(0, 15, 25), 0, 0),
        (read(0, 20, 25), 0, 0),
        (read(0, 21, 25), 1, 1),
        (read(0, 50, 60), 1, 30),
        (read(1, 40, 60), 0, 0),
        (read(1, 50, 60), 1, 10),
        (read(2, 35, 36), 0, 0),
        (read(2, 50, 60), 0, 0),
    ] {
        let verdict = of(&[1, 2], &[&writes[..], &[event]].concat());
        assert_eq!((verdict.stale, verdict.longest), (stale, Duration::from_nanos(longest)), "{event:?}");
        assert_eq!((verdict.lost, verdict.phantoms, verdict.reads.count(), verdict.writes.count()), (0, 0, 1, 2));
    }
}

#[test]
fn the_order_is_that_of_the_database_and_not_of_the_answers() {
    let events = [began(1, 10), began(2, 11), ended(2, 20, Told::Ok), ended(1, 30, Told::Ok), read(2, 40, 50)];
    assert_eq!(of(&[1, 2], &events).stale, 0);
    assert_eq!(of(&[2, 1], &events).stale, 1);
}

#[test]
fn what_was_seen_in_the_database_is_settled_even_if_its_writer_died() {
    let history = |seen| History {
        journal: vec![(ROW, 1)],
        seen: vec![Seen { at: Moment(seen), row: ROW, value: 1 }],
        events: vec![began(1, 10), read(0, 50, 60)],
    };
    assert_eq!(judge(&history(49)).longest, Duration::from_nanos(1));
    assert_eq!(judge(&history(50)).stale, 0);
}

#[test]
fn a_write_is_lost_if_it_was_acknowledged_and_never_came_to_the_database() {
    let events = [began(1, 10), ended(1, 20, Told::Ok), began(2, 30), ended(2, 40, Told::Unknown), began(3, 50)];
    assert_eq!(of(&[], &events).lost, 1);
    assert_eq!(of(&[1], &events).lost, 0);
    assert_eq!(of(&[1], &events).failed, 1);
}

#[test]
fn a_write_is_lost_if_an_older_one_came_again_after_it() {
    let events = [began(1, 10), ended(1, 20, Told::Ok), began(2, 30), ended(2, 40, Told::Ok)];
    assert_eq!(of(&[1, 2], &events).lost, 0);
    assert_eq!(of(&[1, 2, 1], &events).lost, 1);
    let three = [&events[..], &[began(3, 50), ended(3, 60, Told::Ok)]].concat();
    assert_eq!(of(&[1, 2, 3, 1], &three).lost, 1, "the second would have been overwritten anyway");
    assert_eq!(of(&[1, 2, 3, 1, 3], &three).lost, 0);
    let at_once = [began(1, 10), began(2, 30), ended(1, 35, Told::Ok), ended(2, 40, Told::Ok)];
    assert_eq!(of(&[2, 1], &at_once).lost, 0);
}

#[test]
fn a_read_is_a_phantom_if_its_value_never_was_in_the_database_or_was_denied() {
    let events = [began(-1, 10), read(-1, 12, 13), ended(-1, 20, Told::Refused), began(2, 30)];
    assert_eq!(of(&[], &events).phantoms, 1);
    assert_eq!(of(&[], &events).failed, 0, "it was to be refused");
    let denied = [began(1, 10), ended(1, 20, Told::Refused), read(1, 21, 22)];
    assert_eq!(of(&[1], &denied).phantoms, 1);
    let nothing = Event::Read { row: ROW, value: None, began: Moment(1), ended: Moment(2) };
    assert_eq!(of(&[], &[nothing]).phantoms, 1);
}

#[test]
fn a_percentile_is_the_value_that_so_many_do_not_exceed() {
    let latencies: Latencies = (1..=200).rev().map(Duration::from_millis).collect();
    let percentiles = [50, 95, 99, 100].map(|percent| latencies.percentile(percent).as_millis());
    assert_eq!(percentiles, [100, 190, 198, 200]);
    assert_eq!(Latencies::default().percentile(99), Duration::ZERO);
}
