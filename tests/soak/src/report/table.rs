//! The minutes as a table.

use super::chart::short;
use crate::watch::Minute;

const COLUMNS: [&str; 17] = [
    "minute",
    "orders/s",
    "refused",
    "waiting",
    "sub p50",
    "sub p99",
    "fin p50",
    "fin p99",
    "fin max",
    "reads",
    "redo",
    "busy%",
    "disk GB",
    "submit",
    "worker",
    "sweeper",
    "keeper MB",
];

/// Prints a minute as it ends, the heading before the first.
pub(crate) fn print_minute(minute: &Minute) {
    if minute.number == 1 {
        eprintln!("{}", heading());
    }
    eprintln!("{}", row(minute));
}

/// Returns the names of the columns.
pub(super) fn heading() -> String {
    COLUMNS.map(|name| format!("{name:>10}")).concat()
}

/// Returns a minute's line.
pub(super) fn row(minute: &Minute) -> String {
    let counts = [
        minute.number.to_string(),
        (minute.finished / 60).to_string(),
        minute.unaccepted.to_string(),
        minute.waiting.to_string(),
    ];
    let figures = [
        minute.submit.at(0.5),
        minute.submit.at(0.99),
        minute.finish.at(0.5),
        minute.finish.at(0.99),
        minute.finish.at(1.0),
        minute.reads,
        minute.redo,
        minute.busy,
        minute.disk,
    ];
    let figures = figures.into_iter().chain(minute.memory).map(short);
    let cells = counts.into_iter().chain(figures);
    cells
        .map(|cell| format!("{cell:>10}"))
        .collect::<Vec<_>>()
        .concat()
}
