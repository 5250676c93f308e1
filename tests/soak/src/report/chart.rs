//! The chart: a panel for each figure, a line over the minutes.

use std::fmt::Write as _;

use crate::watch::{Minute, WATCHED};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 110.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 190.0;
const GAP: f64 = 34.0;
const COLOURS: [&str; 4] = ["#2a9d8f", "#e76f51", "#8d99ae", "#e9c46a"];

/// A line: its name and a value for each minute.
type Line = (&'static str, Vec<f64>);

/// Draws the minutes as SVG.
pub(super) fn of(title: &str, minutes: &[Minute]) -> String {
    let panels = panels(minutes);
    let height = 40.0 + f64::from(u32::try_from(panels.len()).unwrap_or(0)) * (HEIGHT + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"8\" y=\"20\" font-weight=\"bold\">{title}</text>\n"
    );
    let mut top = 50.0;
    for (name, lines) in &panels {
        panel(&mut svg, top, name, lines);
        top += HEIGHT + GAP;
    }
    svg.push_str("</svg>\n");
    svg
}

fn panels(minutes: &[Minute]) -> Vec<(&'static str, Vec<Line>)> {
    let line = |name, value: fn(&Minute) -> f64| (name, minutes.iter().map(value).collect());
    let orders = |count: i64| f64::from(i32::try_from(count).unwrap_or(i32::MAX));
    let memory = WATCHED.iter().enumerate().map(|(place, name)| {
        let values = minutes.iter().map(|minute| minute.memory[place]);
        (*name, values.collect())
    });
    let counts = |name, value: fn(&Minute) -> i64| {
        (name, minutes.iter().map(|m| orders(value(m))).collect())
    };
    vec![
        (
            "submit, ms",
            vec![
                line("p50", |m| m.submit.at(0.5)),
                line("p99", |m| m.submit.at(0.99)),
            ],
        ),
        (
            "finish, ms",
            vec![
                line("p50", |m| m.finish.at(0.5)),
                line("p99", |m| m.finish.at(0.99)),
            ],
        ),
        (
            "finished orders a second",
            vec![line("orders", |m| {
                f64::from(i32::try_from(m.finished / 60).unwrap_or(i32::MAX))
            })],
        ),
        ("waiting orders", vec![counts("orders", |m| m.waiting)]),
        ("rows read per order", vec![line("rows", |m| m.reads)]),
        ("redo per order, bytes", vec![line("bytes", |m| m.redo)]),
        ("processors busy, %", vec![line("busy", |m| m.busy)]),
        ("peak memory, MB", memory.collect()),
    ]
}

fn panel(svg: &mut String, top: f64, name: &str, lines: &[Line]) {
    let most = lines
        .iter()
        .flat_map(|(_, values)| values)
        .copied()
        .fold(0.0, f64::max);
    let most = if most > 0.0 { most } else { 1.0 };
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{:.0}\">{name}</text>\
         <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>\
         <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">0</text>\
         <path d=\"M{LEFT} {top} V{} H{}\" fill=\"none\" stroke=\"#444444\"/>",
        top - 5.0,
        LEFT - 6.0,
        top + 10.0,
        short(most),
        LEFT - 6.0,
        top + HEIGHT,
        top + HEIGHT,
        WIDTH - RIGHT,
    );
    for (number, ((label, values), colour)) in (0_u32..).zip(lines.iter().zip(COLOURS)) {
        let points: Vec<_> = (0_u32..)
            .zip(values)
            .map(|(at, value)| {
                let (x, y) = (x(at, values.len()), top + HEIGHT - value / most * HEIGHT);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        let last = values.last().copied().unwrap_or_default();
        let y = top + 14.0 + 16.0 * f64::from(number);
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-linecap=\"round\"/>\
             <text x=\"{:.0}\" y=\"{y:.0}\" fill=\"{colour}\">{label} {}</text>",
            points.join(" "),
            WIDTH - RIGHT + 8.0,
            short(last),
        );
    }
}

/// Returns where a minute is; a lone one in the middle.
fn x(minute: u32, minutes: usize) -> f64 {
    let width = WIDTH - RIGHT - LEFT;
    match u32::try_from(minutes.saturating_sub(1)).unwrap_or(0) {
        0 => LEFT + width / 2.0,
        last => LEFT + width * f64::from(minute) / f64::from(last),
    }
}

/// Writes three significant digits or so.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
