//! Says of a recorded run what went wrong.
//!
//! - **Stale**: a read returned an older value than one that had been acknowledged, or had been seen in the database,
//!   before the read began. How stale: how long ago that was, of the first such value.
//! - **Lost**: a write was acknowledged, and never came to the database; or it was the newest of its row, and an older
//!   one came again after it and stayed.
//! - **Phantom**: a read returned a value that never was in the database, or whose writer had been told that it is not.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::record::{Event, Moment, Told};
use crate::truth::Seen;

/// All that is known of a run. Every row began with the value 0.
#[derive(Debug, Default)]
pub struct History {
    /// Row and value of every committed change, in the database's order.
    pub journal: Vec<(i32, i64)>,
    pub seen: Vec<Seen>,
    pub events: Vec<Event>,
}

/// The numbers.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub stale: usize,
    pub longest: Duration,
    pub lost: usize,
    pub phantoms: usize,
    /// Valid writes that were answered with an error, and reads.
    pub failed: usize,
    /// How long those took that were answered without one.
    pub reads: Latencies,
    pub writes: Latencies,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.stale + self.lost + self.phantoms == 0
    }
}

/// Sorted.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Nothing, if nothing was measured.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(latencies: I) -> Self {
        let mut latencies: Vec<_> = latencies.into_iter().collect();
        latencies.sort_unstable();
        Self(latencies)
    }
}

struct Write {
    row: i32,
    began: Moment,
    ended: Option<(Moment, Told)>,
}

impl Write {
    fn acknowledged(&self) -> Option<Moment> {
        self.ended.filter(|(_, told)| *told == Told::Ok).map(|(at, _)| at)
    }
}

#[derive(Default)]
struct Row {
    /// Which place each value has in the database's order. A value that was written again keeps its first place.
    places: HashMap<i64, usize>,
    last: i64,
    /// From which moment on no value before which place may be read; both ascend.
    settled: Vec<(Moment, usize)>,
}

/// See the [module](self).
pub fn judge(history: &History) -> Verdict {
    let writes = writes(&history.events);
    let rows = rows(history, &writes);
    let mut verdict = Verdict { lost: lost(&writes, &rows), ..Verdict::default() };
    let (mut read, mut written) = (Vec::new(), Vec::new());
    for (value, write) in &writes {
        match (write.acknowledged(), write.ended) {
            (Some(ended), _) => written.push(ended.since(write.began)),
            (None, Some(_)) if *value > 0 => verdict.failed += 1,
            _ => {}
        }
    }
    for event in &history.events {
        match *event {
            Event::Read { row, value, began, ended } => {
                read.push(ended.since(began));
                let was_denied = value
                    .and_then(|value| writes.get(&value))
                    .is_some_and(|write| matches!(write.ended, Some((at, Told::Refused)) if at < ended));
                let place = value.and_then(|value| rows.get(&row)?.places.get(&value).copied());
                let Some(place) = place.filter(|_| !was_denied) else {
                    verdict.phantoms += 1;
                    continue;
                };
                if let Some(staleness) = rows.get(&row).and_then(|row| row.staleness(place, began)) {
                    verdict.stale += 1;
                    verdict.longest = verdict.longest.max(staleness);
                }
            }
            Event::ReadFailed => verdict.failed += 1,
            Event::WriteBegan { .. } | Event::WriteEnded { .. } => {}
        }
    }
    verdict.reads = read.into_iter().collect();
    verdict.writes = written.into_iter().collect();
    verdict
}

fn writes(events: &[Event]) -> HashMap<i64, Write> {
    let mut writes = HashMap::new();
    for event in events {
        match *event {
            Event::WriteBegan { row, value, at } => {
                writes.insert(value, Write { row, began: at, ended: None });
            }
            Event::WriteEnded { value, at, told } => {
                if let Some(write) = writes.get_mut(&value) {
                    write.ended = Some((at, told));
                }
            }
            Event::Read { .. } | Event::ReadFailed => {}
        }
    }
    writes
}

fn rows(history: &History, writes: &HashMap<i64, Write>) -> HashMap<i32, Row> {
    let mut rows: HashMap<i32, Row> = HashMap::new();
    let reads = history.events.iter().filter_map(|event| match event {
        Event::Read { row, .. } => Some(*row),
        _ => None,
    });
    for row in reads {
        rows.entry(row).or_default().places.insert(0, 0);
    }
    for (row, value) in &history.journal {
        let row = rows.entry(*row).or_default();
        row.places.entry(0).or_insert(0);
        let next = row.places.len();
        row.places.entry(*value).or_insert(next);
        row.last = *value;
    }
    let acknowledged = writes.iter().filter_map(|(value, write)| Some((write.acknowledged()?, write.row, *value)));
    let seen = history.seen.iter().map(|seen| (seen.at, seen.row, seen.value));
    for (at, row, value) in acknowledged.chain(seen) {
        if let Some(row) = rows.get_mut(&row)
            && let Some(place) = row.places.get(&value)
        {
            row.settled.push((at, *place));
        }
    }
    rows.values_mut().for_each(Row::settle);
    rows
}

impl Row {
    /// Puts the places in order, and drops those that say nothing new.
    fn settle(&mut self) {
        self.settled.sort_unstable();
        let mut highest = None;
        self.settled.retain(|(_, place)| {
            let is_news = highest.is_none_or(|highest| *place > highest);
            if is_news {
                highest = Some(*place);
            }
            is_news
        });
    }

    /// How long a read that began then is behind, if it is.
    fn staleness(&self, place: usize, began: Moment) -> Option<Duration> {
        let overtaken = self.settled.partition_point(|(_, settled)| *settled <= place);
        let (since, _) = self.settled.get(overtaken)?;
        (*since < began).then(|| began.since(*since))
    }
}

fn lost(writes: &HashMap<i64, Write>, rows: &HashMap<i32, Row>) -> usize {
    let acknowledged = writes.iter().filter(|(_, write)| write.acknowledged().is_some());
    let row_of = |value: &i64, write: &Write| rows.get(&write.row).filter(|row| row.places.contains_key(value));
    let never_came = acknowledged.clone().filter(|(value, write)| row_of(value, write).is_none()).count();
    // Of each row one at most: those before it would have been overwritten anyway.
    let undone = acknowledged.filter(|(value, write)| {
        let last = row_of(value, write).and_then(|row| writes.get(&row.last)).and_then(|last| last.ended);
        last.is_some_and(|(ended, _)| ended < write.began)
    });
    let undone: HashSet<i32> = undone.map(|(_, write)| write.row).collect();
    never_came + undone.len()
}

#[cfg(test)]
mod tests;
