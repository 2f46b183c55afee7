//! From the events of all processes to a history for each row.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::call::{LOAD_ALL, LOAD_MANY};
use super::check::linearizable;
use super::clock::Moment;
use super::operation::{Operation, Timed, Write};
use super::record::{Cache, CallId, End, Event};
use super::stale::stale;

/// What happened to each row, and how much of what kind.
#[derive(Default)]
pub struct History {
    pub rows: BTreeMap<i32, RowHistory>,
    pub counts: BTreeMap<String, Count>,
    /// Errors by what they say, without the numbers in it.
    pub errors: BTreeMap<String, usize>,
}

#[derive(Default)]
pub struct RowHistory {
    /// To be linearizable.
    pub operations: Vec<Timed>,
    /// Loads of many rows and of lists, which only must not be stale.
    pub loads_of_many: Vec<Timed>,
}

/// How calls of one kind ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub calls: usize,
    pub done: usize,
    pub from_cache: usize,
    pub nothing: usize,
    pub committed: usize,
    pub unknown: usize,
    pub cancelled: usize,
    pub killed: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, done, from_cache, nothing, committed, unknown, cancelled, killed } = self;
        write!(f, "{calls:>7} calls, {done:>7} done, {cancelled:>5} cancelled, {killed:>4} killed")?;
        write!(f, ", {nothing} refused, {committed} failed after the commit, {unknown} unknown")?;
        write!(f, ", {from_cache} from the cache")
    }
}

struct Begun {
    at: Moment,
    kind: String,
    writes: Vec<(i32, Write)>,
}

impl History {
    /// The events of each process stand in their order.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Self {
        Self::promised(events, |ended| ended)
    }

    /// The same, if less is promised: of a write that ended then, and that the cache was not told of, loads must know from
    /// that moment on.
    pub fn promised(events: impl IntoIterator<Item = Event>, known: impl Fn(Moment) -> Moment) -> Self {
        let (mut history, mut begun) = (Self::default(), HashMap::new());
        for event in events {
            match event {
                Event::Begun { call, at, kind, writes } => {
                    history.count(&kind).calls += 1;
                    begun.insert(call, Begun { at, kind, writes });
                }
                Event::Ended { call, at, end } => {
                    let beginning = begun.remove(&call).expect("what ends has begun");
                    history.ended(call, beginning, at, end, &known);
                }
            }
        }
        for (call, beginning) in begun {
            history.count(&beginning.kind).killed += 1;
            history.untold(call, beginning, None);
        }
        history
    }

    fn ended(&mut self, call: CallId, begun: Begun, at: Moment, end: End, known: &dyn Fn(Moment) -> Moment) {
        let count = self.count(&begun.kind);
        match end {
            End::Done { effects, cache } => {
                count.done += 1;
                count.from_cache += usize::from(cache == Cache::Answered);
                let known = if cache == Cache::Untold { known(at) } else { at };
                for (row, effect) in effects {
                    let (ended, operation) = (Some(at), Operation::Told(effect));
                    let timed = Timed { client: call.client, begun: begun.at, ended, known: Some(known), operation };
                    self.add(row, &begun.kind, timed);
                }
            }
            End::Nothing(error) => {
                count.nothing += 1;
                self.error(&error);
            }
            End::Committed(error) => {
                count.committed += 1;
                self.error(&error);
                self.untold(call, begun, Some(at));
            }
            End::Unknown(error) => {
                count.unknown += 1;
                self.error(&error);
                self.untold(call, begun, None);
            }
            End::Cancelled => {
                count.cancelled += 1;
                self.untold(call, begun, None);
            }
        }
    }

    fn untold(&mut self, call: CallId, begun: Begun, ended: Option<Moment>) {
        for (row, write) in begun.writes {
            let operation = Operation::Untold(write);
            let timed = Timed { client: call.client, begun: begun.at, ended, known: None, operation };
            self.add(row, &begun.kind, timed);
        }
    }

    fn add(&mut self, row: i32, kind: &str, timed: Timed) {
        let row = self.rows.entry(row).or_default();
        let list = if [LOAD_MANY, LOAD_ALL].contains(&kind) { &mut row.loads_of_many } else { &mut row.operations };
        list.push(timed);
    }

    fn count(&mut self, kind: &str) -> &mut Count {
        self.counts.entry(kind.to_owned()).or_default()
    }

    fn error(&mut self, error: &str) {
        let without_numbers: String = error.chars().filter(|character| !character.is_ascii_digit()).collect();
        *self.errors.entry(without_numbers).or_default() += 1;
    }

    pub fn total(&self) -> Count {
        let add = |one: Count, other: &Count| Count {
            calls: one.calls + other.calls,
            done: one.done + other.done,
            from_cache: one.from_cache + other.from_cache,
            nothing: one.nothing + other.nothing,
            committed: one.committed + other.committed,
            unknown: one.unknown + other.unknown,
            cancelled: one.cancelled + other.cancelled,
            killed: one.killed + other.killed,
        };
        self.counts.values().fold(Count::default(), add)
    }

    /// Whether every row's history is what was promised.
    pub fn check(&self, origin: Moment) -> Result<(), Broken> {
        for (id, row) in &self.rows {
            let broken =
                |account: String| Broken { account: format!("row {id}: {account}"), all: row.describe(origin) };
            stale(&row.all()).first().map_or(Ok(()), |stale| Err(broken(stale.describe(origin))))?;
            linearizable(&row.operations).map_err(|violation| broken(violation.describe(origin)))?;
        }
        Ok(())
    }
}

impl RowHistory {
    /// In the order of their beginnings.
    pub fn all(&self) -> Vec<Timed> {
        let mut all = [self.operations.as_slice(), self.loads_of_many.as_slice()].concat();
        all.sort_by_key(|timed| timed.begun);
        all
    }

    pub fn describe(&self, origin: Moment) -> String {
        self.all().iter().map(|timed| timed.describe(origin) + "\n").collect()
    }
}

/// A promise that was not kept.
#[derive(Debug)]
pub struct Broken {
    /// The few operations that show it.
    pub account: String,
    /// All that happened to the row, a line each.
    pub all: String,
}
