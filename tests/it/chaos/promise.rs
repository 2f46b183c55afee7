//! What a run must keep, and the judge of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::world::Outage;
use crate::histories::check::linearizable;
use crate::histories::client::CLIENTS;
use crate::histories::clock::Moment;
use crate::histories::history::{History, RowHistory};
use crate::histories::operation::{Effect, Operation, Timed};
use crate::histories::record::Event;
use crate::histories::stale::stale;

/// See the [parent](super) for what each means to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    Linearizable,
    NeverStale,
    /// A write that the cache was not told of may be seen so late by other processes.
    StaleWithin(Duration),
}

/// What was not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// A load gave what it must not.
    Stale(String),
    /// No order of the row's operations fits.
    Disordered(String),
    /// The database does not hold what the writes that were acknowledged leave.
    Lost(String),
}

impl Promise {
    /// The history as it is to be judged.
    pub fn history(self, events: impl IntoIterator<Item = Event>, outages: &[Outage]) -> History {
        History::promised(events, |ended| match self {
            Self::Linearizable | Self::NeverStale => ended,
            Self::StaleWithin(bound) => known(ended, bound, outages),
        })
    }

    /// Whether an entry of this row may still differ when the repairs are done.
    pub fn excuses(self, row: &RowHistory) -> bool {
        let is_untold = |timed: &Timed| matches!(timed.operation, Operation::Untold(_));
        self == Self::NeverStale && row.operations.iter().any(is_untold)
    }

    /// All that was broken, by row; `database` is the client that looked into it in the end.
    pub fn judge(self, history: &History, database: u32, origin: Moment) -> BTreeMap<i32, Vec<Broken>> {
        let rows = history.rows.iter().map(|(id, row)| (*id, self.judge_row(row, database, origin)));
        rows.filter(|(_, broken)| !broken.is_empty()).collect()
    }

    fn judge_row(self, row: &RowHistory, database: u32, origin: Moment) -> Vec<Broken> {
        let all = row.all();
        let stale = own(&all).iter().chain([&all]).flat_map(|history| stale(history)).collect::<Vec<_>>();
        let mut broken: Vec<_> = stale.iter().map(|stale| Broken::Stale(stale.describe(origin))).collect();
        if self == Self::Linearizable && broken.is_empty() {
            broken.extend(linearizable(&row.operations).err().map(|why| Broken::Disordered(why.describe(origin))));
        }
        let of_database = |timed: &&Timed| !is_load(timed) || timed.client == database;
        let writes: Vec<_> = row.operations.iter().filter(of_database).copied().collect();
        broken.extend(linearizable(&writes).err().map(|why| Broken::Lost(why.describe(origin))));
        broken
    }
}

fn is_load(timed: &Timed) -> bool {
    matches!(timed.operation, Operation::Told(Effect::Loaded(_) | Effect::NoneUnder(_) | Effect::NotIn(_)))
}

/// What others may see late, who wrote it sees at once: for each such process its loads and all writes.
fn own(all: &[Timed]) -> Vec<Vec<Timed>> {
    let process = |timed: &Timed| timed.client / CLIENTS;
    let late: BTreeSet<_> = all.iter().filter(|timed| timed.known > timed.ended).map(process).collect();
    let of = |one: u32| {
        let kept = all.iter().filter(move |timed| !is_load(timed) || process(timed) == one);
        kept.map(move |timed| {
            let at_once = process(timed) == one && timed.known.is_some();
            Timed { known: if at_once { timed.ended } else { timed.known }, ..*timed }
        })
    };
    late.into_iter().map(|one| of(one).collect()).collect()
}

/// When a write that ended then, and that the cache was not told of, is known to all: the bound begins anew with the end
/// of each outage before it is over.
fn known(ended: Moment, bound: Duration, outages: &[Outage]) -> Moment {
    let mut known = ended.after(bound);
    for outage in outages.iter().filter(|outage| outage.to >= ended) {
        if outage.from <= known {
            known = known.max(outage.to.after(bound));
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_puts_the_bound_off() {
        let outages = [(10, 20), (26, 40), (60, 70)].map(|(from, to)| Outage { from: Moment(from), to: Moment(to) });
        let known = |ended| known(Moment(ended), Duration::from_nanos(7), &outages).0;
        assert_eq!([0, 5, 21, 45, 80].map(known), [7, 47, 47, 52, 87]);
    }
}
