//! Comparing the cache with the database.
//!
//! Entries are met from both sides. From the **cache**: an entry that holds a row names its primary key, and is held
//! against the database, which may have another row by now or none. From the **database**: what is remembered as absent
//! can not be found by looking at the cache, for its key tells nobody which row it is of; so rows are taken in the order
//! of their primary key, and all keys that speak of them are looked up: their entries, pointers and lists. That an entry or a
//! list has too much, whoever loads it finds out; so a list is wrong where it lacks a row. Nothing is leased or filled.
//!
//! What counts as a difference is decided in [`decide`].

mod background;
mod decide;
mod options;
mod report;
mod rows;
mod subject;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use indexmap::IndexSet;
use rand::seq::SliceRandom;
use sea_orm::sea_query::ValueTuple;
use tracing::Instrument;

pub use background::AuditHandle;
pub(crate) use background::audit_in_background;
pub use options::Audit;
pub use report::{AuditRepair, AuditReport, Difference, StaleEntry};

use self::decide::{Look, Suspect, Verdict};
use self::options::{Extent, OnStale};
use self::rows::Start;
use self::subject::{Foreign, Subject};
use super::context::Context;
use super::load_many::find_many;
use super::pace::Pace;
use crate::cache::{CacheError, CacheKey, Cursor};
use crate::entity::{CachedEntity, Facts, Owner, facts};
use crate::entry::Payload;
use crate::error::{Error, Outcome, Result};
use crate::protocol::{Micros, Reply, Standing, Step};
use crate::resilience::Repair;
use crate::telemetry;

/// Rows and entries that are compared at a time.
const BATCH: usize = 100;
/// Between the first look and the second.
const PAUSE: Duration = Duration::from_millis(50);

/// Where an audit goes on.
#[derive(Clone, Debug, Default)]
struct Position {
    /// `None` where nobody has looked yet.
    rows: Option<Start>,
    entries: Cursor,
}

/// Compares once.
pub(crate) async fn audit<E: CachedEntity>(context: &Arc<Context>, audit: Audit) -> Result<AuditReport> {
    round::<E>(context, audit, &mut Position::default()).await
}

/// Compares, from a position on.
async fn round<E: CachedEntity>(context: &Arc<Context>, audit: Audit, position: &mut Position) -> Result<AuditReport> {
    let entity = facts::<E>();
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_AUDIT,
        entity = entity.label,
        compared = tracing::field::Empty,
        stale = tracing::field::Empty
    );
    let mut round = Round::<E> {
        context,
        entity,
        audit,
        pace: Pace::new(audit.rate),
        report: AuditReport::default(),
        _entity: PhantomData,
    };
    round.run(position).instrument(span.clone()).await?;
    let report = round.report;
    span.record("compared", report.compared);
    span.record("stale", report.differing);
    if let Some(oldest) = report.stale.iter().map(|entry| entry.age).max() {
        tracing::warn!(entity = entity.label, stale = report.differing, ?oldest, "an audit found stale entries");
    }
    Ok(report)
}

struct Round<'a, E: CachedEntity> {
    context: &'a Arc<Context>,
    entity: &'static Facts,
    audit: Audit,
    pace: Pace,
    report: AuditReport,
    _entity: PhantomData<fn() -> E>,
}

impl<E: CachedEntity> Round<'_, E> {
    async fn run(&mut self, position: &mut Position) -> Result<()> {
        self.compare_rows(&mut position.rows).await?;
        self.compare_entries(&mut position.entries).await
    }

    /// Looks up all keys of rows.
    async fn compare_rows(&mut self, position: &mut Option<Start>) -> Result<()> {
        let most = self.audit.most();
        let mut start = match position.take() {
            Some(start) if self.audit.extent != Extent::All => start,
            _ => Start::find::<E>(&self.audit, self.context).await?,
        };
        while self.report.rows < most {
            let wanted = (most - self.report.rows).min(self.portion() as u64);
            let rows = start.page::<E>(wanted, self.context).await?;
            self.report.rows += rows.len() as u64;
            start = Start::behind(&rows);
            let subjects: Vec<_> = rows.iter().flat_map(|row| Subject::of_row::<E>(self.context, row)).collect();
            self.pace.pass(subjects.len()).await;
            self.compare(subjects).await?;
            if rows.is_empty() {
                break;
            }
        }
        *position = Some(start);
        Ok(())
    }

    /// Looks up the rows of entries.
    async fn compare_entries(&mut self, from: &mut Cursor) -> Result<()> {
        let [prefix, ..] = self.context.keys.prefixes::<E>();
        let (mut left, mut pages) = (self.audit.most(), self.audit.most());
        if self.audit.extent == Extent::All {
            *from = Cursor::default();
        }
        while left > 0 && pages > 0 {
            pages -= 1;
            self.pace.pass(1).await;
            let page = self.context.cache.keys(&prefix, *from).await.map_err(unanswered)?;
            let mut keys = page.keys;
            keys.shuffle(&mut rand::rng());
            keys.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            for keys in keys.chunks(self.portion()) {
                self.pace.pass(keys.len()).await;
                left -= keys.len() as u64;
                let subjects = self.subjects(keys).await?;
                self.compare(subjects).await?;
            }
            *from = page.next.unwrap_or_default();
            if page.next.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// The entries under these keys that hold a row.
    async fn subjects(&mut self, keys: &[CacheKey]) -> Result<Vec<Subject>> {
        let standings = self.get(keys).await?;
        let mut subjects = Vec::new();
        for (key, standing) in keys.iter().zip(standings) {
            let Standing::Value { value, .. } = standing else { continue };
            match Subject::of_entry::<E>(self.context, key.clone(), &value) {
                Ok(subject) => subjects.extend(subject),
                Err(Foreign) => {
                    self.report.unreadable += 1;
                    self.compared();
                }
            }
        }
        Ok(subjects)
    }

    /// Looks once at all, and again at those that differ.
    async fn compare(&mut self, subjects: Vec<Subject>) -> Result<()> {
        if subjects.is_empty() {
            return Ok(());
        }
        self.context.enter::<E>()?;
        let looks = self.look(&subjects).await?;
        let (mut suspects, mut differing) = (Vec::new(), Vec::new());
        for (subject, look) in subjects.into_iter().zip(looks) {
            if let Verdict::LookAgain(suspect) = self.settle(None, look) {
                suspects.push(suspect);
                differing.push(subject);
            }
        }
        if differing.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
        let looks = self.look(&differing).await?;
        for ((subject, earlier), look) in differing.into_iter().zip(suspects).zip(looks) {
            if let Verdict::Stale(suspect) = self.settle(Some(earlier), look) {
                self.found(subject, suspect).await;
            }
        }
        Ok(())
    }

    /// GET, query, and GET again where they differ.
    async fn look(&self, subjects: &[Subject]) -> Result<Vec<Look>> {
        let keys: Vec<_> = subjects.iter().map(|subject| subject.key.clone()).collect();
        let before = self.get(&keys).await?;
        let rows = self.rows(subjects).await?;
        let judge = |((subject, row), before): ((&Subject, &Option<E::Model>), &Standing<Payload>), after: &_| {
            decide::look(before, |entry| subject.compare::<E>(self.context, entry, row.as_ref()), after)
        };
        let whole = || subjects.iter().zip(&rows).zip(&before);
        let mut looks: Vec<_> = whole().map(|seen| judge(seen, seen.1)).collect();
        let differs: Vec<_> = looks.iter().map(|look| matches!(look, Look::Differs(_))).collect();
        let again: Vec<_> =
            keys.into_iter().zip(&differs).filter(|(_, differs)| **differs).map(|(key, _)| key).collect();
        let mut after = self.get(&again).await?.into_iter();
        for (seen, look) in whole().zip(&mut looks) {
            if matches!(look, Look::Differs(_)) {
                *look = judge(seen, &after.next().unwrap_or(Standing::Absent));
            }
        }
        Ok(looks)
    }

    /// What stands under these keys. The cache must answer for each. Rows that are in one list ask for it once.
    async fn get(&self, keys: &[CacheKey]) -> Result<Vec<Standing<Payload>>> {
        let asked: IndexSet<_> = keys.iter().collect();
        let calls = asked.iter().map(|key| ((*key).clone(), Step::Get)).collect();
        let mut standings = HashMap::new();
        for (key, answer) in asked.into_iter().zip(self.context.cache.apply(calls).await) {
            standings.insert(key, answer.map_err(unanswered)?);
        }
        let standing = |key| match standings.get(key) {
            Some(Reply::Standing(standing)) => standing.clone(),
            // No other reply answers `Get`.
            _ => Standing::Absent,
        };
        Ok(keys.iter().map(standing).collect())
    }

    async fn rows(&self, subjects: &[Subject]) -> Result<Vec<Option<E::Model>>> {
        let pks: Vec<ValueTuple> = subjects.iter().map(|subject| subject.pk.clone()).collect();
        find_many::<E>(self.context, &self.context.db, pks).await
    }

    /// Counts what is decided.
    fn settle(&mut self, earlier: Option<Suspect>, look: Look) -> Verdict {
        let verdict = decide::judge(earlier, look);
        match verdict {
            Verdict::Nothing | Verdict::LookAgain(_) => return verdict,
            Verdict::Unreadable => self.report.unreadable += 1,
            Verdict::InFlight => self.report.in_flight += 1,
            Verdict::Agrees | Verdict::Stale(_) => {}
        }
        self.compared();
        verdict
    }

    fn compared(&mut self) {
        self.report.compared += 1;
        telemetry::count(telemetry::AUDITED, self.entity.label);
    }

    /// Reports a stale entry, and removes it if that is wanted.
    async fn found(&mut self, subject: Subject, suspect: Suspect) {
        if !self.report.is_new(&subject.key) {
            return;
        }
        let age = age_of(suspect.written_at);
        telemetry::count(telemetry::AUDIT_DIFFERENCES, self.entity.label);
        telemetry::time(telemetry::AUDIT_AGE, self.entity.label, age);
        let repair = match self.audit.on_stale {
            OnStale::Report => AuditRepair::NotAsked,
            OnStale::Repair => self.repair(subject.key).await,
        };
        self.report.add(StaleEntry { primary_key: subject.pk, difference: suspect.difference, age, repair });
    }

    async fn repair(&self, key: CacheKey) -> AuditRepair {
        let answers = self.context.cache.apply(vec![(key.clone(), Step::Invalidate)]).await;
        telemetry::count(telemetry::AUDIT_REPAIRS, self.entity.label);
        if matches!(answers.as_slice(), [Ok(_)]) {
            return AuditRepair::Removed;
        }
        self.context.repairs.push(key, Repair::Invalidate, self.context.all_keys(&Owner::of::<E>()));
        AuditRepair::Queued
    }

    fn portion(&self) -> usize {
        self.pace.portion(BATCH)
    }
}

/// By this machine's clock, which need not be the one that the time was taken from.
fn age_of(written_at: Micros) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_micros(written_at.0))
}

fn unanswered(error: CacheError) -> Error {
    Error::cache(error, Outcome::NotCommitted).advise("the audit ended early and says nothing of the rest")
}
