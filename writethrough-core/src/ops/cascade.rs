//! The rows that the database changes beside those that a delete names: ON DELETE CASCADE, SET NULL and SET DEFAULT.
//!
//! In the transaction of the delete, before its statement: the rows to be deleted are locked, so that no other comes to
//! refer to them; those that do are listed and locked; and so on where these are deleted with them. All of them are fenced
//! with the deleted row, and no value follows. What is too much to be listed is invalidated with its whole entity.
//!
//! Nobody needs to look for lists and pointers that lead to such rows: who follows one looks whether the row is there.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use sea_orm::sea_query::{self, ValueTuple};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, IdenStatic, Iterable, PrimaryKeyToColumn};

use super::claim::{Claim, Settled};
use super::context::Context;
use super::fence::Value;
use super::load_many::BINDS_PER_QUERY;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Dependent, Listed, OnDelete, Owner, Wanted};
use crate::telemetry;

/// An entity whose rows others depend on.
pub(super) struct Family<'a> {
    context: &'a Context,
    parent: Owner,
    primary_key: Vec<String>,
    dependents: Arc<[Dependent]>,
}

/// What a delete changes.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Whether none of the rows that it names is there.
    pub(super) is_nothing: bool,
    /// The rows that it names and that are there, as the database spells their keys.
    parents: Vec<Claim>,
    /// The rows that it changes besides.
    others: Vec<Claim>,
    /// Entities of which it may change more rows than were listed.
    sweeps: Vec<Owner>,
}

impl Touched {
    /// What becomes of each key, `absent` of those of the rows that the delete names; and the entities that are to be
    /// invalidated as a whole.
    pub(super) fn settled(&self, absent: Value) -> (Vec<Settled>, Vec<Owner>) {
        let parents = self.parents.iter().map(|claim| Settled { claim: claim.clone(), value: absent.clone() });
        let others = self.others.iter().map(|claim| Settled { claim: claim.clone(), value: None });
        (parents.chain(others).collect(), self.sweeps.clone())
    }
}

impl<'a> Family<'a> {
    /// `None` where nothing depends on the rows of the entity.
    pub(super) fn of<E: CachedEntity>(context: &'a Context) -> Option<Self> {
        let parent = Owner::of::<E>();
        let dependents = context.entities.dependents(&parent);
        if dependents.is_empty() {
            return None;
        }
        let primary_key = E::PrimaryKey::iter().map(|part| part.into_column().as_str().to_owned()).collect();
        Some(Self { context, parent, primary_key, dependents })
    }

    /// Before anything is read.
    ///
    /// On SQLite there are no locks on rows. Who reads first and then writes may find that somebody has written meanwhile,
    /// and fail; who writes first waits.
    pub(super) async fn begin(&self, tx: &impl ConnectionTrait) -> Result<(), DbErr> {
        if tx.get_database_backend() == DbBackend::Sqlite {
            tx.execute(&self.parent.listing.touch()).await?;
        }
        Ok(())
    }

    /// Locks the rows with these primary keys and all that depend on them.
    pub(super) async fn lock(&self, tx: &impl ConnectionTrait, pks: &[ValueTuple]) -> Result<Touched, DbErr> {
        let mut search = Search::new(self.context, tx);
        let pks: Vec<_> = pks.iter().map(|pk| pk.clone().into_iter().collect()).collect();
        let rows = search.list(&self.parent, &self.primary_key, &pks, &self.dependents, usize::MAX).await?;
        let is_nothing = rows.is_empty();
        let parents: Vec<_> = rows.iter().filter_map(|row| search.claim(&self.parent, row)).collect();
        search.followed.extend(rows.iter().map(|row| name(&self.parent, row)));
        let mut levels = vec![(self.dependents.clone(), rows)];
        while let Some((dependents, rows)) = levels.pop() {
            for (place, dependent) in dependents.iter().enumerate() {
                let values = rows.iter().filter_map(|row| row.values.get(place).cloned().flatten()).collect();
                levels.extend(search.follow(dependent, values).await?);
            }
        }
        Ok(Touched { is_nothing, ..search.touched(parents) })
    }
}

/// One search for the rows that depend on others.
struct Search<'a, C> {
    context: &'a Context,
    tx: &'a C,
    found: IndexMap<CacheKey, Owner>,
    /// The rows that are deleted and whose dependents were looked for, so that circles end.
    followed: HashSet<(&'static str, ValueTuple)>,
    /// What is done to rows of these, and is not listed.
    sweeps: BTreeMap<&'static str, (Owner, OnDelete)>,
}

impl<'a, C: ConnectionTrait> Search<'a, C> {
    fn new(context: &'a Context, tx: &'a C) -> Self {
        Self { context, tx, found: IndexMap::new(), followed: HashSet::new(), sweeps: BTreeMap::new() }
    }

    /// Lists the rows that refer to these values. Those that are deleted with them come back, with what depends on them.
    async fn follow(
        &mut self,
        dependent: &Dependent,
        values: Vec<Vec<sea_query::Value>>,
    ) -> Result<Option<(Arc<[Dependent]>, Vec<Listed>)>, DbErr> {
        let Dependent { owner, columns, on_delete, is_listable, .. } = dependent;
        let is_swept = |(_, known): &(Owner, OnDelete)| known >= on_delete;
        if values.is_empty() || self.sweeps.get(owner.entity.name.as_str()).is_some_and(is_swept) {
            return Ok(None);
        }
        let deeper = match on_delete {
            OnDelete::Deletes => self.context.entities.dependents(owner),
            OnDelete::Clears | OnDelete::Defaults | OnDelete::Nothing => Arc::default(),
        };
        let room = self.context.settings.bulk_limit.saturating_sub(self.found.len());
        if !is_listable {
            self.sweep(owner, *on_delete);
            return Ok(None);
        }
        let mut rows = self.list(owner, columns, &values, &deeper, room.saturating_add(1)).await?;
        if rows.len() > room {
            self.sweep(owner, *on_delete);
            return Ok(None);
        }
        for claim in rows.iter().filter_map(|row| self.claim(owner, row)).collect::<Vec<_>>() {
            self.found.insert(claim.key, claim.owner);
        }
        if deeper.is_empty() {
            return Ok(None);
        }
        rows.retain(|row| self.followed.insert(name(owner, row)));
        Ok(Some((deeper, rows)))
    }

    /// The rows with these values, locked, and what `dependents` refer to of them.
    async fn list(
        &self,
        owner: &Owner,
        columns: &[String],
        values: &[Vec<sea_query::Value>],
        dependents: &[Dependent],
        limit: usize,
    ) -> Result<Vec<Listed>, DbErr> {
        let referred: Vec<_> = dependents.iter().map(|dependent| dependent.referred.clone()).collect();
        let mut rows = Vec::new();
        for values in values.chunks(BINDS_PER_QUERY / columns.len().max(1)) {
            let wanted = Wanted { columns, values, referred: &referred };
            let mut select = owner.listing.select(&wanted);
            if let Ok(room) = u32::try_from(limit.saturating_sub(rows.len())) {
                select.limit(room.into());
            }
            for row in self.tx.query_all(&select).await? {
                rows.push(owner.listing.read(&wanted, &row)?);
            }
        }
        Ok(rows)
    }

    fn claim(&self, owner: &Owner, row: &Listed) -> Option<Claim> {
        let key = owner.listing.key(&self.context.keys, &row.pk)?;
        Some(Claim { key, owner: *owner })
    }

    /// Gives up to list rows of this entity, and of all that may be deleted with them.
    fn sweep(&mut self, owner: &Owner, on_delete: OnDelete) {
        let mut open = vec![(*owner, on_delete)];
        while let Some((owner, on_delete)) = open.pop() {
            let entity = owner.entity;
            let known = self.sweeps.get(entity.name.as_str()).map(|(_, known)| *known);
            if known.is_some_and(|known| known >= on_delete) {
                continue;
            }
            if known.is_none() {
                telemetry::count(telemetry::CASCADE_OVERFLOWS, entity.label);
                tracing::warn!(
                    entity = entity.label,
                    "a delete may change more rows than are listed; the entity is invalidated as a whole"
                );
            }
            self.sweeps.insert(&entity.name, (owner, on_delete));
            if on_delete == OnDelete::Deletes {
                let deeper = self.context.entities.dependents(&owner);
                open.extend(deeper.iter().map(|dependent| (dependent.owner, dependent.on_delete)));
            }
        }
    }

    fn touched(self, parents: Vec<Claim>) -> Touched {
        let mut others = self.found;
        let named: HashSet<_> = parents.iter().map(|parent| &parent.key).collect();
        others.retain(|key, _| !named.contains(key));
        Touched {
            others: others.into_iter().map(|(key, owner)| Claim { key, owner }).collect(),
            sweeps: self.sweeps.into_values().map(|(owner, _)| owner).collect(),
            parents,
            is_nothing: false,
        }
    }
}

/// What distinguishes the row from all others, also where it could never be kept.
fn name(owner: &Owner, row: &Listed) -> (&'static str, ValueTuple) {
    (&owner.entity.name, row.pk.clone())
}
