//! Latencies in a histogram with three significant digits, whatever their size.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// The percentiles that are told.
pub(crate) const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];
/// An hour in microseconds: longer than anything is waited for.
const LONGEST: u64 = 3_600_000_000;

/// Latencies of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// Returns a percentile in milliseconds; 0 of nothing.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let micros = self.0.value_at_quantile(share).min(self.0.max());
        Duration::from_micros(micros).as_secs_f64() * 1e3
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Returns the count and the percentiles by their names.
    pub(crate) fn json(&self) -> Value {
        let mut json = json!({"count": self.count()});
        for (name, share) in PERCENTILES {
            json[name] = json!(self.at(share));
        }
        json
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut histogram = Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds in order");
        for time in times {
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            histogram.saturating_record(micros);
        }
        Self(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies(millis: impl Iterator<Item = u64>) -> Latencies {
        millis.map(Duration::from_millis).collect()
    }

    #[test]
    fn percentiles_are_those_of_the_values_to_a_thousandth() {
        let all = latencies(1..=1_000);
        for (share, millis) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (1.0, 1_000.0)] {
            assert!(
                (all.at(share) / millis - 1.0).abs() < 0.001,
                "{share}: {}",
                all.at(share)
            );
        }
    }

    #[test]
    fn a_stall_of_minutes_is_kept() {
        assert!((latencies([1, 170_000].into_iter()).at(1.0) - 170_000.0).abs() < 200.0);
    }

    #[test]
    fn nothing_has_latencies_of_0() {
        let none = latencies(std::iter::empty());
        assert_eq!((none.count(), none.at(0.99)), (0, 0.0));
    }
}
