//! What is to be put in order: the operations whose end was told, and what is left of the others.

use std::collections::HashMap;

use super::super::clock::Moment;
use super::super::operation::{Operation, Timed, Write};
use super::super::row::Cell;

/// A history made ready for the search. A write whose end nobody was told becomes
///
/// - one that ended when first somebody who had seen its value was told so, if somebody did, or when it was known to have
///   happened;
/// - nothing, if it is an update that leaves the row's key alone, and whose value nobody saw: whatever fits with it fits
///   without it;
/// - a spare one, if it is a delete, or another write whose value nobody saw. Spare deletes cannot be told apart, and
///   neither can spare inserts; so it is enough to count them. Each is used right before an operation that does not fit
///   otherwise, since nothing but that operation can make use of it. Spare moves are updates that may have taken the row
///   away from a key; to which one they took it is not looked at, so of somebody who was told that no row has a key they
///   excuse more than they did. A spare upsert is an insert and a move, though it can have been only one of them.
#[derive(Default)]
pub struct Plan {
    pub operations: Vec<Timed>,
    /// When they began, in order.
    pub spare_inserts: Vec<Moment>,
    pub spare_deletes: Vec<Moment>,
    pub spare_moves: Vec<Moment>,
}

impl Plan {
    pub fn of(history: &[Timed]) -> Self {
        let seen = first_seen(history);
        let mut plan = Self::default();
        for timed in history {
            let Operation::Untold(write) = timed.operation else {
                plan.operations.push(*timed);
                continue;
            };
            let written = timed.operation.written();
            let seen = written.iter().filter_map(|cell| seen.get(cell)).chain(&timed.ended).min();
            match (seen, write) {
                (Some(seen), _) => plan.operations.push(Timed { ended: Some(*seen), ..*timed }),
                (None, Write::Update(change)) if change.gate.is_some() => plan.spare_moves.push(timed.begun),
                (None, Write::Update(_)) => {}
                (None, Write::Upsert(_)) => {
                    plan.spare_inserts.push(timed.begun);
                    plan.spare_moves.push(timed.begun);
                }
                (None, Write::Insert(_)) => plan.spare_inserts.push(timed.begun),
                (None, Write::Delete) => plan.spare_deletes.push(timed.begun),
            }
        }
        plan.spare_inserts.sort_unstable();
        plan.spare_deletes.sort_unstable();
        plan.spare_moves.sort_unstable();
        plan
    }
}

/// When it was first certain that a value had been written.
fn first_seen(history: &[Timed]) -> HashMap<Cell, Moment> {
    let mut first = HashMap::new();
    for timed in history {
        let Some(ended) = timed.ended else { continue };
        for cell in timed.operation.seen() {
            let first = first.entry(cell).or_insert(ended);
            *first = ended.min(*first);
        }
    }
    first
}
