//! The times of all systems: one row a system, one column a size.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{SIZES, chart};
use crate::figures::{median, percentile};

/// The times of a system, in seconds, by size.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) system: String,
    pub(super) sizes: Vec<(usize, Vec<f64>)>,
}

impl Row {
    /// The median of a size in milliseconds.
    pub(super) fn median(&self, count: usize) -> Option<f64> {
        Some(median(self.of(count)?) * 1e3)
    }

    fn of(&self, count: usize) -> Option<&[f64]> {
        let found = self.sizes.iter().find(|(size, _)| *size == count);
        found.map(|(_, times)| times.as_slice())
    }

    fn cell(&self, count: usize) -> String {
        let Some(times) = self.of(count) else {
            return String::new();
        };
        let [low, middle, high] = [0.0, 0.5, 1.0].map(|share| percentile(times, share) * 1e3);
        let digits = usize::from(middle < 10.0);
        format!("{middle:.digits$} [{low:.digits$}-{high:.digits$}]")
    }
}

/// All systems, in the order they were first measured.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Row>);

impl Table {
    /// Adds a time of a system.
    pub(super) fn add(&mut self, count: usize, system: &str, seconds: f64) {
        let at = self.0.iter().position(|row| row.system == system);
        let at = at.unwrap_or_else(|| {
            let system = system.to_owned();
            self.0.push(Row {
                system,
                sizes: Vec::new(),
            });
            self.0.len() - 1
        });
        let sizes = &mut self.0[at].sizes;
        match sizes.iter_mut().find(|(size, _)| *size == count) {
            Some((_, times)) => times.push(seconds),
            None => sizes.push((count, vec![seconds])),
        }
    }

    /// Writes the table to standard output: medians in ms, least and most in brackets.
    pub(super) fn print(&self) {
        println!("submit to readable, ms: median [least-most]");
        print!("{:<22}", "orders");
        for count in SIZES {
            print!("{count:>22}");
        }
        println!();
        for row in &self.0 {
            print!("{:<22}", row.system);
            for count in SIZES {
                print!("{:>22}", row.cell(count));
            }
            println!();
        }
    }

    /// Writes `peers.json` and `peers.svg` into a folder.
    pub(super) fn save(&self, folder: &Path) {
        let rows: Vec<_> = self.0.iter().map(row).collect();
        fs::write(folder.join("peers.json"), format!("{:#}\n", json!(rows)))
            .and_then(|()| fs::write(folder.join("peers.svg"), chart::of(&self.0)))
            .expect("the results can be saved");
    }
}

fn row(row: &Row) -> Value {
    let sizes: Vec<_> = row
        .sizes
        .iter()
        .map(|(orders, seconds)| json!({"orders": orders, "seconds": seconds}))
        .collect();
    json!({"system": row.system, "sizes": sizes})
}
