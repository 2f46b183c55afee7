//! Which rows the database changes when it deletes one.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::foreign_key::{ForeignKey, OnDelete};
use super::registration::registered;
use super::registry::{Entities, Owner};

/// A foreign key by which rows of a cached entity follow the rows of another when those are deleted.
#[derive(Clone, Debug)]
pub(crate) struct Dependent {
    pub(crate) owner: Owner,
    pub(crate) columns: Vec<String>,
    pub(crate) referred: Vec<String>,
    pub(crate) on_delete: OnDelete,
    /// Whether it is enough to find its rows: the entities have the columns that the foreign key names, and no row comes to
    /// have a value of a secondary key by it.
    pub(crate) is_listable: bool,
}

/// The dependents of each entity that rows were deleted of, by the place of its facts.
#[derive(Debug, Default)]
pub(super) struct Known(RwLock<BTreeMap<usize, Found>>);

#[derive(Debug)]
struct Found {
    /// How many entities the store had met.
    met: usize,
    dependents: Arc<[Dependent]>,
}

impl Entities {
    /// Whose rows the database changes when it deletes a row of this entity.
    ///
    /// Those of the entities that it names in a relation of its own, and of those that this store has met: the program may
    /// hold stores of several databases, with tables of one name.
    pub(crate) fn dependents(&self, parent: &Owner) -> Arc<[Dependent]> {
        let count = self.count();
        let place = std::ptr::from_ref(parent.entity).addr();
        let known = self.known.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&place).filter(|found| found.met == count) {
            return found.dependents.clone();
        }
        drop(known);
        let met = self.met();
        let dependents: Arc<[Dependent]> = dependents(parent, &met).into();
        let mut known = self.known.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(place, Found { met: met.len(), dependents: dependents.clone() });
        dependents
    }
}

fn dependents(parent: &Owner, met: &[Owner]) -> Vec<Dependent> {
    let mut found: Vec<Dependent> = Vec::new();
    let own = &parent.entity.foreign_keys;
    let is_met = |owner: &Owner| met.iter().any(|met| std::ptr::eq(met.entity, owner.entity));
    let others = registered().filter(|owner| !is_met(owner)).collect::<Vec<_>>();
    for owner in met.iter().chain(&others) {
        let entity = owner.entity;
        let is_named = own.iter().any(|relation| relation.touches(&entity.table));
        let theirs = entity.foreign_keys.iter().filter(|_| is_named || is_met(owner));
        for key in own.iter().chain(theirs).filter(|key| follows(key, owner, parent)) {
            add(&mut found, owner, parent, key);
        }
    }
    // In every process the same, so that two deletes do not wait for each other's locks.
    found.sort_by(|a, b| (&a.owner.entity.name, &a.columns).cmp(&(&b.owner.entity.name, &b.columns)));
    found
}

fn follows(key: &ForeignKey, owner: &Owner, parent: &Owner) -> bool {
    key.on_delete > OnDelete::Nothing && key.child == owner.entity.table && key.parent == parent.entity.table
}

/// Both ends may declare a foreign key: it counts once, with the more that one of them tells.
fn add(found: &mut Vec<Dependent>, owner: &Owner, parent: &Owner, key: &ForeignKey) {
    let same = |known: &&mut Dependent| {
        std::ptr::eq(known.owner.entity, owner.entity) && known.columns == key.columns && known.referred == key.referred
    };
    match found.iter_mut().find(same) {
        Some(known) => known.on_delete = known.on_delete.max(key.on_delete),
        None => found.push(Dependent {
            owner: *owner,
            columns: key.columns.clone(),
            referred: key.referred.clone(),
            on_delete: key.on_delete,
            is_listable: owner.listing.has_columns(&key.columns)
                && parent.listing.has_columns(&key.referred)
                && !(key.on_delete == OnDelete::Defaults && is_in_secondary_key(owner, &key.columns)),
        }),
    }
}

/// Whether a unique key or an index has one of these columns. NULL is in none, a default may be.
fn is_in_secondary_key(owner: &Owner, columns: &[String]) -> bool {
    let keys = owner.entity.unique_keys.iter().chain(&owner.entity.indexes);
    keys.flat_map(|key| &key.columns).any(|column| columns.iter().any(|other| other == column))
}
