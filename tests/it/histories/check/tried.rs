//! What the search has tried: sets of operations, and the states after them.

use std::collections::HashMap;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::super::operation::State;
use super::Spent;

/// A set of operations is the exclusive or of a random number for each (Zobrist's hash): a set of thousands costs as much
/// as one of two, and with 128 bits two sets will not meet.
pub struct Tried {
    numbers: Vec<u128>,
    set: u128,
    /// Under each set and state the fewest spare writes it was reached with. Who comes with more gets no further.
    reached: HashMap<(u128, State), Vec<Spent>>,
}

impl Tried {
    pub fn new(operations: usize) -> Self {
        // The same for every run, so that a failure can be repeated.
        let mut random = SmallRng::seed_from_u64(1993);
        Self { numbers: (0..operations).map(|_| random.random()).collect(), set: 0, reached: HashMap::new() }
    }

    /// Whether this set with the operation was not yet reached in this state, and notes it.
    pub fn is_new(&mut self, operation: usize, state: State, spent: Spent) -> bool {
        let reached = self.reached.entry((self.set ^ self.numbers[operation], state)).or_default();
        let no_more = |one: &Spent, other: &Spent| {
            one.inserts <= other.inserts && one.deletes <= other.deletes && one.moves <= other.moves
        };
        if reached.iter().any(|earlier| no_more(earlier, &spent)) {
            return false;
        }
        reached.retain(|earlier| !no_more(&spent, earlier));
        reached.push(spent);
        true
    }

    pub fn enter(&mut self, operation: usize) {
        self.set ^= self.numbers[operation];
    }

    pub fn leave(&mut self, operation: usize) {
        self.set ^= self.numbers[operation];
    }
}
