//! What the derive adds to the compile time of a crate, everything it depends on being compiled already.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::arguments::Arguments;
use crate::report::{Limit, judge};
use crate::scratch::{CRATES, Crate, ENTITIES, Scratch};
use crate::statistics::Spread;
use crate::{Result, machine};

/// How often each crate is compiled, unless the command line says otherwise.
const REPETITIONS: usize = 9;

/// Measures, and prints as it goes.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the benchmark has left its workspace")?;
    let scratch = Scratch::create(root)?;
    let cargo = Cargo { scratch: &scratch, target: root.join("target/bench-compile") };
    let repetitions = arguments.repetitions.unwrap_or(REPETITIONS);
    println!("**A crate of {ENTITIES} entities** ({repetitions} repetitions; median (least…most))\n");
    println!("| | time, ratio | CPU, ratio | time without, s | time with, s | CPU without, s | CPU with, s |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut verdicts = Vec::new();
    for command in ["check", "build"] {
        for pair in CRATES.chunks_exact(2) {
            let [plain, derived] = pair else { continue };
            let times = cargo.compare(command, *plain, *derived, repetitions)?;
            println!("| `cargo {command}`, {} |{}", plain.title(), columns(&times));
            if !plain.is_used() {
                let ratio = Spread::of(times.iter().map(|[plain, derived]| derived.cpu / plain.cpu)).median;
                verdicts.push(judge(&format!("`cargo {command}` at most 1.15"), Limit::AtMost(1.15), ratio));
            }
        }
    }
    println!("\n{}\n", verdicts.join("\n"));
    Ok(())
}

/// What one compilation took, in seconds.
#[derive(Clone, Copy, Debug)]
struct Taken {
    time: f64,
    /// Of all processes together; less disturbed by what else runs.
    cpu: f64,
}

/// Runs on the scratch crates, with a target directory that outlives them: dependencies are compiled once.
struct Cargo<'a> {
    scratch: &'a Scratch,
    target: PathBuf,
}

impl Cargo<'_> {
    /// Without the derive and with it, in turn; the first repetition compiles the dependencies and does not count.
    fn compare(&self, command: &str, plain: Crate, derived: Crate, repetitions: usize) -> Result<Vec<[Taken; 2]>> {
        self.run(command, plain)?;
        self.run(command, derived)?;
        (0..repetitions)
            .map(|repetition| {
                if repetition % 2 == 0 {
                    Ok([self.run(command, plain)?, self.run(command, derived)?])
                } else {
                    let derived = self.run(command, derived)?;
                    Ok([self.run(command, plain)?, derived])
                }
            })
            .collect()
    }

    fn run(&self, command: &str, member: Crate) -> Result<Taken> {
        self.scratch.touch(member)?;
        let cpu_before = machine::processor_time_of_children();
        let began = Instant::now();
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([command, "--quiet", "--offline", "--package", member.name, "--target-dir"])
            .arg(&self.target)
            .current_dir(self.scratch.path())
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null())
            .status()?;
        let time = began.elapsed().as_secs_f64();
        if !status.success() {
            return Err(format!("cargo {command} of the crate `{}` failed", member.name).into());
        }
        Ok(Taken { time, cpu: (machine::processor_time_of_children() - cpu_before).as_secs_f64() })
    }
}

fn columns(times: &[[Taken; 2]]) -> String {
    let ratio = |of: fn(&Taken) -> f64| Spread::of(times.iter().map(|[plain, derived]| of(derived) / of(plain)));
    let seconds = |pick: fn(&[Taken; 2]) -> f64| Spread::of(times.iter().map(pick));
    let ratios = [ratio(|taken| taken.time), ratio(|taken| taken.cpu)];
    let seconds = [
        seconds(|[plain, _]| plain.time),
        seconds(|[_, derived]| derived.time),
        seconds(|[plain, _]| plain.cpu),
        seconds(|[_, derived]| derived.cpu),
    ];
    ratios.into_iter().chain(seconds).map(|spread| format!(" {} |", spread.show(|n| format!("{n:.2}")))).collect()
}
