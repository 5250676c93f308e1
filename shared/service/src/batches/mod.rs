//! Batches as callers read them: a report of the items' outcomes, also as a table.

mod csv;
mod result;

pub use csv::csv;
pub use result::{BatchReport, result};
