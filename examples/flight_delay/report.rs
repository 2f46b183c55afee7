//! What is printed: steps, fields side by side, latencies.

use std::time::Duration;

use sea_orm::{IdenStatic, Iterable, ModelTrait, Value};

use crate::entities::flight;
use crate::meter::Call;

/// What one step took.
pub struct Latency {
    pub step: &'static str,
    pub what: String,
    pub database: Duration,
    pub cache: Duration,
    pub total: Duration,
}

impl Latency {
    /// The parts of the database and of the cache are those of its calls.
    pub fn of(step: &'static str, what: String, calls: &[Call], total: Duration) -> Self {
        let (mut database, mut cache) = (Duration::ZERO, Duration::ZERO);
        for call in calls {
            match call {
                Call::Database { elapsed, .. } => database += *elapsed,
                Call::Cache { elapsed, .. } => cache += *elapsed,
            }
        }
        Self { step, what, database, cache, total }
    }
}

pub fn title(text: &str) {
    println!("\n{text}");
}

/// Each call, in the order in which they ended.
pub fn print_calls(calls: &[Call]) {
    for call in calls {
        match call {
            Call::Database { sql, elapsed } => println!("    sql   {:>10}  {sql}", millis(*elapsed)),
            Call::Cache { step, keys: 1, elapsed } => println!("    cache {:>10}  {step}", millis(*elapsed)),
            Call::Cache { step, keys, elapsed } => {
                println!("    cache {:>10}  {step} of {keys} keys", millis(*elapsed))
            }
        }
    }
}

/// Every column of the row as the database has it beside what the cache says; tells how many differ.
pub fn print_fields(database: &flight::Model, cache: &flight::Model) -> usize {
    let mut differing = 0;
    println!("  {:<15} {:<22} {:<22}", "field", "database", "cache");
    for column in flight::Column::iter() {
        let (stored, cached) = (database.get(column), cache.get(column));
        let mark = if stored == cached { "✓" } else { "✗" };
        differing += usize::from(stored != cached);
        println!("  {:<15} {:<22} {:<22} {mark}", column.as_str(), text(&stored), text(&cached));
    }
    differing
}

/// The table at the end.
pub fn print_latencies(latencies: &[Latency]) {
    title("Latencies");
    println!("  {:<14} {:<34} {:>11} {:>11} {:>11}", "step", "what", "database", "cache", "total");
    for Latency { step, what, database, cache, total } in latencies {
        let (database, cache, total) = (part(*database), part(*cache), millis(*total));
        println!("  {step:<14} {what:<34} {database:>11} {cache:>11} {total:>11}");
    }
}

pub fn millis(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1e3)
}

/// Who was not asked took no time.
fn part(duration: Duration) -> String {
    if duration.is_zero() { "–".to_owned() } else { millis(duration) }
}

fn text(value: &Value) -> String {
    match value {
        Value::Int(Some(number)) => number.to_string(),
        Value::String(Some(text)) => text.to_string(),
        Value::ChronoDateTime(Some(time)) => time.to_string(),
        other => format!("{other:?}"),
    }
}
