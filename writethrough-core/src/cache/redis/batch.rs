//! Many calls in few commands: one for each connection and hash slot, and not too large.

use std::collections::HashMap;

use super::calls::{Arguments, Verb};
use crate::cache::{CacheKey, Call};
use crate::protocol::Step;

/// A server is busy with one command at a time; this bounds how long.
const MOST_KEYS: usize = 512;
/// Also of what a read is expected to return. A larger value goes alone.
pub(super) const MOST_BYTES: usize = 256 << 10;

/// Calls that go in one command.
pub(super) struct Batch {
    pub(super) at: Address,
    /// Where in the caller's order each stands.
    pub(super) positions: Vec<usize>,
    pub(super) keys: Vec<CacheKey>,
    pub(super) arguments: Arguments,
    /// How much of it goes over the connection, about.
    pub(super) bytes: usize,
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
        Self { at, positions: Vec::new(), keys: Vec::new(), arguments: Arguments::default(), bytes: 0 }
    }

    fn takes(&self, bytes: usize) -> bool {
        self.keys.len() < MOST_KEYS && self.bytes + bytes <= MOST_BYTES
    }

    fn push(&mut self, position: usize, (key, step): Call, bytes: usize) {
        self.positions.push(position);
        self.bytes += bytes;
        self.keys.push(key);
        self.arguments.push_step(step);
    }
}

/// Sorts calls into batches. `read` tells how many bytes a value has that comes from a lane.
pub(super) fn batches(
    calls: Vec<Call>,
    address: impl Fn(&Call) -> Address,
    read: impl Fn(usize) -> usize,
) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut open: HashMap<Address, usize> = HashMap::new();
    for (position, call) in calls.into_iter().enumerate() {
        let at = address(&call);
        let bytes = weight(&call, || read(at.lane));
        let fitting = open.get(&at).and_then(|&index| batches.get_mut(index)).filter(|batch| batch.takes(bytes));
        match fitting {
            Some(batch) => batch.push(position, call, bytes),
            None => {
                let mut batch = Batch::new(at);
                batch.push(position, call, bytes);
                open.insert(at, batches.len());
                batches.push(batch);
            }
        }
    }
    batches
}

/// About how many bytes a call and its answer are.
fn weight((key, step): &Call, read: impl FnOnce() -> usize) -> usize {
    /// Stamps, durations and what frames them.
    const REST: usize = 64;
    let value = match step {
        Step::Get => read(),
        Step::Fill { value, .. } | Step::Finish { value: Some((value, _)), .. } => value.0.len(),
        _ => 0,
    };
    key.as_str().len() + value + REST
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::entry::Payload;
    use crate::protocol::{Micros, Nonce, Stamp};

    fn address((key, step): &Call) -> Address {
        Address { lane: key.as_str().len() % 2, slot: 0, verb: Verb::of(step) }
    }

    #[test]
    fn calls_are_sorted_by_address_and_keep_their_positions() {
        let call = |key: &str| (CacheKey::new(key), Step::Invalidate);
        let batches = batches(vec![call("a"), call("bb"), call("c"), call("dd")], address, |_| 0);
        let positions: Vec<_> = batches.iter().map(|batch| batch.positions.clone()).collect();
        assert_eq!(positions, [[0, 2], [1, 3]]);
    }

    #[test]
    fn a_batch_has_an_end() {
        let many = (0..1025).map(|_| (CacheKey::new("a"), Step::Invalidate)).collect();
        let sizes: Vec<_> = batches(many, address, |_| 0).iter().map(|batch| batch.keys.len()).collect();
        assert_eq!(sizes, [512, 512, 1]);

        let value = Payload(Bytes::from(vec![0; 100_000]));
        let stamp = Stamp { at: Micros(1), nonce: Nonce(1) };
        let large = Step::Fill { stamp, value, ttl: Duration::from_secs(1) };
        let large = (0..7).map(|_| (CacheKey::new("a"), large.clone())).collect();
        let sizes: Vec<_> = batches(large, address, |_| 0).iter().map(|batch| batch.keys.len()).collect();
        assert_eq!(sizes, [2, 2, 2, 1]);
    }

    #[test]
    fn a_value_that_is_too_large_for_a_batch_goes_alone() {
        let value = |bytes| Payload(Bytes::from(vec![0; bytes]));
        let stamp = Stamp { at: Micros(1), nonce: Nonce(1) };
        let fill = |bytes| Step::Fill { stamp, value: value(bytes), ttl: Duration::from_secs(1) };
        let calls = [10, 2 * MOST_BYTES, 10].map(|bytes| (CacheKey::new("a"), fill(bytes))).to_vec();
        let sizes: Vec<_> = batches(calls, address, |_| 0).iter().map(|batch| batch.keys.len()).collect();
        assert_eq!(sizes, [1, 1, 1]);
    }

    #[test]
    fn a_read_is_as_large_as_what_it_is_expected_to_return() {
        let reads = (0..10).map(|_| (CacheKey::new("a"), Step::Get)).collect();
        let sizes: Vec<_> = batches(reads, address, |_| 100_000).iter().map(|batch| batch.keys.len()).collect();
        assert_eq!(sizes, [2, 2, 2, 2, 2]);
    }
}
