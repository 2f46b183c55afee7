//! Loads of one process that share a query.
//!
//! One query runs per key, and the loads that wait for the next one form a second group. A load that boards before the
//! query is sent shares whatever it finds. A load that boards later may have begun after a save was acknowledged that
//! the query did not see; it takes the row only if the FILL was applied, for then no writer came between.

use writethrough_core::protocol::{Nonce, Stamp, Standing, Step as CacheStep};

use super::explore::{holds, refuted};
use super::key::{Executor, Row};
use super::reader::Readers;
use super::scene::{FRESH, Scene};
use super::witness::Witness;
use super::world::Scenario;
use super::writer::Statement::{Autocommit, Transaction};

#[test]
fn three_loads_may_share_a_query_whose_fill_was_applied_after_they_began() {
    holds(Scenario::<_>::new([Autocommit; 2], Processes::new(1, 3, Rule::Filled)).faults(|faults| faults.crashes = 1));
    holds(Scenario::<_>::new([Autocommit, Transaction], Processes::new(1, 3, Rule::Filled)));
}

#[test]
fn two_processes_that_share_their_queries_do_not_disturb_each_other() {
    holds(Scenario::<_>::new([Autocommit], Processes::new(2, 2, Rule::Filled)));
}

#[test]
fn sharing_any_query_would_break_read_after_write_within_a_process() {
    refuted(&Scenario::<_>::new([Autocommit], Processes::new(1, 2, Rule::Any)), FRESH);
}

/// When a load that boarded after the query was sent may take what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Rule {
    /// When the FILL is known to have been applied.
    Filled,
    /// Always.
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Processes(Vec<Process>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Process {
    loads: Vec<Load>,
    flight: Option<Flight>,
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Load {
    Idle,
    /// Found no value, and has not boarded yet.
    Missed,
    /// Boarded before the query was sent.
    Aboard,
    /// Boarded after the query was sent.
    Late,
    Done,
}

/// The query that runs for the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Flight {
    Boarding,
    /// Whether there is a lease is known; the query is not sent yet.
    Ready(Option<Stamp>),
    Loaded(Option<Stamp>, Row),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Get(u8),
    Board(u8),
    Lease,
    /// The flight leaves the cache alone: a fence was seen, or the cache does not answer.
    Bypass,
    Query,
    /// The query failed; the load that sent it returns the error, the others go on.
    Fail,
    Land(Fill),
}

/// What became of the FILL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fill {
    Answered,
    /// It was executed, but nobody heard of it.
    AnswerLost,
    Lost,
}

impl Processes {
    fn new(processes: usize, loads: usize, rule: Rule) -> Self {
        Self(vec![Process { loads: vec![Load::Idle; loads], flight: None, rule }; processes])
    }
}

impl Readers for Processes {
    type Step = (u8, Step);

    fn count(&self) -> usize {
        self.0.iter().map(|process| process.loads.len()).sum()
    }

    fn choices(&self) -> Vec<Self::Step> {
        (0..).zip(&self.0).flat_map(|(at, process)| process.choices().map(move |step| (at, step))).collect()
    }

    fn take<W: Witness>(&mut self, (at, step): Self::Step, scene: &mut Scene<W>, executor: &Executor) {
        let process = &mut self.0[usize::from(at)];
        let loads = u8::try_from(process.loads.len()).expect("a handful of loads");
        let mut cabin = Cabin { at, first: at * loads, scene, executor };
        process.take(step, &mut cabin);
    }
}

/// Where a process does its steps: its number, the witness' number of its first load, and all that it shares.
struct Cabin<'a, W> {
    at: u8,
    first: u8,
    scene: &'a mut Scene<W>,
    executor: &'a Executor,
}

impl Process {
    fn choices(&self) -> impl Iterator<Item = Step> {
        let loads = (0..).zip(&self.loads).filter_map(|(who, load)| match load {
            Load::Idle => Some(Step::Get(who)),
            Load::Missed => Some(Step::Board(who)),
            Load::Aboard | Load::Late | Load::Done => None,
        });
        let flight = match self.flight {
            None => vec![],
            Some(Flight::Boarding) => vec![Step::Lease, Step::Bypass],
            Some(Flight::Ready(_)) => vec![Step::Query, Step::Fail],
            Some(Flight::Loaded(None, _)) => vec![Step::Land(Fill::Lost)],
            Some(Flight::Loaded(Some(_), _)) => {
                vec![Step::Land(Fill::Answered), Step::Land(Fill::AnswerLost), Step::Land(Fill::Lost)]
            }
        };
        loads.chain(flight)
    }

    fn take<W: Witness>(&mut self, step: Step, cabin: &mut Cabin<'_, W>) {
        match (step, self.flight) {
            (Step::Get(who), _) => self.loads[usize::from(who)] = cabin.get(who),
            (Step::Board(who), flight) => self.loads[usize::from(who)] = self.board(flight),
            (Step::Lease, Some(Flight::Boarding)) => {
                let nonce = Nonce(100 + u64::from(cabin.at));
                self.flight = Some(Flight::Ready(cabin.scene.key.lease(nonce, None, cabin.executor)));
            }
            (Step::Bypass, Some(Flight::Boarding)) => self.flight = Some(Flight::Ready(None)),
            (Step::Query, Some(Flight::Ready(lease))) => {
                self.flight = Some(Flight::Loaded(lease, cabin.scene.query()));
            }
            (Step::Fail, Some(Flight::Ready(lease))) => self.fail(lease, cabin),
            (Step::Land(fill), Some(Flight::Loaded(lease, row))) => self.land(fill, lease, row, cabin),
            (step, flight) => panic!("{step:?} while {flight:?}"),
        }
    }

    fn board(&mut self, flight: Option<Flight>) -> Load {
        match flight {
            None => {
                self.flight = Some(Flight::Boarding);
                Load::Aboard
            }
            Some(Flight::Boarding | Flight::Ready(_)) => Load::Aboard,
            Some(Flight::Loaded(..)) => Load::Late,
        }
    }

    fn fail<W: Witness>(&mut self, lease: Option<Stamp>, cabin: &mut Cabin<'_, W>) {
        if let Some(stamp) = lease {
            cabin.scene.key.step(CacheStep::Release { stamp }, cabin.executor);
        }
        if let Some(leader) = self.loads.iter_mut().find(|load| **load == Load::Aboard) {
            *leader = Load::Done;
        }
        self.loads.iter_mut().filter(|load| **load == Load::Aboard).for_each(|load| *load = Load::Missed);
        self.flight = None;
    }

    fn land<W: Witness>(&mut self, fill: Fill, lease: Option<Stamp>, row: Row, cabin: &mut Cabin<'_, W>) {
        let applied = match lease {
            Some(stamp) if fill != Fill::Lost => {
                cabin.scene.key.fill(stamp, row, cabin.executor) && fill == Fill::Answered
            }
            _ => false,
        };
        for (who, load) in (cabin.first..).zip(&mut self.loads) {
            let shares = match load {
                Load::Aboard => true,
                Load::Late => applied || self.rule == Rule::Any,
                Load::Idle | Load::Missed | Load::Done => continue,
            };
            *load = if shares {
                cabin.scene.answer(who, row);
                Load::Done
            } else {
                Load::Missed
            };
        }
        self.flight = None;
    }
}

impl<W: Witness> Cabin<'_, W> {
    fn get(&mut self, who: u8) -> Load {
        let who = self.first + who;
        self.scene.witness.read_begins(who);
        match self.scene.key.get(self.executor) {
            Standing::Value { value, .. } => {
                self.scene.hit(who, value);
                Load::Done
            }
            Standing::Absent | Standing::Leased | Standing::Fenced => Load::Missed,
        }
    }
}
