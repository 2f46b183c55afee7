//! Which way to keep a cache beside a database holds up when things break? Six strategies, the same workload, the same
//! faults, and numbers.
//!
//! ```sh
//! cargo run --release --example crash_lab
//! cargo run --release --example crash_lab -- --seconds 300 --seed 7 --out chart.svg
//! ```
//!
//! Three processes of four clients read and write a few hot rows through a strategy. They are killed (SIGKILL) at every
//! step of a write and at random moments, and started again; Redis is cut off, frozen, and restarted from a snapshot
//! that is some seconds old; one write in a hundred is such as the database refuses. What happens when is drawn from
//! the seed, and is the same for all strategies; each is a file of a few lines in `strategies/`, on the same parts.
//!
//! How to read the table; `judge/mod.rs` says it exactly:
//!
//! - stale reads: a read returned an older value than one that had been confirmed, or was in the database, before it
//!   began; longest: for how long that one had been there
//! - lost writes: confirmed to the writer, but not in the database at the end
//! - phantom values: returned by a read, but never in the database
//! - errors: reads and writes that failed
//!
//! This crate is there twice: with `on_cache_failure = "fail"`, which refuses writes while the cache is away, and with
//! `"degrade"`, which does not, and may then be out of date for a moment (README.md says when). The program ends with
//! status 1 if the first has a violation, or the second a lost write or a phantom value.
//!
//! It starts a redis-server and a PostgreSQL of its own; without PostgreSQL it takes SQLite.

mod arguments;
mod chart;
mod clients;
mod faults;
mod fuse;
mod item;
mod judge;
mod lab;
mod process;
mod record;
mod report;
mod rows;
mod servers;
mod strategies;
mod truth;

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use arguments::{Arguments, HELP};
use lab::Outcome;
use process::Job;
use servers::Servers;
use strategies::Design;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(job) = Job::of_this_process() {
        process::dies_with_its_parent();
        return clients::work(job).await.map_or_else(failed, |()| ExitCode::SUCCESS);
    }
    match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => run(&arguments).await.unwrap_or_else(failed),
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(error.into()),
    }
}

fn failed(error: BoxError) -> ExitCode {
    eprintln!("crash_lab: {error}");
    ExitCode::FAILURE
}

async fn run(arguments: &Arguments) -> Result<ExitCode, BoxError> {
    let mut terminated = signal(SignalKind::terminate())?;
    // Servers and processes end with what holds them, whichever way this goes.
    let outcomes = tokio::select! {
        outcomes = run_all(arguments) => outcomes?,
        _ = tokio::signal::ctrl_c() => return Err("interrupted".into()),
        _ = terminated.recv() => return Err("terminated".into()),
    };
    let keeps_its_promise = outcomes.iter().all(|outcome| match outcome.design {
        Design::OursFail => outcome.verdict.is_clean(),
        // Without a cache it goes on, and says that others may then read old values for a while.
        Design::OursDegrade => outcome.verdict.lost + outcome.verdict.phantoms == 0,
        _ => true,
    });
    Ok(if keeps_its_promise { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_all(arguments: &Arguments) -> Result<Vec<Outcome>, BoxError> {
    let designs = Design::ALL.into_iter().filter(|design| design.to_string().contains(&arguments.only));
    let designs: Vec<_> = designs.collect();
    let count = u32::try_from(designs.len())?;
    let each = arguments.load.checked_div(count).ok_or("no strategy has such a name")?;

    let bar = ProgressBar::new(u64::try_from(arguments.load.as_millis())?);
    bar.set_style(ProgressStyle::with_template("{msg:<23} {wide_bar} {percent:>3} %")?);
    bar.set_message("starting servers");
    let mut servers = Servers::start().await?;
    let mut outcomes = Vec::new();
    for (design, number) in designs.into_iter().zip(0..) {
        bar.set_message(design.to_string());
        bar.set_position(u64::try_from((each * number).as_millis())?);
        outcomes.push(lab::run(design, &mut servers, arguments.seed, each, &bar).await?);
    }
    bar.finish_and_clear();

    print!("{}", report::report(&outcomes, &servers.notes));
    let setting = format!("{}, {} s each, seed {}", servers.kinds(), each.as_secs(), arguments.seed);
    std::fs::write(&arguments.chart, chart::chart(&outcomes, &setting))?;
    println!("chart: {}", arguments.chart.display());
    Ok(outcomes)
}
