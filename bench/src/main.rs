//! Benchmarks of `writethrough` against the same done by hand; see `README.md` beside this package.
//!
//! Every number is a comparison: the variants of a scenario run in turn in every repetition, so that what else the
//! machine does meets all of them, and ratios are taken within a repetition.

mod arguments;
mod batch;
mod booking;
mod by_hand;
mod compile;
mod flight;
mod machine;
mod measure;
mod outbox;
mod report;
mod scenarios;
mod scratch;
mod stage;
mod statistics;
mod watched;

use std::process::ExitCode;

use arguments::{Arguments, Part};

/// What can go wrong: all of it ends the benchmark.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let result = Arguments::parse(std::env::args().skip(1)).map_err(Into::into).and_then(|arguments| run(&arguments));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("writethrough-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    println!("{}", machine::facts());
    let scenarios: Vec<_> = arguments.parts.iter().filter_map(|part| part.scenario()).collect();
    if !scenarios.is_empty() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(scenarios::run(&scenarios, arguments))?;
    }
    if arguments.parts.contains(&Part::Compile) {
        compile::run(arguments)?;
    }
    println!("Load average at the end: {}.", machine::load_average());
    Ok(())
}
