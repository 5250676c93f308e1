//! Public prices of us-east-1 for `x86_64`, and what something costs by them.

use crate::figures::Figures;

/// Dollars.
mod price {
    /// A request of an HTTP API of at most 512 KB.
    pub(super) const HTTP: f64 = 1.0e-6;
    pub(super) const INVOCATION: f64 = 0.2e-6;
    pub(super) const GIGABYTE_SECOND: f64 = 0.000_016_666_7;
    /// A request of SQS of at most 64 KB.
    pub(super) const QUEUE: f64 = 0.4e-6;
    /// A byte of CloudWatch logs taken in.
    pub(super) const LOG_BYTE: f64 = 0.5e-9;
    /// A write of Aurora.
    pub(super) const WRITE: f64 = 0.2e-6;
    /// The bytes of redo that are billed as a write.
    pub(super) const WRITE_BYTES: f64 = 4_096.0;
}

/// What some work took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// Requests of the HTTP API.
    pub(super) http: f64,
    /// Invocations of functions.
    pub(super) invocations: f64,
    /// Their billed time times their memory.
    pub(super) gigabyte_seconds: f64,
    /// Requests of SQS.
    pub(super) queue: f64,
    /// Bytes of logs.
    pub(super) log_bytes: f64,
    /// Bytes of redo log.
    pub(super) redo: f64,
}

impl Usage {
    /// Adds what a million of them cost, line by line and in all, when the work was `units` of them.
    pub(super) fn print(self, figures: &mut Figures, of: &str, units: f64, target: Option<f64>) {
        let million = 1e6 / units;
        let lines = [
            ("HTTP API requests", self.http, price::HTTP),
            ("Lambda requests", self.invocations, price::INVOCATION),
            (
                "Lambda GB-seconds",
                self.gigabyte_seconds,
                price::GIGABYTE_SECOND,
            ),
            ("SQS requests", self.queue, price::QUEUE),
            ("log bytes", self.log_bytes, price::LOG_BYTE),
            (
                "Aurora writes",
                self.redo / price::WRITE_BYTES,
                price::WRITE,
            ),
        ];
        for (what, count, price) in lines {
            let count = count * million;
            let name = format!("{of}: {}", counted(what, count));
            figures.value(name, count * price, "$", None);
        }
        let sum: f64 = lines
            .iter()
            .map(|(_, count, price)| count * million * price)
            .sum();
        figures.value(format!("{of}: sum"), sum, "$", target);
    }
}

fn counted(what: &str, count: f64) -> String {
    match count {
        millions if millions >= 1e6 => format!("{:.2} million {what}", millions / 1e6),
        thousands if thousands >= 1e4 => format!("{:.0} thousand {what}", thousands / 1e3),
        few => format!("{few:.0} {what}"),
    }
}
