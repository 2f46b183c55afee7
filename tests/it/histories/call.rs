//! The calls that clients make. A new kind is a variant of [`Call`], its weight in [`MIX`], and what the compiler then
//! asks for: its name, the writes that it may do, and how it is made and what came of it.
//!
//! A call may do more than one write (a transaction): then each row has one effect of it, between the beginning and the
//! end of the whole, and after a rollback none has. Which row it is may be known only in the end (a load by another key).

use rand::Rng;
use rand::rngs::SmallRng;
use writethrough::{Error, Outcome};

use super::operation::{Effect, Write};
use super::record::End;
use super::row::{Change, Values};
use super::subject::{Loaded, Subject};

/// One call with its arguments.
#[derive(Clone, Debug)]
pub enum Call {
    Load(i32),
    LoadMany(Vec<i32>),
    /// `save_through`, all columns.
    Save(i32, Change),
    /// `update_through`, some columns.
    Update(i32, Change),
    Insert(i32, Values),
    Delete(i32),
    Invalidate(i32),
}

/// Makes a call of one kind on one of these rows, writing this value.
type Draw = fn(&mut SmallRng, &[i32], i64) -> Call;

/// How often which kind comes. More inserts than deletes, so that there mostly is a row.
const MIX: &[(u32, Draw)] = &[
    (40, |random, rows, _| Call::Load(one(random, rows))),
    (10, |random, rows, _| Call::LoadMany((0..random.random_range(1..6)).map(|_| one(random, rows)).collect())),
    (12, |random, rows, value| Call::Save(one(random, rows), Change { gate: Some(value), pilot: Some(value) })),
    (9, |random, rows, value| Call::Update(one(random, rows), Change { gate: Some(value), pilot: None })),
    (9, |random, rows, value| Call::Update(one(random, rows), Change { gate: None, pilot: Some(value) })),
    (10, |random, rows, value| Call::Insert(one(random, rows), Values { gate: value, pilot: value })),
    (5, |random, rows, _| Call::Delete(one(random, rows))),
    (5, |random, rows, _| Call::Invalidate(one(random, rows))),
];

/// Loads of this kind need not be linearizable, only never stale.
pub const LOAD_MANY: &str = "load_many";

fn one(random: &mut SmallRng, rows: &[i32]) -> i32 {
    rows[random.random_range(0..rows.len())]
}

impl Call {
    /// A random call on one of these rows; what it writes is this value, which nobody else writes. Only this part of the
    /// writes is kept, the others make room for loads.
    pub fn draw(random: &mut SmallRng, rows: &[i32], keeps: f64, value: i64) -> Self {
        let call = Self::draw_any(random, rows, value);
        if call.writes().is_empty() || random.random_bool(keeps) { call } else { Self::Load(one(random, rows)) }
    }

    fn draw_any(random: &mut SmallRng, rows: &[i32], value: i64) -> Self {
        let mut number = random.random_range(0..MIX.iter().map(|(weight, _)| weight).sum());
        for (weight, draw) in MIX {
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
            Self::Save(..) => "save",
            Self::Update(..) => "update",
            Self::Insert(..) => "insert",
            Self::Delete(_) => "delete",
            Self::Invalidate(_) => "invalidate",
        }
    }

    /// What it may do, should nobody be told its end.
    pub fn writes(&self) -> Vec<(i32, Write)> {
        match *self {
            Self::Load(_) | Self::LoadMany(_) | Self::Invalidate(_) => Vec::new(),
            Self::Save(row, change) | Self::Update(row, change) => vec![(row, Write::Update(change))],
            Self::Insert(row, values) => vec![(row, Write::Insert(values))],
            Self::Delete(row) => vec![(row, Write::Delete)],
        }
    }

    /// Makes the call; what its client is told.
    pub async fn make(&self, subject: &impl Subject) -> End {
        let end = match self {
            Self::Load(row) => subject.load(*row).await.map(|Loaded { state, from_cache }| End::Done {
                effects: vec![(*row, Effect::Loaded(state))],
                from_cache,
            }),
            Self::LoadMany(rows) => subject.load_many(rows).await.map(|states| {
                done(rows.iter().zip(states).map(|(row, state)| (*row, Effect::Loaded(state))).collect())
            }),
            Self::Save(row, change) => {
                wrote(*row, subject.save(*row, *change).await, |row| Effect::Updated(*change, row))
            }
            Self::Update(row, change) => {
                wrote(*row, subject.update(*row, *change).await, |row| Effect::Updated(*change, row))
            }
            Self::Insert(row, values) => wrote(*row, subject.insert(*row, *values).await, Effect::Inserted),
            Self::Delete(row) => wrote(*row, subject.delete(*row).await, |was_there| {
                if was_there { Effect::Deleted } else { Effect::NothingToDelete }
            }),
            Self::Invalidate(row) => subject.invalidate(*row).await.map(|()| done(Vec::new())),
        };
        end.unwrap_or_else(|error| match error.outcome() {
            Outcome::NotCommitted => End::Nothing(error.to_string()),
            _ => End::Unknown(error.to_string()),
        })
    }
}

/// What a write of one row did. That the database refused it tells something about the row, too.
fn wrote<T>(row: i32, result: Result<T, Error>, effect: impl FnOnce(T) -> Effect) -> Result<End, Error> {
    let effect = match result {
        Ok(written) => effect(written),
        Err(error) if error.is_unique_violation() => Effect::Duplicate,
        Err(error) if error.is_not_found() => Effect::NoSuchRow,
        Err(error) => return Err(error),
    };
    Ok(done(vec![(row, effect)]))
}

fn done(effects: Vec<(i32, Effect)>) -> End {
    End::Done { effects, from_cache: false }
}
