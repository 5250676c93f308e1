//! Batches as callers label and read them: a report of the items' outcomes, also as a table.

mod csv;
mod labels;
mod result;

pub use csv::csv;
pub use labels::BatchLabels;
pub use result::{BatchReport, result};
