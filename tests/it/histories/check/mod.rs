//! Whether a row's history is linearizable: the algorithm of Wing and Gong with Lowe's memory.
//!
//! It builds an order, operation by operation. Next may come whatever began before the first end of what is left, and
//! fits the row's state. Where nothing fits, it takes the last one back. What it has tried, a set of operations and the
//! state after them, it does not try again. Events stand in a linked list, from which operations are lifted and put back
//! in place (Wing and Gong, "Testing and verifying concurrent objects", 1993; Lowe, "Testing for linearizability", 2017).
//!
//! Three things keep it fast on one hot row with thousands of operations:
//!
//! - What changes nothing and fits is taken at once, without alternatives: putting it later cannot help the others.
//! - No value is written twice, so one that is overwritten is gone: an order that overwrites what somebody is still to
//!   see is given up at once.
//! - Writes whose end nobody was told are sorted before the search, see [`Plan`](plan::Plan): most of them turn out to
//!   be ordinary operations or of no consequence, and the others need not be told apart.

mod events;
mod plan;
#[cfg(test)]
mod tests;
mod tried;

use std::collections::HashMap;

use events::Events;
use plan::Plan;
use tried::Tried;

use super::clock::Moment;
use super::operation::{Effect, Operation, State, Timed};
use super::row::{Cell, Values};

/// How many operations the search may place for each one of the history, and at least. Mostly each is placed once.
const PATIENCE: usize = 200;
const LEAST_PATIENCE: usize = 2_000_000;

/// Why a history is not linearizable: the longest order found, and what is in the way of more.
#[derive(Debug)]
pub struct Violation {
    /// The last operations that could be put in order.
    pub ordered: Vec<Timed>,
    /// The row after them.
    pub state: State,
    /// What must come next, and none of it can.
    pub stuck: Vec<Timed>,
    /// Later operations that see what the row bears now; so it must not be overwritten yet.
    pub to_be_seen: Vec<Timed>,
    /// The search was given up, and an order may exist all the same.
    pub given_up: bool,
}

impl Violation {
    pub fn describe(&self, origin: Moment) -> String {
        let lines = |list: &[Timed]| list.iter().map(|timed| timed.describe(origin) + "\n").collect::<String>();
        let verdict = if self.given_up { "no order was found in time" } else { "there is no order" };
        let (ordered, stuck, to_be_seen) = (lines(&self.ordered), lines(&self.stuck), lines(&self.to_be_seen));
        let state = self.state;
        format!(
            "{verdict}; the longest ends in\n{ordered}after which the row is {state:?}; next comes one of\n{stuck}but \
             what the row bears is yet to be seen by\n{to_be_seen}"
        )
    }
}

/// How many operations of each list of a [`Violation`] are of interest.
const SHOWN: usize = 10;

/// Checks the history of one row that was absent at first.
pub fn linearizable(history: &[Timed]) -> Result<(), Violation> {
    Search::new(history).run()
}

/// How many of the writes that need not be told apart were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spent {
    inserts: usize,
    deletes: usize,
    moves: usize,
}

/// What nobody ever sees: a write whose end is untold left it.
const UNSEEN: i64 = i64::MIN;

/// An operation that may come next.
struct Step {
    operation: usize,
    state: State,
    spent: Spent,
}

/// An operation that was put in order, and where the search stood before.
struct Placed {
    operation: usize,
    state: State,
    spent: Spent,
    alternatives: Vec<Step>,
}

struct Search {
    plan: Plan,
    events: Events,
    tried: Tried,
    order: Vec<Placed>,
    /// How many are still to see a value.
    unseen: HashMap<Cell, usize>,
    state: State,
    spent: Spent,
    longest: Option<(usize, Violation)>,
}

impl Search {
    fn new(history: &[Timed]) -> Self {
        let plan = Plan::of(history);
        let mut unseen = HashMap::new();
        for cell in plan.operations.iter().flat_map(|timed| timed.operation.seen()) {
            *unseen.entry(cell).or_default() += 1;
        }
        Self {
            events: Events::of(&plan.operations),
            tried: Tried::new(plan.operations.len()),
            order: Vec::new(),
            unseen,
            state: None,
            spent: Spent::default(),
            longest: None,
            plan,
        }
    }

    fn run(mut self) -> Result<(), Violation> {
        let mut patience = (self.plan.operations.len() * PATIENCE).max(LEAST_PATIENCE);
        let mut alternatives = self.alternatives();
        while !self.events.is_empty() {
            if let Some(step) = alternatives.pop() {
                if self.place(step, &mut alternatives) {
                    alternatives = self.alternatives();
                    patience -= 1;
                }
                if patience > 0 {
                    continue;
                }
            }
            self.remember_the_longest();
            match self.order.pop() {
                Some(placed) if patience > 0 => alternatives = self.take_back(placed),
                _ => return Err(self.violation(patience == 0)),
            }
        }
        Ok(())
    }

    /// What may come next, the best last: what ends first has probably happened first.
    fn alternatives(&self) -> Vec<Step> {
        let mut open = self.events.open();
        let free = |operation: &usize| self.operation(*operation).apply(self.state) == Some(self.state);
        if let Some(operation) = open.iter().copied().find(free) {
            return vec![Step { operation, state: self.state, spent: self.spent }];
        }
        open.sort_by_key(|operation| std::cmp::Reverse(self.plan.operations[*operation].ended));
        open.into_iter().flat_map(|operation| self.steps(operation)).collect()
    }

    /// Puts the operation next in the order, if that is possible and was not tried.
    fn place(&mut self, Step { operation, state, spent }: Step, alternatives: &mut Vec<Step>) -> bool {
        self.see(operation, |unseen| *unseen -= 1);
        if self.loses_what_is_to_be_seen(state) || !self.tried.is_new(operation, state, spent) {
            self.see(operation, |unseen| *unseen += 1);
            return false;
        }
        self.tried.enter(operation);
        self.events.lift(operation);
        let alternatives = std::mem::take(alternatives);
        self.order.push(Placed { operation, state: self.state, spent: self.spent, alternatives });
        (self.state, self.spent) = (state, spent);
        true
    }

    fn take_back(&mut self, placed: Placed) -> Vec<Step> {
        self.events.put_back(placed.operation);
        self.tried.leave(placed.operation);
        self.see(placed.operation, |unseen| *unseen += 1);
        (self.state, self.spent) = (placed.state, placed.spent);
        placed.alternatives
    }

    /// The operation, if it fits, with one of the spare writes right before it if it needs one; the best way last.
    fn steps(&self, operation: usize) -> Vec<Step> {
        let fits = |before: State, spent: Spent| {
            let state = self.operation(operation).apply(before)?;
            Some(Step { operation, state, spent })
        };
        if let Some(step) = fits(self.state, self.spent) {
            return vec![step];
        }
        let Spent { inserts, deletes, moves } = self.spent;
        let has_begun =
            |spare: &[Moment], used: usize| spare.get(used).copied() <= self.events.first_end() && used < spare.len();
        let mut steps = Vec::new();
        match self.state {
            Some(row) => {
                if has_begun(&self.plan.spare_deletes, deletes) {
                    steps.extend(fits(None, Spent { deletes: deletes + 1, ..self.spent }));
                }
                let told_of_a_key = matches!(self.operation(operation), Operation::Told(Effect::NoneUnder(_)));
                if told_of_a_key && has_begun(&self.plan.spare_moves, moves) {
                    let moved = Some(Values { gate: UNSEEN, ..row });
                    steps.extend(fits(moved, Spent { moves: moves + 1, ..self.spent }));
                }
            }
            None if has_begun(&self.plan.spare_inserts, inserts) => {
                let inserted = Some(Values { gate: UNSEEN, pilot: UNSEEN });
                steps.extend(fits(inserted, Spent { inserts: inserts + 1, ..self.spent }));
            }
            None => {}
        }
        steps
    }

    fn loses_what_is_to_be_seen(&self, next: State) -> bool {
        let kept = cells(next);
        cells(self.state)
            .iter()
            .any(|cell| !kept.contains(cell) && self.unseen.get(cell).is_some_and(|unseen| *unseen > 0))
    }

    fn see(&mut self, operation: usize, count: impl Fn(&mut usize)) {
        for cell in self.operation(operation).seen() {
            count(self.unseen.entry(cell).or_default());
        }
    }

    fn operation(&self, operation: usize) -> Operation {
        self.plan.operations[operation].operation
    }

    fn remember_the_longest(&mut self) {
        let length = self.order.len();
        if self.longest.as_ref().is_none_or(|(longest, _)| length > *longest) {
            let timed = |operation: &usize| self.plan.operations[*operation];
            let last = self.order.iter().skip(length.saturating_sub(SHOWN));
            let ordered = last.map(|placed| timed(&placed.operation)).collect();
            let stuck = self.events.open().iter().map(timed).collect();
            let violation = Violation { ordered, state: self.state, stuck, to_be_seen: Vec::new(), given_up: false };
            self.longest = Some((length, violation));
        }
    }

    fn violation(self, given_up: bool) -> Violation {
        let (_, violation) = self.longest.expect("the search was stuck somewhere");
        let (present, first_end) =
            (cells(violation.state), violation.stuck.iter().filter_map(|timed| timed.ended).min());
        let later = self.plan.operations.iter().filter(|timed| Some(timed.begun) > first_end);
        let sees = later.filter(|timed| timed.operation.seen().iter().any(|cell| present.contains(cell)));
        let mut to_be_seen: Vec<_> = sees.copied().collect();
        to_be_seen.sort_by_key(|timed| timed.begun);
        to_be_seen.truncate(SHOWN);
        Violation { to_be_seen, given_up, ..violation }
    }
}

fn cells(state: State) -> Vec<Cell> {
    state.map_or_else(Vec::new, |values| values.cells().to_vec())
}
