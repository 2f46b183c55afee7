//! The results in the terminal: two small tables, and what they say in words.

use std::fmt::Write as _;
use std::time::Duration;

use crate::judge::{Latencies, Verdict};
use crate::lab::Outcome;

/// All of it.
pub fn report(outcomes: &[Outcome], notes: &[String]) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{}", line.trim_end()).expect("a string takes everything");
    line(format!(
        "{:<23} {:>11} {:>9} {:>11} {:>14}   a write",
        "", "stale reads", "longest", "lost writes", "phantom values"
    ));
    for Outcome { design, verdict, .. } in outcomes {
        let longest = if verdict.stale == 0 { "-".to_owned() } else { seconds(verdict.longest) };
        line(format!(
            "{design:<23} {:>11} {longest:>9} {:>11} {:>14}   {}",
            verdict.stale,
            verdict.lost,
            verdict.phantoms,
            design.does()
        ));
    }
    line(String::new());
    line(format!(
        "{:<23} {:>7} {:>21} {:>8} {:>21} {:>7} {:>6}",
        "milliseconds", "reads", "p50 / p95 / p99", "writes", "p50 / p95 / p99", "errors", "kills"
    ));
    for Outcome { design, verdict, happened } in outcomes {
        line(format!(
            "{design:<23} {:>7} {:>21} {:>8} {:>21} {:>7} {:>6}",
            verdict.reads.count(),
            percentiles(&verdict.reads),
            verdict.writes.count(),
            percentiles(&verdict.writes),
            verdict.failed,
            happened.kills,
        ));
    }
    line(String::new());
    for note in notes {
        line(format!("note: {note}"));
    }
    line(sentence(outcomes));
    text
}

fn percentiles(latencies: &Latencies) -> String {
    let [p50, p95, p99] = [50, 95, 99].map(|percent| latencies.percentile(percent).as_secs_f64() * 1e3);
    format!("{p50:.2} / {p95:.1} / {p99:.1}")
}

/// With as many digits as matter.
pub fn seconds(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", (seconds * 1e3).max(1.0)),
        seconds => format!("{seconds:.1} s"),
    }
}

/// For whom the tables are too much.
fn sentence(outcomes: &[Outcome]) -> String {
    let list = |of: fn(&Verdict) -> bool, told: fn(&Outcome) -> String| {
        let outcomes = outcomes.iter().filter(|outcome| of(&outcome.verdict));
        outcomes.map(told).collect::<Vec<_>>().join(", ")
    };
    let clean = list(Verdict::is_clean, |outcome| outcome.design.to_string());
    let holds = match clean.as_str() {
        "" => "none of these.".to_owned(),
        clean => format!("{clean}: nothing read was out of date or made up, nothing confirmed was lost."),
    };
    let old =
        list(|verdict| verdict.stale > 0, |outcome| format!("{} {}", outcome.design, seconds(outcome.verdict.longest)));
    let lost = list(|verdict| verdict.lost > 0, |outcome| format!("{} {}", outcome.design, outcome.verdict.lost));
    let phantom =
        list(|verdict| verdict.phantoms > 0, |outcome| format!("{} {}", outcome.design, outcome.verdict.phantoms));
    let others = [("Out of date for up to", old), ("Confirmed and lost", lost), ("Read but made up", phantom)];
    let others = others.iter().filter(|(_, names)| !names.is_empty());
    let others: String = others.map(|(what, names)| format!("\n{what}: {names}.")).collect();
    format!("Which strategy holds up? {holds}{others}")
}
