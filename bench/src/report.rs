//! Markdown: ratios first, then the numbers they are made of.

use crate::measure::{Sample, Variant};
use crate::statistics::Spread;

/// A table of one comparison. Ratios are to the first variant, within the same repetition.
pub(crate) fn table(title: &str, variants: &[Variant], rounds: &[Vec<Sample>]) -> String {
    let mut lines = vec![
        format!("**{title}** ({} repetitions; median (least…most))", rounds.len()),
        String::new(),
        "| variant | p50, ratio | throughput, ratio | CPU/op, ratio | p50, µs | operations/s | CPU/op, µs |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for (index, variant) in variants.iter().enumerate() {
        let row = Row { index, base: 0, rounds };
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            variant.name,
            row.ratio(|sample| sample.p50).show(|n| format!("{n:.2}")),
            row.ratio(|sample| sample.throughput).show(|n| format!("{n:.2}")),
            row.ratio(|sample| sample.cpu).show(|n| format!("{n:.2}")),
            row.plain(|sample| sample.p50).show(micros),
            row.plain(|sample| sample.throughput).show(thousands),
            row.plain(|sample| sample.cpu).show(micros),
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A line that tells whether an aim was met. `ratio` picks what is compared; the second variant is ours.
pub(crate) fn verdict(aim: &str, limit: Limit, ratio: impl Fn(&Sample) -> f64, rounds: &[Vec<Sample>]) -> String {
    judge(aim, limit, Row { index: 1, base: 0, rounds }.ratio(ratio).median)
}

/// A line that compares two variants of which neither is the first.
pub(crate) fn against(variants: &[Variant], index: usize, base: usize, rounds: &[Vec<Sample>]) -> String {
    let name = |index: usize| variants.get(index).map_or("", |variant| variant.name);
    let row = Row { index, base, rounds };
    let show = |spread: Spread| spread.show(|n| format!("{n:.2}"));
    format!(
        "- {} against {}: p50 {}, throughput {}, CPU/op {}.",
        name(index),
        name(base),
        show(row.ratio(|sample| sample.p50)),
        show(row.ratio(|sample| sample.throughput)),
        show(row.ratio(|sample| sample.cpu)),
    )
}

/// The same of a ratio that is known.
pub(crate) fn judge(aim: &str, limit: Limit, measured: f64) -> String {
    let met = match limit {
        Limit::AtMost(most) => measured <= most,
        Limit::AtLeast(least) => measured >= least,
    };
    format!("- {aim}: measured {measured:.3}, {}.", if met { "met" } else { "**missed**" })
}

/// What a ratio should keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// One variant over all repetitions.
struct Row<'a> {
    index: usize,
    /// What it is compared to.
    base: usize,
    rounds: &'a [Vec<Sample>],
}

impl Row<'_> {
    fn plain(&self, of: impl Fn(&Sample) -> f64) -> Spread {
        Spread::of(self.rounds.iter().filter_map(|round| round.get(self.index)).map(of))
    }

    fn ratio(&self, of: impl Fn(&Sample) -> f64) -> Spread {
        let ratio = |round: &Vec<Sample>| Some(of(round.get(self.index)?) / of(round.get(self.base)?));
        Spread::of(self.rounds.iter().filter_map(ratio))
    }
}

fn micros(n: f64) -> String {
    if n < 100.0 { format!("{n:.1}") } else { format!("{n:.0}") }
}

fn thousands(n: f64) -> String {
    if n < 10_000.0 { format!("{n:.0}") } else { format!("{:.1} k", n / 1000.0) }
}
