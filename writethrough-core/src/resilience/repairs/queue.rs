//! What waits: one entry a key, a bounded number of keys, and whole entities beyond the bound.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use super::Repair;
use crate::cache::CacheKey;

/// All keys of an entity: what they start with, those of rows and of pointers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntityKeys {
    /// The table's name.
    pub(crate) label: &'static str,
    pub(crate) prefixes: [String; 3],
}

impl EntityKeys {
    fn cover(&self, key: &CacheKey) -> bool {
        self.prefixes.iter().any(|prefix| key.as_str().starts_with(prefix))
    }
}

/// What one key needs, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) repair: Repair,
    pub(super) label: &'static str,
}

/// What one attempt is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) keys: HashMap<CacheKey, Entry>,
    pub(super) entity: Option<EntityKeys>,
}

#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    keys: HashMap<CacheKey, Entry>,
    /// Entities that are marked as a whole.
    entities: BTreeSet<EntityKeys>,
    under_way: Batch,
}

/// What became of a key that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Queued,
    /// There was no room: its entity was marked in its place.
    Overflowed,
}

impl Queue {
    pub(super) fn of(capacity: usize) -> Self {
        Self { capacity, keys: HashMap::new(), entities: BTreeSet::new(), under_way: Batch::default() }
    }

    /// Adds a key of that entity.
    pub(super) fn push(&mut self, key: CacheKey, repair: Repair, entity: EntityKeys) -> Pushed {
        // What is marked as a whole is repaired after now.
        if repair != Repair::Fence && self.entities.contains(&entity) {
            return Pushed::Queued;
        }
        let has_room = self.keys.len() < self.capacity || self.keys.contains_key(&key);
        if has_room || repair == Repair::Fence {
            self.merge(key, Entry { repair, label: entity.label });
        }
        if has_room {
            return Pushed::Queued;
        }
        self.keys.retain(|key, entry| entry.repair == Repair::Fence || !entity.cover(key));
        if self.entities.insert(entity) { Pushed::Overflowed } else { Pushed::Queued }
    }

    /// Marks a whole entity.
    pub(super) fn mark(&mut self, entity: EntityKeys) {
        self.entities.insert(entity);
    }

    /// Takes so many keys, and an entity.
    pub(super) fn take(&mut self, most: usize) -> Batch {
        let names: Vec<_> = self.keys.keys().take(most).cloned().collect();
        let keys = names.iter().filter_map(|key| self.keys.remove_entry(key)).collect();
        self.under_way = Batch { keys, entity: self.entities.pop_first() };
        self.under_way.clone()
    }

    /// A key's repair was acknowledged, or not.
    pub(super) fn conclude_key(&mut self, key: &CacheKey, acknowledged: bool) {
        if let Some((key, entry)) = self.under_way.keys.remove_entry(key)
            && !acknowledged
        {
            self.merge(key, entry);
        }
    }

    /// The repair of the entity was acknowledged, or not.
    pub(super) fn conclude_entity(&mut self, acknowledged: bool) {
        if let Some(entity) = self.under_way.entity.take()
            && !acknowledged
        {
            self.entities.insert(entity);
        }
    }

    /// How much waits, keys and entities, those under way included.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let under_way = &self.under_way;
        (self.keys.len() + under_way.keys.len(), self.entities.len() + usize::from(under_way.entity.is_some()))
    }

    pub(super) fn backlog(&self) -> Backlog {
        let mut keys = BTreeMap::new();
        for entry in self.keys.values().chain(self.under_way.keys.values()) {
            *keys.entry(entry.label).or_default() += 1;
        }
        let entities = self.entities.iter().chain(&self.under_way.entity).map(|entity| entity.label).collect();
        Backlog { keys, entities }
    }

    fn merge(&mut self, key: CacheKey, entry: Entry) {
        let queued = self.keys.entry(key).or_insert(entry);
        queued.repair = queued.repair.and(entry.repair);
    }
}

/// What waits, by the names of tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    keys: BTreeMap<&'static str, usize>,
    entities: BTreeSet<&'static str>,
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (label, count) in &self.keys {
            let plural = if *count == 1 { "" } else { "s" };
            write!(f, "{separator}{count} key{plural} of `{label}`")?;
            separator = ", ";
        }
        for label in &self.entities {
            write!(f, "{separator}all of `{label}`")?;
            separator = ", ";
        }
        Ok(())
    }
}
