//! Transactions that clients make: what is done to which row, within which savepoint, and how it ends.
//!
//! Of several writes of one row others see one. It is composed twice: beforehand, of what may be written should nobody be
//! told the end; and afterwards, of what was. So what may fail without ending the transaction is all that is done to its
//! row.
//!
//! Only a delete and the insert after it stay two, at any times within the transaction: who waits for the row's lock on
//! PostgreSQL is told that the row is gone, since it does not see the new one.

use futures_util::FutureExt;
use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use sea_orm::DbErr;
use writethrough::{Error, Store, Transaction};

use super::call::done;
use super::operation::{Effect, Write};
use super::record::{Cache, End};
use super::row::{Change, Entity, Values};

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Program {
    parts: Vec<Part>,
    ending: Ending,
}

/// What is done to one row, all within the same savepoint or none.
#[derive(Clone, Debug)]
struct Part {
    row: i32,
    within: Within,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Nothing,
    Released,
    RolledBack,
    /// Rolled back if there is such a row already, and nothing made of it.
    Tolerant,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Load,
    Update(Change),
    Insert(Values),
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// `transaction_retrying`.
    Retried,
    /// `begin` and `commit`.
    Committed,
    /// The commit is begun and its future dropped.
    Dropped,
    /// The work returns an error.
    Failed,
    /// `begin` and `rollback`.
    RolledBack,
}

const ENDINGS: &[Ending] = &[
    Ending::Retried,
    Ending::Retried,
    Ending::Committed,
    Ending::Committed,
    Ending::Dropped,
    Ending::Failed,
    Ending::RolledBack,
];

/// Rows of one transaction, at most.
const ROWS: usize = 3;

use Step::{Delete, Insert, Load, Update};
use Within::{Nothing, Released, RolledBack, Tolerant};

impl Program {
    /// Something random on some of these rows; what it writes are this value and the next five.
    pub fn draw(random: &mut SmallRng, rows: &[i32], value: i64) -> Self {
        let count = random.random_range(1..=ROWS);
        let mut chosen: Vec<_> = rows.choose_multiple(random, count).copied().collect();
        // Mostly in order: who locks rows crosswise waits until the database notices.
        if !random.random_ratio(1, 16) {
            chosen.sort_unstable();
        }
        let values = (value..).step_by(2);
        let parts = chosen.into_iter().zip(values).flat_map(|(row, value)| draw_parts(random, row, value)).collect();
        Self { parts, ending: *ENDINGS.choose(random).expect("there are some") }
    }

    pub fn kind(&self) -> &'static str {
        match self.ending {
            Ending::Retried => "retrying transaction",
            Ending::Committed => "transaction",
            Ending::Dropped => "dropped commit",
            Ending::Failed => "failing transaction",
            Ending::RolledBack => "rollback",
        }
    }

    fn commits(&self) -> bool {
        !matches!(self.ending, Ending::Failed | Ending::RolledBack)
    }

    /// What it may do to which row.
    pub fn writes(&self) -> Vec<(i32, Write)> {
        let mut writes: Vec<(i32, Write)> = Vec::new();
        let kept = self.parts.iter().filter(|part| self.commits() && part.within != RolledBack);
        for (row, step) in kept.flat_map(|part| part.steps.iter().map(|step| (part.row, *step))) {
            let last = writes.last_mut().filter(|(last, _)| *last == row).map(|(_, write)| write);
            match (last, step) {
                (_, Load) => {}
                (Some(Write::Update(first)), Update(second)) => *first = first.then(second),
                (Some(Write::Insert(values)), Update(change)) => *values = change.of(*values),
                (_, Update(change)) => writes.push((row, Write::Update(change))),
                (_, Insert(values)) => writes.push((row, Write::Insert(values))),
                (_, Delete) => writes.push((row, Write::Delete)),
            }
        }
        writes
    }

    /// Does it; what its client is told.
    pub async fn run(&self, store: &Store) -> Result<End, Error> {
        match self.ending {
            Ending::Retried => {
                // Its own, since the compiler cannot tell of a borrowed one that the future may be sent.
                let program = self.clone();
                store.transaction_retrying(5, async move |tx| program.work(tx).await).await.map(told)
            }
            Ending::Committed => {
                let tx = store.begin().await?;
                let effects = self.work(&tx).await?;
                tx.commit().await.map(|()| told(effects))
            }
            Ending::Dropped => {
                let tx = store.begin().await?;
                let effects = self.work(&tx).await?;
                let committed = Box::pin(tx.commit()).as_mut().now_or_never();
                committed.map_or(Ok(End::Cancelled), |committed| committed.map(|()| told(effects)))
            }
            Ending::Failed => {
                let on_purpose = DbErr::Custom("no more seats".to_owned());
                let failed = store.transaction(async |tx| {
                    self.work(tx).await?;
                    Err::<(), Error>(on_purpose.clone().into())
                });
                let error = failed.await.expect_err("the work failed");
                if error.db_err() == Some(&on_purpose) { Ok(done(Vec::new())) } else { Err(error) }
            }
            Ending::RolledBack => {
                let tx = store.begin().await?;
                self.work(&tx).await?;
                tx.rollback().await.map(|()| done(Vec::new()))
            }
        }
    }

    async fn work(&self, tx: &Transaction) -> Result<Vec<(i32, Effect)>, Error> {
        let mut effects = Vec::new();
        for part in &self.parts {
            match part.within {
                Nothing => effects.extend(part.work(tx).await?),
                Released => effects.extend(tx.transaction(async |nested| part.work(nested).await).await?),
                RolledBack => {
                    let nested = tx.begin().await?;
                    let worked = part.work(&nested).await;
                    nested.rollback().await?;
                    worked.map(drop).or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })?;
                }
                Tolerant => match tx.transaction(async |nested| part.work(nested).await).await {
                    Err(error) if error.is_unique_violation() => {}
                    inserted => effects.extend(inserted?),
                },
            }
        }
        Ok(effects)
    }
}

/// What is done to one row: one shape of several.
fn draw_parts(random: &mut SmallRng, row: i32, value: i64) -> Vec<Part> {
    let part = |within, steps: &[Step]| Part { row, within, steps: steps.to_vec() };
    let gate = Update(Change { gate: Some(value), pilot: None });
    let pilot = Update(Change { gate: None, pilot: Some(value) });
    let [all, next] = [value, value + 1].map(|value| Values { gate: value, pilot: value });
    match random.random_range(0..10) {
        0 => vec![part(Nothing, &[Update(all.all()), Load])],
        1 => vec![part(Nothing, &[gate, Load, Update(next.all())])],
        2 => vec![part(Nothing, &[gate]), part(RolledBack, &[Update(next.all()), Load])],
        3 => vec![part(Nothing, &[pilot]), part(RolledBack, &[Delete])],
        4 => vec![part(Nothing, &[gate]), part(Released, &[Update(Change { gate: None, pilot: Some(value + 1) })])],
        5 => vec![part(Released, &[gate, pilot])],
        6 => vec![part(Nothing, &[Load, Delete, Insert(all)])],
        7 => vec![part(RolledBack, &[Delete, Insert(all)]), part(Nothing, &[Delete])],
        _ => vec![part(Tolerant, &[Insert(all), Update(Change { gate: Some(value + 1), pilot: None })])],
    }
}

impl Part {
    /// Loads, and what finds no row, are no effects: nothing is locked by them.
    async fn work(&self, tx: &Transaction) -> Result<Vec<(i32, Effect)>, Error> {
        let mut effects = Vec::new();
        for step in &self.steps {
            match *step {
                Load => {
                    Entity::load_cached(self.row, tx).await?;
                }
                Update(change) => {
                    let updated = change.to(self.row).update_through(tx).await?;
                    effects.push((self.row, Effect::Updated(change, updated.into())));
                }
                Insert(values) => {
                    let inserted = values.to(self.row).insert_through(tx).await?;
                    effects.push((self.row, Effect::Inserted(inserted.into())));
                }
                Delete => {
                    let was_there = Entity::delete_by_id_through(self.row, tx).await?;
                    effects.extend(was_there.then_some((self.row, Effect::Deleted)));
                }
            }
        }
        Ok(effects)
    }
}

/// The effects of a committed transaction, which does not say whether the cache was told.
fn told(effects: Vec<(i32, Effect)>) -> End {
    use Effect::{Inserted, Updated};
    let mut composed: Vec<(i32, Effect)> = Vec::new();
    for (row, effect) in effects {
        let last = composed.last_mut().filter(|(last, _)| *last == row).map(|(_, effect)| effect);
        if let (Some(Inserted(before) | Updated(_, before)), Updated(change, after)) = (&last, effect) {
            assert_eq!(change.of(*before), after, "a transaction did not see what it had written");
        }
        match (last, effect) {
            (Some(Inserted(values)), Updated(_, after)) => *values = after,
            (Some(Updated(first, values)), Updated(second, after)) => (*first, *values) = (first.then(second), after),
            _ => composed.push((row, effect)),
        }
    }
    End::Done { effects: composed, cache: Cache::Untold }
}
