//! Random steps, given to the cache and to the step function alike.
//!
//! The function is told the time that the cache had: a stamp and a value's `written_at` tell it exactly, otherwise it
//! lies between sending and answer. Where a deadline falls into that interval nobody can say who is right, and the
//! sequence ends there.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::time::Instant;

use super::fixture::{Fixture, LONG, fence, nonce, value};
use crate::cache::CacheKey;
use crate::entry::Payload;
use crate::protocol::{
    Entry, Incarnation, Micros, Payload as _, Reply, Server, Stamp, Standing, State, Step, Trust, apply,
};

const SHORT: Duration = Duration::from_millis(250);
const WAIT: Duration = Duration::from_millis(400);
/// A server may count lives in milliseconds.
const TICK: u64 = 2_000;

/// One thing to do; which stamp and which value are told by the place among those known.
#[derive(Clone, Debug)]
enum Action {
    Get,
    Lease { short: bool, seen: Seen },
    Fill { stamp: usize, short: bool },
    Release { stamp: usize },
    Fence { short: bool },
    Renew { stamp: usize, short: bool },
    Finish { stamp: usize, value: bool, short: bool },
    Invalidate,
    Wait,
}

#[derive(Clone, Copy, Debug)]
enum Seen {
    Nothing,
    WhatStands,
    Another,
}

fn action(lives: bool) -> impl Strategy<Value = Action> {
    // Mostly the latest stamps: others are seldom of use.
    let stamp = || prop_oneof![4 => Just(0_usize), 3 => Just(1), 2 => 2_usize..6, 1 => Just(usize::MAX)];
    let short = move || if lives { any::<bool>().boxed() } else { Just(false).boxed() };
    let seen = prop_oneof![3 => Just(Seen::Nothing), 2 => Just(Seen::WhatStands), 1 => Just(Seen::Another)];
    prop_oneof![
        1 => Just(Action::Get),
        4 => (short(), seen).prop_map(|(short, seen)| Action::Lease { short, seen }),
        4 => (stamp(), short()).prop_map(|(stamp, short)| Action::Fill { stamp, short }),
        1 => stamp().prop_map(|stamp| Action::Release { stamp }),
        4 => short().prop_map(|short| Action::Fence { short }),
        3 => (stamp(), short()).prop_map(|(stamp, short)| Action::Renew { stamp, short }),
        5 => (stamp(), prop::bool::weighted(0.8), short())
            .prop_map(|(stamp, value, short)| Action::Finish { stamp, value, short }),
        2 => Just(Action::Invalidate),
        if lives { 4 } else { 0 } => Just(Action::Wait),
    ]
}

pub(super) async fn random_steps_agree_with_the_step_function(f: &Fixture) {
    for case in generated(proptest::collection::vec(action(false), 1..60), 60) {
        let compared = Cell::new(0);
        if let Err(difference) = run(f, case.current(), &compared).await {
            fail(f, case, difference).await;
        }
    }
}

pub(super) async fn random_steps_with_short_lives_agree_with_the_step_function(f: &Fixture) {
    let cases = generated(proptest::collection::vec(action(true), 1..25), 60);
    let (compared, planned) = (Cell::new(0), Cell::new(0));
    let outcomes = join_all(cases.into_iter().map(async |case| {
        let actions = case.current();
        planned.set(planned.get() + actions.len());
        run(f, actions, &compared).await.map_err(|difference| (case, difference))
    }));
    for outcome in outcomes.await {
        if let Err((case, difference)) = outcome {
            fail(f, case, difference).await;
        }
    }
    let (compared, planned) = (compared.get(), planned.get());
    assert!(compared * 4 > planned, "{}: only {compared} of {planned} steps could be compared", f.sentence);
}

fn generated<S: Strategy>(strategy: S, cases: usize) -> Vec<S::Tree> {
    let mut runner = TestRunner::default();
    (0..cases).map(|_| strategy.new_tree(&mut runner).expect("nothing is filtered out")).collect()
}

/// Looks for a shorter sequence that differs, and panics with it.
async fn fail(f: &Fixture, mut case: impl ValueTree<Value = Vec<Action>>, difference: String) {
    let (mut shortest, mut difference) = (case.current(), difference);
    let mut go_on = case.simplify();
    for _ in 0..200 {
        if !go_on {
            break;
        }
        go_on = match run(f, case.current(), &Cell::new(0)).await {
            Err(other) => {
                (shortest, difference) = (case.current(), other);
                case.simplify()
            }
            Ok(()) => case.complicate(),
        };
    }
    panic!("{}: {difference}, after {shortest:#?}", f.sentence);
}

/// Runs a sequence on a key of its own; tells the first difference.
async fn run(f: &Fixture, actions: Vec<Action>, compared: &Cell<usize>) -> Result<(), String> {
    let key = f.key(nonce().0);
    let mut model = Model::new(f).await;
    for action in actions {
        if matches!(action, Action::Wait) {
            tokio::time::sleep(WAIT).await;
            continue;
        }
        let step = model.step(&action);
        let sent = Instant::now();
        let reply = f.step(&key, step.clone()).await;
        let standing = f.standing(&key).await;
        let Some((expected, stands)) = model.follow(step.clone(), &reply, &standing, model.between(sent))? else {
            return Ok(());
        };
        if reply != expected {
            return Err(format!("{step:?} was answered with {reply:?} instead of {expected:?} on {key}"));
        }
        if standing != stands {
            return Err(format!("after {step:?} there stands {standing:?} instead of {stands:?} under {key}"));
        }
        compared.set(compared.get() + 1);
    }
    Ok(())
}

/// A reply, and what stands there afterwards.
type Outcome = (Reply<Payload>, Standing<Payload>);

/// The step function, what stands under its only key, and what it knows of the cache's clock.
struct Model {
    entry: Option<Entry<Payload>>,
    /// Latest first.
    stamps: Vec<Stamp>,
    standing: Standing<Payload>,
    values: usize,
    began: Instant,
    /// When the cache's clock stood there: not before `began`, and not after the second.
    clock: (Micros, Duration),
    /// How much earlier than the function has it a deadline may come: a renewal does not tell when it was executed.
    early: u64,
}

impl Model {
    async fn new(f: &Fixture) -> Self {
        let began = Instant::now();
        let Reply::Fenced { stamp, .. } = f.step(&CacheKey::new(f.key(nonce().0).as_str()), fence(LONG)).await else {
            panic!("{}: no token", f.sentence)
        };
        Self {
            entry: None,
            stamps: Vec::new(),
            standing: Standing::Absent,
            values: 0,
            began,
            clock: (stamp.at, began.elapsed()),
            early: 0,
        }
    }

    /// Between which times of the cache everything since then was executed.
    fn between(&self, sent: Instant) -> RangeInclusive<Micros> {
        let (at, uncertain) = self.clock;
        let earliest = at.after(sent.duration_since(self.began).saturating_sub(uncertain));
        earliest..=at.after(self.began.elapsed())
    }

    fn step(&mut self, action: &Action) -> Step<Payload> {
        let life = |short: &bool| if *short { SHORT } else { LONG };
        let stamp = |place: &usize| self.stamps.get(*place).copied().unwrap_or(Stamp { at: Micros(1), nonce: nonce() });
        match action {
            Action::Get | Action::Wait => Step::Get,
            Action::Lease { short, seen } => {
                let seen = match (seen, &self.standing) {
                    (Seen::WhatStands, Standing::Value { written_at, value }) => Some((*written_at, value.mark())),
                    (Seen::Another, _) => Some((Micros(1), value("").mark())),
                    _ => None,
                };
                Step::Lease { nonce: nonce(), lasting: life(short), seen }
            }
            Action::Fill { stamp: place, short } => {
                let stamp = stamp(place);
                Step::Fill { stamp, value: self.another_value(), ttl: life(short) }
            }
            Action::Release { stamp: place } => Step::Release { stamp: stamp(place) },
            Action::Fence { short } => Step::Fence { nonce: nonce(), lasting: life(short) },
            Action::Renew { stamp: place, short } => Step::Renew { stamp: stamp(place), lasting: life(short) },
            Action::Finish { stamp: place, value, short } => {
                let stamp = stamp(place);
                Step::Finish { stamp, value: value.then(|| (self.another_value(), life(short))) }
            }
            Action::Invalidate => Step::Invalidate,
        }
    }

    fn another_value(&mut self) -> Payload {
        self.values += 1;
        value(self.values)
    }

    /// Does the step: the reply to it, and what stands there afterwards. `None` where the time decides, and nobody
    /// knows it.
    fn follow(
        &mut self,
        step: Step<Payload>,
        reply: &Reply<Payload>,
        standing: &Standing<Payload>,
        time: RangeInclusive<Micros>,
    ) -> Result<Option<Outcome>, String> {
        let told = match (reply, &step, standing) {
            (Reply::Leased(stamp) | Reply::Fenced { stamp, .. }, ..) => Some(stamp.at),
            (
                _,
                Step::Fill { value, .. } | Step::Finish { value: Some((value, _)), .. },
                Standing::Value { written_at, value: stands },
            ) if value == stands => Some(*written_at),
            _ => None,
        };
        if let Some(told) = told.filter(|told| !time.contains(told)) {
            return Err(format!("{step:?} was stamped {told:?}, not within {time:?}"));
        }
        if self.is_decided_by(&time) {
            return Ok(None);
        }
        if matches!(step, Step::Renew { .. }) {
            self.early = self.early.max(time.end().0 - time.start().0);
        }
        let now = told.unwrap_or(*time.end());
        let server = |now| Server { incarnation: Incarnation(1), now, trust: Trust::Own };
        let (entry, expected) = apply(self.entry.take(), step, &server(now));
        self.entry = entry;
        if self.is_decided_by(&time) {
            return Ok(None);
        }
        let (entry, stands) = apply(self.entry.take(), Step::Get, &server(now));
        self.entry = entry;
        if let Reply::Leased(stamp) | Reply::Fenced { stamp, .. } = reply {
            self.stamps.insert(0, *stamp);
        }
        self.standing = standing.clone();
        match stands {
            Reply::Standing(stands) => Ok(Some((expected, stands))),
            other => Err(format!("the step function answered {other:?} to a read")),
        }
    }

    /// Whether a life ends within the interval.
    fn is_decided_by(&self, time: &RangeInclusive<Micros>) -> bool {
        let (from, to) = (time.start().0.saturating_sub(TICK), time.end().0 + TICK + self.early);
        let tokens = match &self.entry {
            Some(Entry { state: State::Fence { tokens, .. }, .. }) => tokens.as_slice(),
            _ => &[],
        };
        let ends = self.entry.iter().map(|entry| entry.expires_at).chain(tokens.iter().map(|token| token.deadline));
        ends.into_iter().any(|end| (from..=to).contains(&end.0))
    }
}
