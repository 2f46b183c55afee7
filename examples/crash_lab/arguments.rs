//! The command line.

use std::path::PathBuf;
use std::time::Duration;

pub const HELP: &str = "\
Which way to keep a cache beside a database holds up? The same workload under the same faults, strategy by strategy.

usage: cargo run --release --example crash_lab -- [options]

  --seconds N   load in all, shared by the strategies (70); starting and checking takes some seconds more
  --seed N      what is drawn from it: calls, kills and faults (1)
  --out FILE    where to put the chart (target/crash_lab.svg)
  --help        this

It starts a redis-server and a PostgreSQL of its own and stops them at the end. DATABASE_URL and CACHE_URL may name
others instead; a cache that is not its own is not disturbed.
";

/// See [`HELP`].
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    pub load: Duration,
    pub seed: u64,
    pub chart: PathBuf,
}

impl Arguments {
    /// None, if help was asked for.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut parsed = Self { load: Duration::from_secs(70), seed: 1, chart: PathBuf::from("target/crash_lab.svg") };
        while let Some(option) = arguments.next() {
            if matches!(option.as_str(), "--help" | "-h") {
                return Ok(None);
            }
            let mut value = || arguments.next().ok_or_else(|| format!("{option} needs a value"));
            match option.as_str() {
                "--seconds" => parsed.load = Duration::from_secs(number(&option, &value()?)?.max(1)),
                "--seed" => parsed.seed = number(&option, &value()?)?,
                "--out" => parsed.chart = value()?.into(),
                _ => return Err(format!("there is no option {option}; --help shows those that there are")),
            }
        }
        Ok(Some(parsed))
    }
}

fn number(option: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{option} needs a number, not {value}"))
}
