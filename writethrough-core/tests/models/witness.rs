//! Who remembers what was promised, and notices when it is broken.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};

use super::key::Row;

/// What every load may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// It returns what was acknowledged before it began, or something newer.
    Fresh,
    /// It returns nothing older than a load that ended before it began.
    Monotonic,
    /// It returns nothing that was never committed.
    Real,
}

/// Sees every save and load begin and return.
pub(super) trait Witness: Clone + Debug + PartialEq + Hash + Send + Sync + 'static {
    /// A witness of loads by this many readers.
    fn new(readers: usize) -> Self;
    /// What this writer leaves when it replaces that row.
    fn row(writer: u8, replaced: Row) -> Row;
    fn write_begins(&mut self, writer: u8);
    fn write_returns(&mut self, writer: u8, row: Row);
    fn read_begins(&mut self, reader: u8);
    fn read_returns(&mut self, reader: u8, row: Row, committed: Row);
    fn keeps(&self, promise: Promise) -> bool;
}

/// Numbers rows in the order of their commits, so that every promise is a comparison.
///
/// Stricter than linearizability: the order of the writes is the database's, not any that would explain the reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Versions {
    acknowledged: Row,
    seen: Row,
    /// What had been acknowledged and seen when each reader's load began.
    floors: Vec<(Row, Row)>,
    stale: bool,
    backwards: bool,
    phantom: bool,
}

impl Witness for Versions {
    fn new(readers: usize) -> Self {
        let floors = vec![Default::default(); readers];
        Self { acknowledged: Row(0), seen: Row(0), floors, stale: false, backwards: false, phantom: false }
    }

    fn row(_: u8, replaced: Row) -> Row {
        Row(replaced.0 + 1)
    }

    fn write_begins(&mut self, _: u8) {}

    fn write_returns(&mut self, _: u8, row: Row) {
        self.acknowledged = self.acknowledged.max(row);
    }

    fn read_begins(&mut self, reader: u8) {
        self.floors[usize::from(reader)] = (self.acknowledged, self.seen);
    }

    fn read_returns(&mut self, reader: u8, row: Row, committed: Row) {
        let (acknowledged, seen) = std::mem::take(&mut self.floors[usize::from(reader)]);
        self.stale |= row < acknowledged;
        self.backwards |= row < seen;
        self.phantom |= row > committed;
        self.seen = self.seen.max(row);
    }

    fn keeps(&self, promise: Promise) -> bool {
        match promise {
            Promise::Fresh => !self.stale,
            Promise::Monotonic => !self.backwards,
            Promise::Real => !self.phantom,
        }
    }
}

/// Keeps the whole history and asks whether any order of a register's operations explains it.
///
/// It knows nothing of commits, so it vouches for [`Versions`]; it costs too much for the larger scenarios.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct History {
    calls: LinearizabilityTester<Client, Register<Row>>,
    linearizable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Client {
    Writer(u8),
    Reader(u8),
}

impl History {
    fn invoke(&mut self, client: Client, call: RegisterOp<Row>) {
        self.calls.on_invoke(client, call).expect("a client does one thing at a time");
    }

    /// Only an operation that returns can make a history impossible to explain.
    fn answer(&mut self, client: Client, answer: RegisterRet<Row>) {
        self.calls.on_return(client, answer).expect("what returns was begun");
        self.linearizable &= self.calls.is_consistent();
    }
}

impl Witness for History {
    fn new(_: usize) -> Self {
        Self { calls: LinearizabilityTester::new(Register(Row(0))), linearizable: true }
    }

    fn row(writer: u8, _: Row) -> Row {
        Row(writer + 1)
    }

    fn write_begins(&mut self, writer: u8) {
        self.invoke(Client::Writer(writer), RegisterOp::Write(Self::row(writer, Row(0))));
    }

    fn write_returns(&mut self, writer: u8, _: Row) {
        self.answer(Client::Writer(writer), RegisterRet::WriteOk);
    }

    fn read_begins(&mut self, reader: u8) {
        self.invoke(Client::Reader(reader), RegisterOp::Read);
    }

    fn read_returns(&mut self, reader: u8, row: Row, _: Row) {
        self.answer(Client::Reader(reader), RegisterRet::ReadOk(row));
    }

    fn keeps(&self, _: Promise) -> bool {
        self.linearizable
    }
}
