//! A group of bars for each size: every system's median as a multiple of plain inserts.

use std::fmt::Write as _;

use super::SIZES;
use super::table::Row;

const ROW: usize = 20;
const LABELS: f64 = 200.0;
const WIDTH: f64 = 640.0;
const COLOURS: [&str; 8] = [
    "#8d99ae", "#2a9d8f", "#1d6f66", "#9ad1ca", "#e76f51", "#f4a261", "#e9c46a", "#b5838d",
];

/// The chart as SVG.
pub(super) fn of(rows: &[Row]) -> String {
    let height = SIZES.len() * (rows.len() + 2) * ROW + ROW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut y = ROW;
    for count in SIZES {
        let medians = rows.iter().map(|row| row.median(count));
        let most = medians.flatten().fold(0.0, f64::max);
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{y}\" font-weight=\"bold\">{count} orders</text>"
        );
        for (row, colour) in rows.iter().zip(COLOURS.iter().cycle()) {
            y += ROW;
            if let Some(median) = row.median(count) {
                bar(&mut svg, y, &row.system, median, most, colour);
            }
        }
        y += 2 * ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, y: usize, system: &str, median: f64, most: f64, colour: &str) {
    let width = (median / most * WIDTH).max(1.0);
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{y}\" text-anchor=\"end\">{system}</text>\
         <rect x=\"{LABELS:.0}\" y=\"{}\" width=\"{width:.0}\" height=\"14\" fill=\"{colour}\"/>\
         <text x=\"{:.0}\" y=\"{y}\">{median:.1} ms</text>",
        LABELS - 8.0,
        y - 12,
        LABELS + width + 6.0,
    );
}
