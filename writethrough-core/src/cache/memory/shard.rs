//! A part of the entries, and what of them goes when it is full.

use indexmap::IndexMap;
use rand::Rng;
use rand::rngs::SmallRng;

use crate::cache::CacheKey;
use crate::entry::Payload;
use crate::protocol::{Entry, Micros, Reply, Server, State, Step, apply};

/// How many entries each new one looks at, to sweep what expired.
const SWEPT: usize = 3;
/// Among how many entries the oldest value is looked for.
const SAMPLE: usize = 8;
/// How often a sample without a value is drawn again; then the shard grows beyond its room.
const SAMPLES: usize = 8;

/// Entries behind one lock.
pub(super) struct Shard {
    entries: IndexMap<CacheKey, Entry<Payload>>,
    room: usize,
    random: SmallRng,
}

impl Shard {
    pub(super) fn new(room: usize) -> Self {
        use rand::SeedableRng;
        Self { entries: IndexMap::new(), room, random: SmallRng::from_rng(&mut rand::rng()) }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Executes one step.
    pub(super) fn execute(&mut self, key: CacheKey, step: Step<Payload>, server: &Server) -> Reply<Payload> {
        let stood = self.entries.get(&key).cloned();
        let known = stood.is_some();
        let is_read = matches!(step, Step::Get);
        let (entry, reply) = apply(stood, step, server);
        match entry {
            // A read that finds something changes nothing.
            Some(_) if is_read => {}
            Some(entry) => {
                if !known {
                    self.sweep(server.now);
                    self.make_room(server.now);
                }
                self.entries.insert(key, entry);
            }
            None if known => {
                self.entries.swap_remove(&key);
            }
            None => {}
        }
        reply
    }

    /// Invalidates every entry whose key starts with the prefix, and says how many there are.
    pub(super) fn invalidate_prefix(&mut self, prefix: &str, server: &Server) -> u64 {
        let mut met = 0;
        self.entries.retain(|key, entry| {
            if !key.as_str().starts_with(prefix) {
                return true;
            }
            met += 1;
            match apply(Some(entry.clone()), Step::Invalidate, server).0 {
                Some(left) => {
                    *entry = left;
                    true
                }
                None => false,
            }
        });
        met
    }

    /// The keys that start with the prefix.
    pub(super) fn keys(&self, prefix: &str) -> Vec<CacheKey> {
        self.entries.keys().filter(|key| key.as_str().starts_with(prefix)).cloned().collect()
    }

    fn sweep(&mut self, now: Micros) {
        for _ in 0..SWEPT.min(self.entries.len()) {
            let index = self.random.random_range(0..self.entries.len());
            if self.entries.get_index(index).is_some_and(|(_, entry)| entry.expires_at <= now) {
                self.entries.swap_remove_index(index);
            }
            if self.entries.is_empty() {
                return;
            }
        }
    }

    /// Evicts until one more entry fits, or no value is found to evict.
    fn make_room(&mut self, now: Micros) {
        while self.entries.len() >= self.room {
            let Some(index) = (0..SAMPLES).find_map(|_| self.candidate(now)) else { return };
            self.entries.swap_remove_index(index);
        }
    }

    /// Of a few entries at random: one that expired, else the oldest value. Never a lease or a fence that counts.
    fn candidate(&mut self, now: Micros) -> Option<usize> {
        let age = |entry: &Entry<Payload>| match &entry.state {
            _ if entry.expires_at <= now => Some(Micros(0)),
            State::Value { written_at, .. } => Some(*written_at),
            State::Lease { .. } | State::Fence { .. } => None,
        };
        (0..SAMPLE)
            .map(|_| self.random.random_range(0..self.entries.len()))
            .filter_map(|index| Some((age(self.entries.get_index(index)?.1)?, index)))
            .min()
            .map(|(_, index)| index)
    }
}
