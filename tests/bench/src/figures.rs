//! The figures: printed as a table, saved as JSON and as a chart.

mod chart;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;

/// One measured value.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// The least it could be, measured in the same run.
    pub(crate) floor: Option<f64>,
    /// How many times the floor (or, without one, what value) it should not exceed.
    pub(crate) target: Option<f64>,
}

impl Figure {
    /// The value as a multiple of its floor.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.floor
            .filter(|floor| *floor > 0.0)
            .map(|floor| self.value / floor)
    }

    /// Whether the target is met; `None` without one.
    fn is_met(&self) -> Option<bool> {
        let measured = self.ratio().unwrap_or(self.value);
        self.target.map(|target| measured <= target)
    }
}

/// All of them, in the order they were measured.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds a value of its own.
    pub(crate) fn value(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        target: Option<f64>,
    ) {
        self.add(name.into(), value, unit, None, target);
    }

    /// Adds a value to be compared with its floor.
    pub(crate) fn ratio(
        &mut self,
        name: impl Into<String>,
        (value, floor): (f64, f64),
        unit: &'static str,
        target: Option<f64>,
    ) {
        self.add(name.into(), value, unit, Some(floor), target);
    }

    fn add(
        &mut self,
        name: String,
        value: f64,
        unit: &'static str,
        floor: Option<f64>,
        target: Option<f64>,
    ) {
        let figure = Figure {
            name,
            value,
            unit,
            floor,
            target,
        };
        eprintln!("{}", line(&figure));
        self.0.push(figure);
    }

    /// Writes the table to standard output.
    pub(crate) fn print(&self) {
        println!(
            "{:<58} {:>12} {:<8} {:>10} {:>7} {:>7}",
            "", "measured", "", "floor", "ratio", "target"
        );
        for figure in &self.0 {
            println!("{}", line(figure));
        }
    }

    /// Writes `results.json` and `chart.svg` into a folder.
    pub(crate) fn save(&self, folder: &Path) {
        let rows: Vec<_> = self.0.iter().map(row).collect();
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(folder.join("results.json"), format!("{:#}\n", json!(rows))))
            .and_then(|()| fs::write(folder.join("chart.svg"), chart::of(&self.0)));
        written.expect("the results can be saved");
        eprintln!("results: {}", folder.display());
    }
}

fn row(figure: &Figure) -> serde_json::Value {
    json!({"name": figure.name, "value": figure.value, "unit": figure.unit, "floor": figure.floor,
        "ratio": figure.ratio(), "target": figure.target, "met": figure.is_met()})
}

fn line(figure: &Figure) -> String {
    let number = |value: Option<f64>| value.map_or(String::new(), short);
    let mut line = format!(
        "{:<58} {:>12} {:<8} {:>10} {:>7} {:>7}",
        figure.name,
        short(figure.value),
        figure.unit,
        number(figure.floor),
        number(figure.ratio()),
        number(figure.target),
    );
    if figure.is_met() == Some(false) {
        let _ = write!(line, "  missed");
    }
    line
}

/// Three significant digits or so.
fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small < 0.1 => format!("{value:.4}"),
        _ => format!("{value:.2}"),
    }
}

/// The middle one of some measurements.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that a share of the measurements do not exceed.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let at = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
