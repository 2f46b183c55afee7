//! What stands under the modelled key, and the server that executes steps on it.
//!
//! Time is the adversary's: the clock stands still, everything is written to last for ever, and [`Key::lapse`] and
//! [`Key::lapse_token`] let a deadline pass whenever the scenario allows it. So every order of events is explored,
//! whatever the durations. Only the scenarios of the [clock](super::clock) let it run.

use std::fmt::Debug;
use std::time::Duration;

use writethrough_core::protocol::{
    Entry, Incarnation, Micros, Nonce, Payload, Reply, Server, Stamp, Standing, State, Step, Trust, apply,
};

/// How long things last, unless the adversary decides otherwise.
pub(super) const ENDLESS: Duration = Duration::MAX;
/// A deadline that has passed.
const PASSED: Micros = Micros(0);
/// When a command is executed for the first time.
pub(super) const FIRST: Micros = Micros(1);
/// When a command that the network repeated is executed again.
pub(super) const AGAIN: Micros = Micros(2);

/// A row, told apart from others by a number that the [witness](super::witness) gives; zero is the row at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Row(pub(super) u8);

impl Payload for Row {
    /// All rows look alike, so that a lease that replaces a value it has `seen` may hit any other value too.
    type Mark = ();

    fn mark(&self) {}
}

/// What may stand under a modelled key, as the row does; all values look alike.
pub(super) trait Content: Payload<Mark = ()> + Copy + Debug {}

impl<V: Payload<Mark = ()> + Copy + Debug> Content for V {}

/// The signature of [`apply`], so that a wrong one can take its place.
pub(super) type StepFunction<V = Row> = fn(Option<Entry<V>>, Step<V>, &Server) -> (Option<Entry<V>>, Reply<V>);

/// How the server executes steps, and what readers ask of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Executor<V: Content = Row> {
    pub(super) step: StepFunction<V>,
    pub(super) trust: Trust,
    /// How long a reader's lease lasts.
    pub(super) lease: Duration,
    /// How long a value lasts.
    pub(super) ttl: Duration,
}

impl<V: Content> Executor<V> {
    /// The protocol.
    pub(super) const RIGHT: Self = Self::of(apply::<V>);

    /// Another design.
    pub(super) const fn of(step: StepFunction<V>) -> Self {
        Self { step, trust: Trust::Own, lease: ENDLESS, ttl: ENDLESS }
    }
}

/// One key of the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key<V = Row> {
    pub(super) entry: Option<Entry<V>>,
    pub(super) incarnation: Incarnation,
    /// The server's clock.
    pub(super) now: Micros,
}

impl<V: Content> Key<V> {
    /// A key under which nothing stands, or the row at the start.
    pub(super) fn new(row: Option<V>) -> Self {
        let incarnation = Incarnation(1);
        let value = |value| Entry {
            incarnation,
            expires_at: Micros(u64::MAX),
            state: State::Value { written_at: FIRST, value },
        };
        Self { entry: row.map(value), incarnation, now: FIRST }
    }

    /// Executes a step.
    pub(super) fn step(&mut self, step: Step<V>, executor: &Executor<V>) -> Reply<V> {
        let server = Server { incarnation: self.incarnation, now: self.now, trust: executor.trust };
        let (entry, reply) = (executor.step)(self.entry.take(), step, &server);
        self.entry = entry;
        self.normalise();
        reply
    }

    /// What a reader sees.
    pub(super) fn get(&mut self, executor: &Executor<V>) -> Standing<V> {
        match self.step(Step::Get, executor) {
            Reply::Standing(standing) => standing,
            other => panic!("GET was answered with {other:?}"),
        }
    }

    /// Asks for a lease.
    pub(super) fn lease(&mut self, nonce: Nonce, seen: Option<Micros>, executor: &Executor<V>) -> Option<Stamp> {
        let seen = seen.map(|written_at| (written_at, ()));
        match self.step(Step::Lease { nonce, lasting: executor.lease, seen }, executor) {
            Reply::Leased(stamp) => Some(stamp),
            Reply::Standing(_) => None,
            other => panic!("LEASE was answered with {other:?}"),
        }
    }

    /// Fills under a lease; tells whether it applied.
    pub(super) fn fill(&mut self, stamp: Stamp, value: V, executor: &Executor<V>) -> bool {
        match self.step(Step::Fill { stamp, value, ttl: executor.ttl }, executor) {
            Reply::Applied(applied) => applied,
            other => panic!("FILL was answered with {other:?}"),
        }
    }

    /// A value takes the place of whatever stands there, which no step of the protocol does.
    pub(super) fn put(&mut self, value: V) {
        self.entry = Self::new(Some(value)).entry.map(|entry| Entry { incarnation: self.incarnation, ..entry });
    }

    /// The value, if one stands.
    pub(super) fn value(&self) -> Option<V> {
        match self.entry.as_ref()?.state {
            State::Value { value, .. } => Some(value),
            State::Lease { .. } | State::Fence { .. } => None,
        }
    }

    /// Whether a value or a lease stands, which may be evicted at any time.
    pub(super) fn is_evictable(&self) -> bool {
        matches!(&self.entry, Some(Entry { state: State::Value { .. } | State::Lease { .. }, .. }))
    }

    /// The names of the writers in flight.
    pub(super) fn tokens(&self) -> Vec<Stamp> {
        match &self.entry {
            Some(Entry { state: State::Fence { tokens, .. }, .. }) => tokens.iter().map(|token| token.stamp).collect(),
            _ => Vec::new(),
        }
    }

    /// Time passes.
    pub(super) fn tick(&mut self, executor: &Executor<V>) {
        self.now = self.now.after(Duration::from_micros(1));
        self.settle(executor);
    }

    /// The entry expires, or is evicted.
    pub(super) fn lapse(&mut self, executor: &Executor<V>) {
        if let Some(entry) = &mut self.entry {
            entry.expires_at = PASSED;
        }
        self.settle(executor);
    }

    /// The deadline of one writer's token passes.
    pub(super) fn lapse_token(&mut self, stamp: Stamp, executor: &Executor<V>) {
        if let Some(Entry { state: State::Fence { tokens, .. }, .. }) = &mut self.entry {
            tokens.iter_mut().filter(|token| token.stamp == stamp).for_each(|token| token.deadline = PASSED);
        }
        self.settle(executor);
    }

    /// The server starts again, with what a snapshot held.
    pub(super) fn restart(&mut self, snapshot: Option<Entry<V>>, executor: &Executor<V>) {
        self.entry = snapshot;
        self.incarnation = Incarnation(self.incarnation.0 + 1);
        self.settle(executor);
    }

    /// Lets the server drop now what counts no more, which it would do at the next step anyway; so two states that no
    /// step can tell apart are one.
    fn settle(&mut self, executor: &Executor<V>) {
        self.get(executor);
    }

    /// The order in which writers joined a fence changes nothing.
    fn normalise(&mut self) {
        if let Some(Entry { state: State::Fence { tokens, .. }, .. }) = &mut self.entry {
            tokens.sort_unstable();
        }
    }
}
