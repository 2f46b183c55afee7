//! What a process that died has left in the outbox, and what others have changed, is invalidated here.
//!
//! A relay looks twice in each interval, and whenever somebody wakes it. Rows that triggers recorded are due at once. A row
//! that a store recorded is due when it still stands there half an interval after it was first seen: a store that is alive
//! would have removed it. After an outage of the cache everything is due, because reads wait for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr};
use tokio::time::Instant;

use super::table::{Entry, Target};
use super::{Outbox, listen};
use crate::cache::{CacheError, CacheKey};
use crate::entity::{Entities, KeySpace, Owner, Recorded};
use crate::protocol::Step;
use crate::resilience::GuardedCache;
use crate::telemetry;

/// How long acknowledged writes are collected before their rows are removed.
const COLLECT: Duration = Duration::from_millis(20);
/// Pause after a look that failed while reads wait for it, at first; each further one doubles it, up to half the interval.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// See the module.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) db: DatabaseConnection,
    pub(crate) cache: Arc<GuardedCache>,
    pub(crate) entities: Arc<Entities>,
    pub(crate) keys: KeySpace,
}

/// Rows that were left to their stores, and when they were first seen.
pub(crate) type Seen = HashMap<i64, Instant>;

/// Why a look did not put everything right.
#[derive(Debug)]
pub(crate) enum Failure {
    Database(DbErr),
    Cache(CacheError),
}

/// What a row asks for.
#[derive(Debug, Default)]
struct Work {
    keys: HashSet<CacheKey>,
    prefixes: HashSet<String>,
}

impl Relay {
    /// Works until the outbox is closed.
    pub(crate) async fn run(self) {
        let outbox = self.outbox.clone();
        let work =
            async { tokio::join!(self.remove_acknowledged(), self.look_again_and_again(), listen::listen(&self)) };
        tokio::select! {
            _ = work => {}
            () = outbox.closing.cancelled() => {}
        }
    }

    async fn remove_acknowledged(&self) {
        loop {
            self.outbox.sweep.notified().await;
            tokio::time::sleep(COLLECT).await;
            if self.outbox.remove_acknowledged(&self.db).await.is_err() {
                tracing::warn!("rows of the outbox could not be removed; their entries will be invalidated once more");
            }
        }
    }

    async fn look_again_and_again(&self) {
        let period = self.outbox.interval / 2;
        let mut seen = Seen::new();
        let (mut pause, mut failing) = (FIRST_PAUSE, false);
        loop {
            let behind = !self.outbox.is_clear(self.cache.recoveries());
            let wait = if behind { pause.min(period) } else { period };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.outbox.look.notified() => {}
                () = self.cache.recovered(self.outbox.clear_since.load(Ordering::SeqCst)), if !behind => {}
            }
            match self.look(&mut seen).await {
                Ok(()) => (pause, failing) = (FIRST_PAUSE, false),
                Err(failure) => {
                    pause = (pause * 2).min(period);
                    if !std::mem::replace(&mut failing, true) {
                        failure.tell();
                    }
                }
            }
        }
    }

    /// One look at the whole table. `seen` has the rows that were left to their stores at the last look, and for how long.
    ///
    /// Cancel safe: what was invalidated and not removed is invalidated once more.
    pub(crate) async fn look(&self, seen: &mut Seen) -> Result<(), Failure> {
        let recoveries = self.cache.recoveries();
        let all = !self.outbox.is_clear(recoveries);
        let (now, patience) = (Instant::now(), self.outbox.interval / 2);
        let first_seen = |seen: &Seen, id: i64| seen.get(&id).copied().unwrap_or(now);
        let (mut left, mut waiting, mut after) = (Seen::new(), 0, 0);
        loop {
            let (page, last) = self.outbox.table.page(&self.db, after).await.map_err(Failure::Database)?;
            let Some(last) = last else { break };
            after = last;
            let is_due = |entry: &Entry| all || !entry.is_own || first_seen(seen, entry.id) + patience <= now;
            let (due, rest): (Vec<_>, Vec<_>) = page.into_iter().partition(is_due);
            left.extend(rest.iter().map(|entry| (entry.id, first_seen(seen, entry.id))));
            waiting += rest.len() + self.put_right(due).await?;
        }
        *seen = left;
        self.outbox.waiting.store(waiting, Ordering::Relaxed);
        metrics::gauge!(telemetry::OUTBOX_LENGTH).set(waiting as f64);
        self.outbox.clear_since.store(recoveries, Ordering::SeqCst);
        Ok(())
    }

    /// Invalidates what these rows are about, and removes them. Tells how many are left to a relay that knows their table.
    async fn put_right(&self, entries: Vec<Entry>) -> Result<usize, Failure> {
        let mut work = Work::default();
        let mut done = Vec::with_capacity(entries.len());
        let count = entries.len();
        for Entry { id, target, .. } in entries {
            if self.understand(target, &mut work) {
                done.push(id);
            }
        }
        let keys = work.keys.len() + work.prefixes.len();
        let calls: Vec<_> = work.keys.into_iter().map(|key| (key, Step::Invalidate)).collect();
        for answer in self.cache.apply(calls).await {
            answer.map_err(Failure::Cache)?;
        }
        for prefix in work.prefixes {
            self.cache.invalidate_prefix(&prefix).await.map_err(Failure::Cache)?;
        }
        self.outbox.table.remove(&self.db, &done).await.map_err(Failure::Database)?;
        metrics::counter!(telemetry::OUTBOX_REPAIRS).increment(keys as u64);
        Ok(count - done.len())
    }

    /// Adds what the target is about; whether this store knows it.
    fn understand(&self, target: Target, work: &mut Work) -> bool {
        match target {
            Target::Key { key, .. } => {
                work.keys.insert(key);
                true
            }
            Target::Prefix { prefix, .. } => {
                work.prefixes.insert(prefix);
                true
            }
            Target::Row { table, columns } => {
                let recorded = serde_json::from_str::<Recorded>(&columns).ok();
                self.for_each_entity_of(&table, |owner| {
                    let keys = recorded.as_ref().and_then(|recorded| owner.keys_of_recorded(&self.keys, recorded));
                    match keys {
                        Some(keys) => work.keys.extend(keys),
                        None => work.prefixes.extend(owner.prefixes(&self.keys)),
                    }
                })
            }
            Target::Table { table } => {
                self.for_each_entity_of(&table, |owner| work.prefixes.extend(owner.prefixes(&self.keys)))
            }
        }
    }

    fn for_each_entity_of(&self, table: &str, tell: impl FnMut(&Owner)) -> bool {
        let owners = self.entities.filter(|owner| owner.entity.table == table);
        owners.iter().for_each(tell);
        !owners.is_empty()
    }
}

impl Failure {
    /// Once: a database's text may bear values, and is not told.
    fn tell(&self) {
        match self {
            Self::Database(_) => tracing::error!("the outbox cannot be read or emptied; is its table there?"),
            Self::Cache(error) => tracing::warn!(%error, "the outbox cannot be emptied while the cache is away"),
        }
    }
}
