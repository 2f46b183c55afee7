//! What the command line says.

use std::time::Duration;

use crate::scenarios::Scenario;

/// The text that `--help` shows.
pub(crate) const USAGE: &str = "\
usage: writethrough-bench [PART…] [--repetitions N] [--slice MILLISECONDS]

parts (all by default):
  load      a cached load against GET and decode, and against the database
  many      1000 cached rows against MGET and decode, and against IN
  save      an update against fence, UPDATE, compare-and-set by hand, and against UPDATE, SET
  batch     1000 new rows in one call against 1000 calls, and against insert_many
  outbox    an update with and without the outbox, and what its triggers cost
  compile   a crate of 50 entities with and without the derive

All but `compile` need DATABASE_URL (postgres://…) and CACHE_URL or REDIS_URL (redis://…).";

/// What to measure, and how long.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) parts: Vec<Part>,
    /// How often every variant has its turn.
    pub(crate) repetitions: Option<usize>,
    /// How long a turn lasts.
    pub(crate) slice: Duration,
}

/// One part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Load,
    Many,
    Save,
    Batch,
    Outbox,
    Compile,
}

impl Part {
    const ALL: [(&str, Self); 6] = [
        ("load", Self::Load),
        ("many", Self::Many),
        ("save", Self::Save),
        ("batch", Self::Batch),
        ("outbox", Self::Outbox),
        ("compile", Self::Compile),
    ];

    /// The scenario on servers, if it is one.
    pub(crate) fn scenario(self) -> Option<Scenario> {
        match self {
            Self::Load => Some(Scenario::Load),
            Self::Many => Some(Scenario::Many),
            Self::Save => Some(Scenario::Save),
            Self::Batch => Some(Scenario::Batch),
            Self::Outbox => Some(Scenario::Outbox),
            Self::Compile => None,
        }
    }
}

impl Arguments {
    /// Fails with the usage for whatever it does not know.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self { parts: Vec::new(), repetitions: None, slice: Duration::from_millis(200) };
        while let Some(word) = words.next() {
            let mut number =
                || words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).ok_or_else(|| USAGE.to_owned());
            match word.as_str() {
                "--repetitions" => parsed.repetitions = Some(number()?),
                "--slice" => parsed.slice = Duration::from_millis(number()? as u64),
                name => match Part::ALL.iter().find(|(known, _)| *known == name) {
                    Some((_, part)) => parsed.parts.push(*part),
                    None => return Err(USAGE.to_owned()),
                },
            }
        }
        if parsed.parts.is_empty() {
            parsed.parts = Part::ALL.map(|(_, part)| part).to_vec();
        }
        Ok(parsed)
    }
}
