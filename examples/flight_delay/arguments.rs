//! The command line.

pub const HELP: &str = "\
A flight is two hours late: read it through the cache, write the delay through, and see that cache and database agree.

usage: cargo run --example flight_delay -- [options]

  --flight-id N   which flight (115)
  --interactive   waits for Enter between the steps
  --verbose       shows each SQL statement and each call to the cache, with its latency
  --flush         forgets what an earlier run left in the cache (entries of this demo alone)
  --help          this

Without servers it runs on SQLite in memory and the embedded cache. DATABASE_URL (PostgreSQL, MySQL or MariaDB) and
CACHE_URL (Redis) name others: there it creates tables of its own, writethrough_demo_*, where they are missing, and
uses them again the next time.
";

/// See [`HELP`].
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    pub flight_id: i32,
    pub interactive: bool,
    pub verbose: bool,
    pub flush: bool,
}

impl Arguments {
    /// None, if help was asked for.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut parsed = Self { flight_id: 115, interactive: false, verbose: false, flush: false };
        while let Some(option) = arguments.next() {
            match option.as_str() {
                "--help" | "-h" => return Ok(None),
                "--flight-id" => {
                    let value = arguments.next().ok_or("--flight-id needs a value")?;
                    let number = value.parse();
                    parsed.flight_id = number.map_err(|_| format!("--flight-id needs a number, not {value}"))?;
                }
                "--interactive" => parsed.interactive = true,
                "--verbose" => parsed.verbose = true,
                "--flush" => parsed.flush = true,
                _ => return Err(format!("there is no option {option}; --help shows those that there are")),
            }
        }
        Ok(Some(parsed))
    }
}
