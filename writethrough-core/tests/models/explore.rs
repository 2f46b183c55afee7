//! Runs the checker and reads its verdict.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// Explores every reachable state and demands that each promise holds in all of them.
pub(super) fn holds<M: Explorable>(model: M) {
    holds_except(model, &[]);
}

/// Explores every reachable state and demands that just these promises are broken somewhere.
pub(super) fn holds_except<M: Explorable>(model: M, broken: &[&'static str]) {
    let properties = model.properties();
    let began = Instant::now();
    let checker = model.checker().threads(2).spawn_bfs().join();
    report(&format!("{} states, {} deep", checker.unique_state_count(), checker.max_depth()), began);
    assert!(checker.is_done(), "the checker stopped before it had seen every state");
    let mut discoveries = checker.discoveries();
    let discovered: Vec<_> = discoveries.keys().copied().collect();
    for property in properties {
        match (discoveries.remove(property.name), property.expectation) {
            (None, Expectation::Always) if broken.contains(&property.name) => {
                panic!("no counterexample to “{}” was found, but one was expected", property.name)
            }
            (Some(path), Expectation::Always) if !broken.contains(&property.name) => {
                let last = path.last_state().clone();
                let steps: Vec<_> = path.into_actions().iter().map(|step| format!("\n  {step:?}")).collect();
                panic!("“{}” is broken by{}\nwhich leads to {last:?}", property.name, steps.concat())
            }
            (None, Expectation::Sometimes) => {
                panic!("“{}” never happened, so nothing was shown; discovered: {discovered:?}", property.name)
            }
            _ => {}
        }
    }
}

/// Demands a counterexample to one promise, and prints the shortest.
pub(super) fn refuted<M: Explorable + Clone>(model: &M, promise: &'static str) {
    let began = Instant::now();
    let mut shortest: Option<Vec<M::Action>> = None;
    // What the checker finds first need not be the shortest; so look again among the shorter ones until there is none.
    while let Some(shorter) = counterexample(model.clone(), promise, shortest.as_ref().map(Vec::len)) {
        shortest = Some(shorter);
    }
    let Some(steps) = shortest else { panic!("no counterexample to “{promise}” was found, but one was expected") };
    report(&format!("refuted in {} steps: {steps:?}", steps.len()), began);
}

/// One thread only, so that the search is by breadth and the depth of a state is its least.
fn counterexample<M: Explorable>(
    model: M,
    promise: &'static str,
    shorter_than: Option<usize>,
) -> Option<Vec<M::Action>> {
    let checker = model.checker().threads(1).finish_when(HasDiscoveries::AnyOf([promise].into()));
    // The depth counts states, and the first one has taken no step; states at the target are not looked at.
    let checker = match shorter_than {
        Some(steps) => checker.target_max_depth(steps + 1),
        None => checker,
    };
    checker.spawn_bfs().join().discovery(promise).map(|path| path.into_actions())
}

fn report(what: &str, began: Instant) {
    let thread = std::thread::current();
    println!("{}: {what} ({:.1?})", thread.name().unwrap_or("models"), began.elapsed());
}

/// A model that can be explored by two threads and whose states can be shown.
pub(super) trait Explorable:
    Model<State: Clone + Debug + PartialEq + Hash + Send + Sync, Action: Clone + Debug + PartialEq + Send + Sync>
    + Send
    + Sync
    + 'static
{
}

impl<M> Explorable for M where
    M: Model<State: Clone + Debug + PartialEq + Hash + Send + Sync, Action: Clone + Debug + PartialEq + Send + Sync>
        + Send
        + Sync
        + 'static
{
}
