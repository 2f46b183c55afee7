//! Whether a load reflects every write acknowledged before it began, or that it must know of by then if less is promised.
//!
//! This follows from linearizability, and is all that loads of many rows and of lists promise. It is checked of every load,
//! because what is against it can be told in three lines.
//!
//! A list must have a row that was in it in each of its possible states while the load ran; what it has, must be one of them.

use std::collections::HashMap;

use super::clock::Moment;
use super::operation::{Effect, Operation, Timed, Write};
use super::row::{Cell, is_in};

/// A load, and what it should have known.
#[derive(Debug)]
pub struct Stale {
    pub load: Timed,
    pub why: Why,
}

#[derive(Debug)]
pub enum Why {
    /// Nobody wrote that, or not before the load ended.
    NeverWritten(Cell),
    /// What was written here had been overwritten when the load began.
    Overwritten { written: Timed, overwritten: Timed },
    /// There was a row when the load began, and nobody deleted it since.
    Present { inserted: Timed },
    /// So it was, and whatever the row may have been, it was in the list.
    Listed { inserted: Timed, gates: Vec<i64> },
}

impl Stale {
    pub fn describe(&self, origin: Moment) -> String {
        let line = |timed: &Timed| timed.describe(origin);
        let why = match &self.why {
            Why::NeverWritten(cell) => format!("{cell:?} had not been written"),
            Why::Overwritten { written, overwritten } => {
                format!("{}\nwhich had been overwritten by\n{}", line(written), line(overwritten))
            }
            Why::Present { inserted } => format!("{}\nwhich nobody had deleted", line(inserted)),
            Why::Listed { inserted, gates } => {
                format!("{}\nwhich nobody had deleted, and all its gates were in the list: {gates:?}", line(inserted))
            }
        };
        format!("a load is stale:\n{}\nbut\n{why}\n", line(&self.load))
    }
}

/// The loads of a row's history that are stale.
pub fn stale(history: &[Timed]) -> Vec<Stale> {
    let writes = Writes::of(history);
    let stale = history.iter().filter_map(|load| {
        let why = match load.operation {
            Operation::Told(Effect::Loaded(Some(values))) => {
                values.cells().into_iter().find_map(|cell| writes.why_not(load, cell))?
            }
            Operation::Told(Effect::Loaded(None)) => writes.why_present(load)?,
            Operation::Told(Effect::NotIn(squad)) => writes.why_listed(load, squad)?,
            _ => return None,
        };
        Some(Stale { load: *load, why })
    });
    stale.collect()
}

struct Writes {
    by_cell: HashMap<Cell, Timed>,
    overwriting_gate: Acknowledged,
    overwriting_pilot: Acknowledged,
    inserts: Acknowledged,
    deletes: Vec<Timed>,
}

impl Writes {
    fn of(history: &[Timed]) -> Self {
        let written = |timed: &Timed| timed.operation.written();
        let deletes = |timed: &Timed| {
            matches!(timed.operation, Operation::Told(Effect::Deleted) | Operation::Untold(Write::Delete))
        };
        let overwrites = |timed: &Timed, of: fn(&Cell) -> bool| deletes(timed) || written(timed).iter().any(of);
        let all = |which: &dyn Fn(&Timed) -> bool| Acknowledged::of(history.iter().filter(|timed| which(timed)));
        Self {
            by_cell: history.iter().flat_map(|timed| written(timed).into_iter().map(|cell| (cell, *timed))).collect(),
            overwriting_gate: all(&|timed| overwrites(timed, |cell| matches!(cell, Cell::Gate(_)))),
            overwriting_pilot: all(&|timed| overwrites(timed, |cell| matches!(cell, Cell::Pilot(_)))),
            inserts: all(&|timed| {
                matches!(timed.operation, Operation::Told(Effect::Inserted(_) | Effect::Upserted(_)))
            }),
            deletes: history.iter().filter(|timed| deletes(timed)).copied().collect(),
        }
    }

    fn why_not(&self, load: &Timed, cell: Cell) -> Option<Why> {
        let Some(written) = self.by_cell.get(&cell).filter(|written| Some(written.begun) <= load.ended) else {
            return Some(Why::NeverWritten(cell));
        };
        let overwriting = match cell {
            Cell::Gate(_) => &self.overwriting_gate,
            Cell::Pilot(_) => &self.overwriting_pilot,
        };
        let overwritten = overwriting.last_begun_of_those_known_before(load.begun)?;
        (overwritten.begun > written.ended?).then_some(Why::Overwritten { written: *written, overwritten })
    }

    /// Why the row should have been in the list.
    fn why_listed(&self, load: &Timed, squad: i64) -> Option<Why> {
        let Why::Present { inserted } = self.why_present(load)? else { return None };
        let gates = self.by_cell.keys().filter_map(|cell| match cell {
            Cell::Gate(gate) if self.why_not(load, *cell).is_none() => Some(*gate),
            _ => None,
        });
        let gates: Vec<_> = gates.collect();
        gates.iter().all(|gate| is_in(*gate, squad)).then_some(Why::Listed { inserted, gates })
    }

    /// Why there should have been a row.
    fn why_present(&self, load: &Timed) -> Option<Why> {
        let inserted = self.inserts.last_begun_of_those_known_before(load.begun)?;
        let after = |delete: &Timed| delete.ended.is_none_or(|ended| ended >= inserted.begun);
        let deleted = self.deletes.iter().any(|delete| Some(delete.begun) <= load.ended && after(delete));
        (!deleted).then_some(Why::Present { inserted })
    }
}

/// Writes that loads must know of, in the order of these times; each with the one that began last of those up to it.
struct Acknowledged(Vec<(Moment, Timed)>);

impl Acknowledged {
    fn of<'a>(writes: impl Iterator<Item = &'a Timed>) -> Self {
        let mut known: Vec<_> = writes.filter_map(|timed| Some((timed.known?, *timed))).collect();
        known.sort_by_key(|(known, _)| *known);
        let mut last: Option<Timed> = None;
        for (_, timed) in &mut known {
            let later = last.filter(|last| last.begun > timed.begun).unwrap_or(*timed);
            *timed = *last.insert(later);
        }
        Self(known)
    }

    fn last_begun_of_those_known_before(&self, moment: Moment) -> Option<Timed> {
        let count = self.0.partition_point(|(known, _)| *known < moment);
        self.0.get(count.checked_sub(1)?).map(|(_, timed)| *timed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{Change, Values};
    use super::*;
    use Effect::{Deleted, Inserted, Loaded, NotIn, Updated};

    fn told(begun: u64, ended: u64, effect: Effect) -> Timed {
        let ended = Some(Moment(ended));
        Timed { client: 0, begun: Moment(begun), ended, known: ended, operation: Operation::Told(effect) }
    }

    fn row(gate: i64, pilot: i64) -> Values {
        Values { gate, pilot }
    }

    fn first(history: &[Timed]) -> Option<Stale> {
        stale(history).into_iter().next()
    }

    const ONE: Values = Values { gate: 1, pilot: 1 };

    #[test]
    fn a_load_may_show_what_was_not_yet_overwritten_when_it_began() {
        let change = Change { gate: Some(2), pilot: None };
        let history = |load| [told(0, 1, Inserted(ONE)), told(10, 20, Updated(change, row(2, 1))), load];
        for (begun, loaded) in [(5, ONE), (15, ONE), (20, ONE), (15, row(2, 1)), (25, row(2, 1))] {
            let history = history(told(begun, 30, Loaded(Some(loaded))));
            assert!(stale(&history).is_empty(), "{loaded:?} from {begun}");
        }
        let old = first(&history(told(21, 30, Loaded(Some(ONE))))).map(|stale| stale.why);
        assert!(matches!(old, Some(Why::Overwritten { overwritten, .. }) if overwritten.begun == Moment(10)));
        let early = first(&history(told(5, 9, Loaded(Some(row(2, 1)))))).map(|stale| stale.why);
        assert!(matches!(early, Some(Why::NeverWritten(Cell::Gate(2)))));
    }

    #[test]
    fn a_load_may_show_no_row_until_an_insert_returned_and_once_a_delete_began() {
        let history = |load| [told(10, 20, Inserted(ONE)), told(30, 40, Deleted), load];
        for (begun, ended) in [(0, 5), (15, 25), (20, 25), (25, 30), (25, 45), (50, 60)] {
            assert!(stale(&history(told(begun, ended, Loaded(None)))).is_empty(), "{begun} to {ended}");
        }
        let missed = first(&history(told(21, 29, Loaded(None)))).map(|stale| stale.why);
        assert!(matches!(missed, Some(Why::Present { .. })));
        assert!(first(&history(told(41, 50, Loaded(Some(ONE))))).is_some(), "it had been deleted");
    }

    #[test]
    fn a_delete_whose_end_is_untold_may_happen_late() {
        let operation = Operation::Untold(Write::Delete);
        let delete = Timed { client: 0, begun: Moment(5), ended: None, known: None, operation };
        let history = |loaded| [delete, told(10, 20, Inserted(ONE)), told(30, 40, Loaded(loaded))];
        assert!(stale(&history(None)).is_empty());
        assert!(stale(&history(Some(ONE))).is_empty());
    }

    /// Gates 1 and 3 are in one squad, 2 and 4 in the other.
    const SQUAD: i64 = 1;

    fn moving(load: Timed) -> [Timed; 3] {
        let change = Change { gate: Some(2), pilot: None };
        [told(0, 1, Inserted(ONE)), told(10, 20, Updated(change, row(2, 1))), load]
    }

    #[test]
    fn a_list_may_lack_a_row_that_was_elsewhere_at_some_moment_of_the_load() {
        for (begun, ended) in [(5, 15), (15, 16), (15, 30), (21, 30)] {
            assert!(stale(&moving(told(begun, ended, NotIn(SQUAD)))).is_empty(), "{begun} to {ended}");
        }
        let elsewhere = [(0, 30), (5, 9), (15, 16)];
        assert!(elsewhere.iter().all(|(begun, ended)| stale(&moving(told(*begun, *ended, NotIn(2)))).is_empty()));
    }

    /// Neither a list that was filled by a reader that a writer overtook, nor one that no writer fences.
    #[test]
    fn a_list_that_lacks_a_row_that_was_in_it_all_the_while_is_stale() {
        let before = first(&moving(told(2, 9, NotIn(SQUAD)))).map(|stale| stale.why);
        assert!(matches!(before, Some(Why::Listed { gates, .. }) if gates == [1]));
        let naive = first(&moving(told(21, 30, NotIn(2)))).map(|stale| stale.why);
        assert!(matches!(naive, Some(Why::Listed { gates, .. }) if gates == [2]));
    }

    /// One whose members nobody verifies.
    #[test]
    fn a_list_that_has_a_row_as_it_was_before_it_moved_on_is_stale() {
        assert!(first(&moving(told(21, 30, Loaded(Some(ONE))))).is_some());
    }

    #[test]
    fn a_list_may_lack_a_row_that_moves_within_it_only_if_it_was_deleted() {
        let change = Change { gate: Some(3), pilot: None };
        let history = |load| [told(0, 1, Inserted(ONE)), told(10, 20, Updated(change, row(3, 1))), load];
        let gates = |stale: Stale| match stale.why {
            Why::Listed { mut gates, .. } => {
                gates.sort_unstable();
                gates
            }
            why => panic!("{why:?}"),
        };
        assert_eq!(first(&history(told(15, 16, NotIn(SQUAD)))).map(gates), Some(vec![1, 3]));
        let deleted = [&history(told(35, 40, NotIn(SQUAD)))[..], &[told(30, 33, Deleted)]].concat();
        assert!(stale(&deleted).is_empty());
    }

    #[test]
    fn a_write_that_others_may_see_late_makes_no_load_stale_until_then() {
        let late = Timed { known: Some(Moment(50)), ..told(10, 20, Updated(row(2, 2).all(), row(2, 2))) };
        let history = |begun| [told(0, 1, Inserted(ONE)), late, told(begun, 60, Loaded(Some(ONE)))];
        assert!(stale(&history(40)).is_empty());
        assert!(first(&history(51)).is_some());
    }
}
