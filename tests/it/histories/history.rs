//! From the events of all processes to a history for each row.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::call::LOAD_MANY;
use super::check::linearizable;
use super::clock::Moment;
use super::operation::{Effect, Operation, Timed, Write};
use super::record::{CallId, End, Event};
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
    /// Loads of many rows, which only must not be stale.
    pub loads_of_many: Vec<Timed>,
}

/// How calls of one kind ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub calls: usize,
    pub done: usize,
    pub from_cache: usize,
    pub nothing: usize,
    pub unknown: usize,
    pub cancelled: usize,
    pub killed: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, done, from_cache, nothing, unknown, cancelled, killed } = self;
        write!(f, "{calls:>7} calls, {done:>7} done, {cancelled:>5} cancelled, {killed:>4} killed")?;
        write!(f, ", {nothing} refused, {unknown} unknown, {from_cache} from the cache")
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
        let (mut history, mut begun) = (Self::default(), HashMap::new());
        for event in events {
            match event {
                Event::Begun { call, at, kind, writes } => {
                    history.count(&kind).calls += 1;
                    begun.insert(call, Begun { at, kind, writes });
                }
                Event::Ended { call, at, end } => {
                    let beginning = begun.remove(&call).expect("what ends has begun");
                    history.ended(call, beginning, at, end);
                }
            }
        }
        for (call, beginning) in begun {
            history.count(&beginning.kind).killed += 1;
            history.untold(call, beginning);
        }
        history
    }

    fn ended(&mut self, call: CallId, begun: Begun, at: Moment, end: End) {
        let count = self.count(&begun.kind);
        match end {
            End::Done { effects, from_cache } => {
                count.done += 1;
                count.from_cache += usize::from(from_cache);
                for (row, effect) in effects {
                    self.told(call, &begun, at, row, effect);
                }
            }
            End::Nothing(error) => {
                count.nothing += 1;
                self.error(&error);
            }
            End::Unknown(error) => {
                count.unknown += 1;
                self.error(&error);
                self.untold(call, begun);
            }
            End::Cancelled => {
                count.cancelled += 1;
                self.untold(call, begun);
            }
        }
    }

    fn told(&mut self, call: CallId, begun: &Begun, at: Moment, row: i32, effect: Effect) {
        let operation = Operation::Told(effect);
        let timed = Timed { client: call.client, begun: begun.at, ended: Some(at), operation };
        let row = self.rows.entry(row).or_default();
        let list = if begun.kind == LOAD_MANY { &mut row.loads_of_many } else { &mut row.operations };
        list.push(timed);
    }

    fn untold(&mut self, call: CallId, begun: Begun) {
        for (row, write) in begun.writes {
            let operation = Operation::Untold(write);
            let timed = Timed { client: call.client, begun: begun.at, ended: None, operation };
            self.rows.entry(row).or_default().operations.push(timed);
        }
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
            stale(&row.all()).map_or(Ok(()), |stale| Err(broken(stale.describe(origin))))?;
            linearizable(&row.operations).map_err(|violation| broken(violation.describe(origin)))?;
        }
        Ok(())
    }
}

impl RowHistory {
    fn all(&self) -> Vec<Timed> {
        let mut all = [self.operations.as_slice(), self.loads_of_many.as_slice()].concat();
        all.sort_by_key(|timed| timed.begun);
        all
    }

    fn describe(&self, origin: Moment) -> String {
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
