//! A bar for each ratio, with its floor as a line at 1 and its target as a mark.

use std::fmt::Write as _;

use super::{Figure, short};

const ROW: usize = 22;
const LABELS: usize = 430;
const SCALE: f64 = 140.0;
const WIDEST: f64 = 3.0;

/// The chart of all figures that have a floor, as SVG.
pub(super) fn of(figures: &[Figure]) -> String {
    let shown: Vec<_> = figures
        .iter()
        .filter_map(|figure| Some((figure, figure.ratio()?)))
        .collect();
    let height = ROW * (shown.len() + 2);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"920\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (no, (figure, ratio)) in shown.iter().enumerate() {
        bar(&mut svg, ROW * (no + 1), figure, *ratio);
    }
    let floor = at(1.0);
    let _ = writeln!(
        svg,
        "<line x1=\"{floor:.0}\" x2=\"{floor:.0}\" y1=\"0\" y2=\"{height}\" stroke=\"#444444\" stroke-dasharray=\"4 3\"/>\n\
         <text x=\"{:.0}\" y=\"{}\" fill=\"#444444\">floor = 1; a tick marks the target</text>\n</svg>",
        floor + 4.0,
        height - 6,
    );
    svg
}

fn bar(svg: &mut String, y: usize, figure: &Figure, ratio: f64) {
    let met = figure.target.is_none_or(|target| ratio <= target);
    let colour = if met { "#2a9d8f" } else { "#e76f51" };
    let name = figure.name.replace('&', "&amp;").replace('<', "&lt;");
    let (middle, width) = (y + 14, at(ratio) - at(0.0));
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>\
         <rect x=\"{LABELS}\" y=\"{}\" width=\"{width:.0}\" height=\"14\" fill=\"{colour}\"/>\
         <text x=\"{:.0}\" y=\"{middle}\">{}</text>",
        LABELS - 8,
        y + 3,
        at(ratio) + 6.0,
        short(ratio),
    );
    if let Some(target) = figure.target {
        let x = at(target);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.0}\" x2=\"{x:.0}\" y1=\"{y}\" y2=\"{}\" stroke=\"#000000\"/>",
            y + 20
        );
    }
}

/// Where a ratio is; one that is off the chart at its edge.
fn at(ratio: f64) -> f64 {
    f64::from(u32::try_from(LABELS).unwrap_or_default()) + ratio.min(WIDEST) * SCALE
}
