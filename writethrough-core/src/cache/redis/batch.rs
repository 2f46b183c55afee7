//! Many calls in few commands: one for each connection and hash slot, and not too large.

use std::collections::HashMap;

use super::calls::{Arguments, Verb};
use crate::cache::{CacheKey, Call};

/// A server is busy with one command at a time; this bounds how long.
const MOST_KEYS: usize = 512;
const MOST_BYTES: usize = 1 << 20;

/// Calls that go in one command.
pub(super) struct Batch {
    pub(super) at: Address,
    /// Where in the caller's order each stands.
    pub(super) positions: Vec<usize>,
    pub(super) keys: Vec<CacheKey>,
    pub(super) arguments: Arguments,
}

/// Where a command goes, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address {
    pub(super) lane: usize,
    pub(super) slot: u16,
    pub(super) verb: Verb,
}

impl Batch {
    fn new(at: Address) -> Self {
        Self { at, positions: Vec::new(), keys: Vec::new(), arguments: Arguments::default() }
    }

    fn is_full(&self) -> bool {
        self.keys.len() >= MOST_KEYS || self.arguments.size >= MOST_BYTES
    }

    fn push(&mut self, position: usize, (key, step): Call) {
        self.positions.push(position);
        self.arguments.size += key.as_str().len();
        self.keys.push(key);
        self.arguments.push_step(step);
    }
}

/// Sorts calls into batches.
pub(super) fn batches(calls: Vec<Call>, address: impl Fn(&Call) -> Address) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut open: HashMap<Address, usize> = HashMap::new();
    for (position, call) in calls.into_iter().enumerate() {
        let at = address(&call);
        let fitting = open.get(&at).and_then(|&index| batches.get_mut(index)).filter(|batch| !batch.is_full());
        match fitting {
            Some(batch) => batch.push(position, call),
            None => {
                let mut batch = Batch::new(at);
                batch.push(position, call);
                open.insert(at, batches.len());
                batches.push(batch);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::entry::Payload;
    use crate::protocol::{Micros, Nonce, Stamp, Step};

    fn address((key, step): &Call) -> Address {
        Address { lane: key.as_str().len() % 2, slot: 0, verb: Verb::of(step) }
    }

    #[test]
    fn calls_are_sorted_by_address_and_keep_their_positions() {
        let call = |key: &str| (CacheKey::new(key), Step::Invalidate);
        let batches = batches(vec![call("a"), call("bb"), call("c"), call("dd")], address);
        let positions: Vec<_> = batches.iter().map(|batch| batch.positions.clone()).collect();
        assert_eq!(positions, [[0, 2], [1, 3]]);
    }

    #[test]
    fn a_batch_has_an_end() {
        let many = (0..1025).map(|_| (CacheKey::new("a"), Step::Invalidate)).collect();
        let sizes: Vec<_> = batches(many, address).iter().map(|batch| batch.keys.len()).collect();
        assert_eq!(sizes, [512, 512, 1]);

        let value = Payload(Bytes::from(vec![0; 400_000]));
        let stamp = Stamp { at: Micros(1), nonce: Nonce(1) };
        let large = Step::Fill { stamp, value, ttl: Duration::from_secs(1) };
        let large = (0..7).map(|_| (CacheKey::new("a"), large.clone())).collect();
        let sizes: Vec<_> = batches(large, address).iter().map(|batch| batch.keys.len()).collect();
        assert_eq!(sizes, [3, 3, 1]);
    }
}
