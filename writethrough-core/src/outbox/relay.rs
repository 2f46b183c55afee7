//! What a process that died has left in the outbox, and what others have changed, is invalidated here.
//!
//! A relay looks twice in each interval, and whenever somebody wakes it. Rows that triggers recorded are due at once. A row
//! that another store recorded is due when it still stands there half an interval after it was first seen: a store that is
//! alive would have removed it. After an outage of the cache everything is due, because reads wait for it.

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

/// How long acknowledged writes are collected at most before their rows are removed.
const COLLECT: Duration = Duration::from_millis(20);
/// Pause after a look that failed while reads wait for it, at first and at most; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often rows are removed that nobody came for.
const CLEAN_UP: Duration = Duration::from_secs(60 * 60);

/// See the module.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) db: DatabaseConnection,
    pub(crate) cache: Arc<GuardedCache>,
    pub(crate) entities: Arc<Entities>,
    pub(crate) keys: KeySpace,
    /// The bound on each statement.
    pub(crate) timeout: Duration,
}

/// Rows that were left to their stores, and when they were first seen.
pub(crate) type Seen = HashMap<i64, Instant>;

/// Why a look did not put everything right.
#[derive(Debug)]
pub(crate) enum Failure {
    Database(DbErr),
    /// The database did not answer in time.
    Overdue,
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
        let _ended = self.outbox.ended.clone().drop_guard();
        let work =
            async { tokio::join!(self.remove_acknowledged(), self.look_again_and_again(), listen::listen(&self)) };
        tokio::select! {
            _ = work => {}
            () = self.outbox.closing.cancelled() => {}
        }
    }

    async fn remove_acknowledged(&self) {
        let collect = COLLECT.min(self.outbox.interval / 20);
        loop {
            self.outbox.sweep.notified().await;
            tokio::time::sleep(collect).await;
            if self.within(self.outbox.remove_acknowledged(&self.db)).await.is_err() {
                tracing::warn!("rows of the outbox could not be removed; their entries will be invalidated once more");
            }
        }
    }

    async fn look_again_and_again(&self) {
        let period = self.outbox.interval / 2;
        let mut seen = Seen::new();
        let (mut pause, mut failing) = (FIRST_PAUSE, false);
        let mut clean_up = Instant::now();
        loop {
            let recoveries = self.cache.recoveries();
            let wait = if self.outbox.is_clear(recoveries) { period } else { pause };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.outbox.look.notified() => {}
                () = self.cache.recovered(recoveries) => {}
            }
            if clean_up <= Instant::now() {
                clean_up = Instant::now() + CLEAN_UP;
                drop(self.within(self.outbox.table.remove_outdated(&self.db)).await);
            }
            match self.look(&mut seen).await {
                Ok(()) => (pause, failing) = (FIRST_PAUSE, false),
                Err(failure) => {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    if !std::mem::replace(&mut failing, true) {
                        failure.tell();
                    }
                }
            }
        }
    }

    /// One look at the whole table. `seen` has the rows that were left to their stores at the last look, and since when.
    ///
    /// Cancel safe: what was invalidated and not removed is invalidated once more.
    pub(crate) async fn look(&self, seen: &mut Seen) -> Result<(), Failure> {
        let reasons = self.outbox.reasons(self.cache.recoveries());
        let all = self.outbox.clear_since.load(Ordering::SeqCst) != reasons;
        let (now, patience) = (Instant::now(), self.outbox.interval / 2);
        let first_seen = |seen: &Seen, id: i64| seen.get(&id).copied().unwrap_or(now);
        let (mut left, mut waiting, mut after, mut failed) = (Seen::new(), 0, 0, None);
        while let (page, Some(last)) = self.within(self.outbox.table.page(&self.db, after)).await? {
            after = last;
            let is_due = |entry: &Entry| {
                let is_overdue = all || entry.write.is_none() || first_seen(seen, entry.id) + patience <= now;
                is_overdue && !self.outbox.is_our_own(entry.write)
            };
            let (due, rest): (Vec<_>, Vec<_>) = page.into_iter().partition(is_due);
            left.extend(rest.iter().map(|entry| (entry.id, first_seen(seen, entry.id))));
            let (unknown, refused) = self.put_right(due).await?;
            waiting += rest.len() + unknown;
            failed = failed.or(refused);
        }
        *seen = left;
        self.outbox.waiting.store(waiting, Ordering::Relaxed);
        metrics::gauge!(telemetry::OUTBOX_LENGTH).set(waiting as f64);
        if let Some(error) = failed {
            return Err(Failure::Cache(error));
        }
        self.outbox.clear_since.store(reasons, Ordering::SeqCst);
        Ok(())
    }

    /// Invalidates what these rows are about, and removes those whose entries the cache has acknowledged. Tells how many are
    /// left to a relay that knows their table, and why the cache did not acknowledge the rest.
    async fn put_right(&self, entries: Vec<Entry>) -> Result<(usize, Option<CacheError>), Failure> {
        let count = entries.len();
        let asked = entries.into_iter().filter_map(|Entry { id, target, .. }| Some((id, self.work_of(target)?)));
        let known: Vec<(i64, Work)> = asked.collect();
        let keys: HashSet<_> = known.iter().flat_map(|(_, work)| work.keys.iter().cloned()).collect();
        let prefixes: HashSet<_> = known.iter().flat_map(|(_, work)| work.prefixes.iter().cloned()).collect();

        let (mut refused, mut failed) = (Work::default(), None);
        let keys: Vec<_> = keys.into_iter().collect();
        let calls = keys.iter().map(|key| (key.clone(), Step::Invalidate)).collect();
        let asked_for = keys.len() + prefixes.len();
        for (key, answer) in keys.into_iter().zip(self.cache.apply(calls).await) {
            if let Err(error) = answer {
                failed = Some(error);
                refused.keys.insert(key);
            }
        }
        for prefix in prefixes {
            if let Err(error) = self.cache.invalidate_prefix(&prefix).await {
                failed = Some(error);
                refused.prefixes.insert(prefix);
            }
        }
        let is_done =
            |work: &Work| work.keys.is_disjoint(&refused.keys) && work.prefixes.is_disjoint(&refused.prefixes);
        let done: Vec<_> = known.iter().filter(|(_, work)| is_done(work)).map(|(id, _)| *id).collect();
        self.within(self.outbox.table.remove(&self.db, &done)).await?;
        let repaired = asked_for - refused.keys.len() - refused.prefixes.len();
        metrics::counter!(telemetry::OUTBOX_REPAIRS).increment(repaired as u64);
        Ok((count - known.len(), failed))
    }

    /// What the target is about; `None` if this store knows no entity of its table.
    fn work_of(&self, target: Target) -> Option<Work> {
        let mut work = Work::default();
        match target {
            Target::Key { key, .. } => drop(work.keys.insert(key)),
            Target::Prefix { prefix, .. } => drop(work.prefixes.insert(prefix)),
            Target::Row { table, columns } => {
                let recorded = serde_json::from_str::<Recorded>(&columns).ok();
                for owner in self.entities_of(&table)? {
                    match recorded.as_ref().and_then(|recorded| owner.keys_of_recorded(&self.keys, recorded)) {
                        Some(keys) => work.keys.extend(keys),
                        None => work.prefixes.extend(owner.prefixes(&self.keys)),
                    }
                }
            }
            Target::Table { table } => {
                for owner in self.entities_of(&table)? {
                    work.prefixes.extend(owner.prefixes(&self.keys));
                }
            }
        }
        Some(work)
    }

    fn entities_of(&self, table: &str) -> Option<Vec<Owner>> {
        Some(self.entities.filter(|owner| owner.entity.table == table)).filter(|owners| !owners.is_empty())
    }

    async fn within<T>(&self, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout, statement).await {
            Ok(result) => result.map_err(Failure::Database),
            Err(_) => Err(Failure::Overdue),
        }
    }
}

impl Failure {
    /// Without the database's text, which may bear values.
    fn tell(&self) {
        match self {
            Self::Database(DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) | Self::Overdue => {
                tracing::warn!("the outbox cannot be read or emptied: the database does not answer");
            }
            Self::Database(_) => {
                tracing::error!(
                    "the outbox cannot be read or emptied: is its table there, and may this user read it and delete?"
                );
            }
            Self::Cache(error) => tracing::warn!(%error, "the outbox cannot be emptied: the cache does not take it"),
        }
    }
}
