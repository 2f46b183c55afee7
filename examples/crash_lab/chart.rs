//! The results as a picture: one SVG that needs nothing else, readable on light and on dark ground.

use std::fmt::Write as _;

use crate::judge::{Latencies, Verdict};
use crate::lab::Outcome;
use crate::report::seconds;

const WIDTH: f64 = 1030.0;
const HEAD: f64 = 84.0;
const ROW: f64 = 44.0;
const FOOT: f64 = 44.0;
/// The longest bar.
const BAR: f64 = 92.0;
const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}\
.title{font-size:18px;font-weight:600}.name{font-weight:600}.small{font-size:11px;fill:#59636e}\
.bad{fill:#cf222e}.good{fill:#1a7f37}.bold{font-weight:600}.p50{fill:#0969da}.p99{fill:#0969da;opacity:.3}\
.line{stroke:#d1d9e0}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.small{fill:#9198a1}.bad{fill:#ff7b72}.good{fill:#3fb950}\
.p50,.p99{fill:#58a6ff}.line{stroke:#3d444d}}";

/// A kind of violation: its heading, where it stands, how much there is of it, and how that is written.
type Column = (&'static str, f64, fn(&Verdict) -> f64, fn(&Verdict) -> String);

const COLUMNS: [Column; 4] = [
    ("stale reads", 286.0, |verdict| count(verdict.stale), |verdict| verdict.stale.to_string()),
    (
        "longest",
        394.0,
        |verdict| verdict.longest.as_secs_f64() * 1e3,
        |verdict| match verdict.stale {
            0 => "–".to_owned(),
            _ => seconds(verdict.longest),
        },
    ),
    ("lost writes", 502.0, |verdict| count(verdict.lost), |verdict| verdict.lost.to_string()),
    ("phantom values", 610.0, |verdict| count(verdict.phantoms), |verdict| verdict.phantoms.to_string()),
];

/// Where it stands how many calls were answered with an error.
const FAILED: f64 = 722.0;

/// A kind of call: its heading, where it stands, and how long it took.
type Calls = (&'static str, f64, fn(&Verdict) -> &Latencies);

const LATENCIES: [Calls; 2] =
    [("a read, ms", 790.0, |verdict| &verdict.reads), ("a write, ms", 908.0, |verdict| &verdict.writes)];

/// See the [module](self). The setting is said in the title.
pub fn chart(outcomes: &[Outcome], setting: &str) -> String {
    let height = HEAD + ROW * count(outcomes.len()) + FOOT;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>Which cache strategy holds up?</title><style>{STYLE}</style>\n"
    );
    let kills: Vec<_> = outcomes.iter().map(|outcome| outcome.happened.kills).collect();
    let (least, most) = (kills.iter().min().unwrap_or(&0), kills.iter().max().unwrap_or(&0));
    let cache = outcomes.first().map(|outcome| outcome.happened).unwrap_or_default();
    text(&mut svg, "title", 12.0, 28.0, "Which strategy holds up?");
    let what = format!(
        "{setting}; to each: {least} to {most} processes killed, cache cut off {}×, frozen {}×, restarted {}×",
        cache.cuts, cache.freezes, cache.restarts
    );
    text(&mut svg, "small", 12.0, 46.0, &what);
    for (heading, x, ..) in COLUMNS {
        text(&mut svg, "small", x, HEAD - 10.0, heading);
    }
    for (heading, x, _) in LATENCIES {
        text(&mut svg, "small", x, HEAD - 10.0, heading);
    }
    text(&mut svg, "small", FAILED, HEAD - 10.0, "errors");
    for (outcome, y) in outcomes.iter().zip((0..).map(|number| HEAD + ROW * f64::from(number))) {
        row(&mut svg, outcome, outcomes, y);
    }
    let foot = height - FOOT + 20.0;
    text(
        &mut svg,
        "small",
        12.0,
        foot,
        "stale: older than what was confirmed or in the database · \
         lost: confirmed, but not in the database · phantom: never in the database",
    );
    text(
        &mut svg,
        "small",
        12.0,
        foot + 15.0,
        "longest: how long the newer value had been there; bounded by the run, since entries live for an hour · \
         errors: calls that failed · ms: p50 / p95 / p99 · bars are logarithmic",
    );
    svg.push_str("</svg>\n");
    svg
}

fn row(svg: &mut String, outcome: &Outcome, outcomes: &[Outcome], y: f64) {
    let Outcome { design, verdict, .. } = outcome;
    writeln!(svg, "<path class=\"line\" d=\"M12 {y}H{}\"/>", WIDTH - 12.0).expect("a string takes everything");
    text(svg, "name", 12.0, y + 19.0, &design.to_string());
    text(svg, "small", 12.0, y + 34.0, design.does());
    for (_, x, amount, written) in COLUMNS {
        let most = outcomes.iter().map(|outcome| amount(&outcome.verdict)).fold(0.0, f64::max);
        let class = if amount(verdict) > 0.0 { "bad" } else { "good" };
        text(svg, &format!("bold {class}"), x, y + 19.0, &written(verdict));
        bar(svg, class, x, y, amount(verdict), most);
    }
    text(svg, "", FAILED, y + 19.0, &verdict.failed.to_string());
    for (_, x, latencies) in LATENCIES {
        let percentile = |of: &Verdict, percent| latencies(of).percentile(percent).as_secs_f64() * 1e3;
        let numbers = [50, 95, 99].map(|percent| short(percentile(verdict, percent)));
        text(svg, "", x, y + 19.0, &numbers.join(" / "));
        // In hundredths, so that what is below a millisecond can be told apart.
        let most = outcomes.iter().map(|outcome| percentile(&outcome.verdict, 99)).fold(0.0, f64::max) * 100.0;
        for (class, percent) in [("p99", 99), ("p50", 50)] {
            bar(svg, class, x, y, percentile(verdict, percent) * 100.0, most);
        }
    }
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>").expect("a string takes everything");
}

fn bar(svg: &mut String, class: &str, x: f64, y: f64, amount: f64, most: f64) {
    if amount > 0.0 {
        let width = BAR * amount.ln_1p() / most.ln_1p();
        writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"{width:.1}\" height=\"6\" rx=\"1\"/>",
            y + 27.0
        )
        .expect("a string takes everything");
    }
}

/// Two digits that count.
fn short(milliseconds: f64) -> String {
    if milliseconds < 10.0 { format!("{milliseconds:.1}") } else { format!("{milliseconds:.0}") }
}

fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
