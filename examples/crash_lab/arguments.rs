//! The command line.

use std::path::PathBuf;
use std::time::Duration;

pub const HELP: &str = "\
Which way to keep a cache beside a database holds up? The same workload under the same faults, strategy by strategy.

usage: cargo run --release --example crash_lab -- [options]

  --seconds N   load in all, shared by the strategies (60); starting and checking takes some seconds more
  --seed N      what is drawn from it: calls, kills and faults (1)
  --only NAME   the strategies whose name contains this
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
    pub only: String,
    pub chart: PathBuf,
}

impl Arguments {
    /// None, if help was asked for.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let chart = PathBuf::from("target/crash_lab.svg");
        let mut parsed = Self { load: Duration::from_secs(60), seed: 1, only: String::new(), chart };
        while let Some(option) = arguments.next() {
            if matches!(option.as_str(), "--help" | "-h") {
                return Ok(None);
            }
            let mut value = || arguments.next().ok_or_else(|| format!("{option} needs a value"));
            match option.as_str() {
                "--seconds" => parsed.load = Duration::from_secs(number(&option, &value()?)?.max(1)),
                "--seed" => parsed.seed = number(&option, &value()?)?,
                "--only" => parsed.only = value()?,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_understood_and_others_are_named() {
        let parsed = parse("--seconds 7 --seed 3 --out x.svg --only aside").unwrap().unwrap();
        assert_eq!((parsed.load, parsed.seed), (Duration::from_secs(7), 3));
        assert_eq!((parsed.only.as_str(), parsed.chart), ("aside", PathBuf::from("x.svg")));
        assert_eq!(parse("--seed 3 --help"), Ok(None));
        assert!(parse("--speed 3").unwrap_err().contains("--speed"));
        assert!(parse("--seed").unwrap_err().contains("--seed"));
        assert!(parse("--seconds ten").unwrap_err().contains("ten"));
    }
}
