//! The calls that clients make. A new kind is a variant of [`Call`], its weight in [`PLAIN`] or [`OURS`], and what the compiler then
//! asks for: its name, the writes that it may do, and how it is made and what came of it.
//!
//! A call may do more than one write (a transaction): then each row has one effect of it, between the beginning and the
//! end of the whole, and after a rollback none has. Which row it is may be known only in the end (a load by another key).

use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use writethrough::{Error, Outcome};

use super::operation::{Effect, Write};
use super::record::{Cache, End};
use super::row::{CODES, Change, Values, are_comrades, code_of, squad_of};
use super::subject::{Loaded, Subject, Written};
use super::transaction::Program;

/// One call with its arguments.
#[derive(Clone, Debug)]
pub enum Call {
    Load(i32),
    /// By the unique key, which is one of this row's.
    LoadByCode(i32, i64),
    LoadMany(Vec<i32>),
    /// Those of these rows, comrades, that are in this squad.
    LoadAll(Vec<i32>, i64),
    /// `save_through`, all columns.
    Save(i32, Change),
    /// `update_through`, some columns.
    Update(i32, Change),
    Insert(i32, Values),
    /// `upsert_through`, which updates all columns.
    Upsert(i32, Values),
    /// `save_many_through`, some columns of each.
    SaveMany(Vec<(i32, Change)>),
    InsertMany(Vec<(i32, Values)>),
    Delete(i32),
    Invalidate(i32),
    Transaction(Program),
}

/// Makes a call of one kind on one of these rows, writing this value.
type Draw = fn(&mut SmallRng, &[i32], i64) -> Call;

/// How often which kind comes.
pub type Mix = &'static [(u32, Draw)];

/// What anybody can do. More inserts than deletes, so that there mostly is a row.
pub const PLAIN: Mix = &[
    (40, |random, rows, _| Call::Load(one(random, rows))),
    (10, |random, rows, _| Call::LoadMany((0..random.random_range(1..6)).map(|_| one(random, rows)).collect())),
    (12, |random, rows, value| Call::Save(one(random, rows), Change { gate: Some(value), pilot: Some(value) })),
    (9, |random, rows, value| Call::Update(one(random, rows), Change { gate: Some(value), pilot: None })),
    (9, |random, rows, value| Call::Update(one(random, rows), Change { gate: None, pilot: Some(value) })),
    (10, |random, rows, value| Call::Insert(one(random, rows), Values { gate: value, pilot: value })),
    (5, |random, rows, _| Call::Delete(one(random, rows))),
    (5, |random, rows, _| Call::Invalidate(one(random, rows))),
];

/// What we can do beside that.
const OURS: Mix = &[
    (25, |random, rows, _| by_code(random, rows)),
    (12, |random, rows, _| by_squad(random, rows)),
    (8, |random, rows, value| {
        Call::SaveMany(some(random, rows, value).map(|(row, value)| (row, part(random, value))).collect())
    }),
    (4, |random, rows, value| {
        Call::InsertMany(
            some(random, rows, value).map(|(row, value)| (row, Values { gate: value, pilot: value })).collect(),
        )
    }),
    (6, |random, rows, value| Call::Upsert(one(random, rows), Values { gate: value, pilot: value })),
    (18, |random, rows, value| Call::Transaction(Program::draw(random, rows, value))),
];

/// All that we can do.
pub const RICH: Mix = &concat();

const fn concat() -> [(u32, Draw); PLAIN.len() + OURS.len()] {
    let mut all = [PLAIN[0]; PLAIN.len() + OURS.len()];
    all.split_at_mut(PLAIN.len()).0.copy_from_slice(PLAIN);
    all.split_at_mut(PLAIN.len()).1.copy_from_slice(OURS);
    all
}

/// Loads of these kinds need not be linearizable, only never stale.
pub const LOAD_MANY: &str = "load_many";
pub const LOAD_ALL: &str = "load_all";

fn one(random: &mut SmallRng, rows: &[i32]) -> i32 {
    rows[random.random_range(0..rows.len())]
}

/// Some rows, no two the same and mostly in their order, and a value for each.
fn some(random: &mut SmallRng, rows: &[i32], value: i64) -> impl Iterator<Item = (i32, i64)> + use<> {
    let count = random.random_range(1..=4);
    let mut chosen: Vec<_> = rows.choose_multiple(random, count).copied().collect();
    // Who locks rows crosswise waits until the database notices.
    if !random.random_ratio(1, 16) {
        chosen.sort_unstable();
    }
    chosen.into_iter().zip(value..)
}

/// A change of one column, which may go together with others, or of the one that a unique key follows from, too.
fn part(random: &mut SmallRng, value: i64) -> Change {
    let gate = random.random_ratio(1, 3).then_some(value);
    Change { gate, pilot: Some(value) }
}

fn by_code(random: &mut SmallRng, rows: &[i32]) -> Call {
    let row = one(random, rows);
    Call::LoadByCode(row, code_of(row, random.random_range(0..CODES)))
}

fn by_squad(random: &mut SmallRng, rows: &[i32]) -> Call {
    let row = one(random, rows);
    let comrades = rows.iter().copied().filter(|other| are_comrades(row, *other)).collect();
    Call::LoadAll(comrades, squad_of(row, random.random_range(0..5)))
}

impl Call {
    /// A random call on one of these rows; what it writes is this value, which nobody else writes. Only this part of the
    /// writes is kept, the others make room for loads.
    pub fn draw(random: &mut SmallRng, mix: Mix, rows: &[i32], keeps: f64, value: i64) -> Self {
        let call = Self::draw_any(random, mix, rows, value);
        let writes = !call.writes().is_empty() || matches!(call, Self::Transaction(_));
        if !writes || random.random_bool(keeps) { call } else { Self::Load(one(random, rows)) }
    }

    fn draw_any(random: &mut SmallRng, mix: Mix, rows: &[i32], value: i64) -> Self {
        let mut number = random.random_range(0..mix.iter().map(|(weight, _)| weight).sum());
        for (weight, draw) in mix {
            match number.checked_sub(*weight) {
                Some(rest) => number = rest,
                None => return draw(random, rows, value),
            }
        }
        unreachable!("the number is below the sum of the weights")
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Load(_) => "load",
            Self::LoadMany(_) => LOAD_MANY,
            Self::LoadAll(..) => LOAD_ALL,
            Self::LoadByCode(..) => "by key",
            Self::Save(..) => "save",
            Self::Update(..) => "update",
            Self::Insert(..) => "insert",
            Self::Upsert(..) => "upsert",
            Self::SaveMany(_) => "save_many",
            Self::InsertMany(_) => "insert_many",
            Self::Delete(_) => "delete",
            Self::Invalidate(_) => "invalidate",
            Self::Transaction(program) => program.kind(),
        }
    }

    /// What it may do, should nobody be told its end.
    pub fn writes(&self) -> Vec<(i32, Write)> {
        match self {
            Self::Load(_) | Self::LoadByCode(..) | Self::LoadMany(_) | Self::LoadAll(..) | Self::Invalidate(_) => {
                Vec::new()
            }
            Self::Save(row, change) | Self::Update(row, change) => vec![(*row, Write::Update(*change))],
            Self::Insert(row, values) => vec![(*row, Write::Insert(*values))],
            Self::Upsert(row, values) => vec![(*row, Write::Upsert(*values))],
            Self::SaveMany(saves) => saves.iter().map(|(row, change)| (*row, Write::Update(*change))).collect(),
            Self::InsertMany(rows) => rows.iter().map(|(row, values)| (*row, Write::Insert(*values))).collect(),
            Self::Delete(row) => vec![(*row, Write::Delete)],
            Self::Transaction(program) => program.writes(),
        }
    }

    /// Whether it has done its writes if it was committed; others may have found nothing to do.
    fn writes_for_certain(&self) -> bool {
        let many = matches!(self, Self::SaveMany(_) | Self::InsertMany(_));
        many || matches!(self, Self::Save(..) | Self::Update(..) | Self::Insert(..) | Self::Upsert(..))
    }

    /// Makes the call; what its client is told.
    pub async fn make(&self, subject: &impl Subject) -> End {
        let end = match self {
            Self::Load(row) => subject.load(*row).await.map(|Loaded { state, from_cache }| End::Done {
                effects: vec![(*row, Effect::Loaded(state))],
                cache: if from_cache { Cache::Answered } else { Cache::Told },
            }),
            Self::LoadByCode(row, code) => subject.load_by_code(*code).await.map(|state| {
                let effect = if state.is_some() { Effect::Loaded(state) } else { Effect::NoneUnder(*code) };
                done(vec![(*row, effect)])
            }),
            Self::LoadMany(rows) => subject.load_many(rows).await.map(|states| {
                done(rows.iter().zip(states).map(|(row, state)| (*row, Effect::Loaded(state))).collect())
            }),
            Self::LoadAll(rows, squad) => subject.load_by_squad(*squad).await.map(|found| {
                let effect = |row: &i32| match found.iter().find(|(id, _)| id == row) {
                    Some((_, values)) => (*row, Effect::Loaded(Some(*values))),
                    None => (*row, Effect::NotIn(*squad)),
                };
                done(rows.iter().map(effect).collect())
            }),
            Self::Save(row, change) => {
                wrote(*row, subject.save(*row, *change).await, |row| Effect::Updated(*change, row))
            }
            Self::Update(row, change) => {
                wrote(*row, subject.update(*row, *change).await, |row| Effect::Updated(*change, row))
            }
            Self::Insert(row, values) => wrote(*row, subject.insert(*row, *values).await, Effect::Inserted),
            Self::Upsert(row, values) => wrote(*row, subject.upsert(*row, *values).await, Effect::Upserted),
            Self::SaveMany(saves) => subject.save_many(saves).await.map(|Written { result, cache }| {
                let effect = |((row, change), after): (&(i32, Change), Values)| (*row, Effect::Updated(*change, after));
                End::Done { effects: saves.iter().zip(result).map(effect).collect(), cache }
            }),
            Self::InsertMany(rows) => subject.insert_many(rows).await.map(|Written { result, cache }| {
                let effect = |((row, _), after): (&(i32, Values), Values)| (*row, Effect::Inserted(after));
                End::Done { effects: rows.iter().zip(result).map(effect).collect(), cache }
            }),
            Self::Delete(row) => wrote(*row, subject.delete(*row).await, |was_there| {
                if was_there { Effect::Deleted } else { Effect::NothingToDelete }
            }),
            Self::Invalidate(row) => subject.invalidate(*row).await.map(|()| done(Vec::new())),
            Self::Transaction(program) => subject.transact(program).await,
        };
        end.unwrap_or_else(|error| match error.outcome() {
            Outcome::NotCommitted => End::Nothing(error.to_string()),
            Outcome::Committed if self.writes_for_certain() => End::Committed(error.to_string()),
            _ => End::Unknown(error.to_string()),
        })
    }
}

/// What a write of one row did. That the database refused it tells something about the row, too.
fn wrote<T>(row: i32, result: Result<Written<T>, Error>, effect: impl FnOnce(T) -> Effect) -> Result<End, Error> {
    let (effect, cache) = match result {
        Ok(Written { result, cache }) => (effect(result), cache),
        Err(error) if error.is_unique_violation() => (Effect::Duplicate, Cache::Told),
        Err(error) if error.is_not_found() => (Effect::NoSuchRow, Cache::Told),
        Err(error) => return Err(error),
    };
    Ok(End::Done { effects: vec![(row, effect)], cache })
}

pub fn done(effects: Vec<(i32, Effect)>) -> End {
    End::Done { effects, cache: Cache::Told }
}
