//! Who remembers what was asked and answered, and notices when no order of the calls explains it.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::semantics::{ConsistencyTester, LinearizabilityTester};

use super::table::{Answer, Call, Id, Table, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Client {
    Writer(u8),
    Reader(u8),
}

/// Sees every save and lookup begin and return, and every commit.
pub(super) trait Witness: Clone + Debug + PartialEq + Hash + Send + Sync + 'static {
    fn new(readers: usize) -> Self;
    fn begins(&mut self, client: Client, call: Call, table: &Table);
    fn commits(&mut self, table: &Table);
    fn returns(&mut self, client: Client, answer: Answer);
    fn is_linearizable(&self) -> bool;
}

/// Knows which answers to a lookup under way were true at some moment since it began.
///
/// Stricter than linearizability: each save takes effect with its commit, not at any moment that would explain the
/// lookups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Moments {
    lookups: Vec<Option<(Value, BTreeSet<Option<Id>>)>>,
    untrue: bool,
}

impl Witness for Moments {
    fn new(readers: usize) -> Self {
        Self { lookups: vec![None; readers], untrue: false }
    }

    fn begins(&mut self, client: Client, call: Call, table: &Table) {
        if let (Client::Reader(who), Call::Find(value)) = (client, call) {
            self.lookups[usize::from(who)] = Some((value, [table.find(value)].into()));
        }
    }

    fn commits(&mut self, table: &Table) {
        for (value, answers) in self.lookups.iter_mut().flatten() {
            answers.insert(table.find(*value));
        }
    }

    fn returns(&mut self, client: Client, answer: Answer) {
        if let (Client::Reader(who), Answer::Found(row)) = (client, answer) {
            let (_, answers) = self.lookups[usize::from(who)].take().expect("what returns was begun");
            self.untrue |= !answers.contains(&row);
        }
    }

    fn is_linearizable(&self) -> bool {
        !self.untrue
    }
}

/// Keeps the whole history and asks whether any order of the calls on one table explains it.
///
/// It knows nothing of commits, so it vouches for [`Moments`]; it costs too much for the larger scenarios.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct History {
    calls: LinearizabilityTester<Client, Table>,
    linearizable: bool,
}

impl Witness for History {
    fn new(_: usize) -> Self {
        Self { calls: LinearizabilityTester::new(Table::START), linearizable: true }
    }

    fn begins(&mut self, client: Client, call: Call, _: &Table) {
        self.calls.on_invoke(client, call).expect("a client does one thing at a time");
    }

    fn commits(&mut self, _: &Table) {}

    /// Only a call that returns can make a history impossible to explain.
    fn returns(&mut self, client: Client, answer: Answer) {
        self.calls.on_return(client, answer).expect("what returns was begun");
        self.linearizable &= self.calls.is_consistent();
    }

    fn is_linearizable(&self) -> bool {
        self.linearizable
    }
}
