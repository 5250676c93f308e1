//! Whether the machine keeps up with the load.

use std::time::Duration;

use crate::ledger::Batch;

/// So many seconds of load, or so many orders, may wait.
const SECONDS: u32 = 10;
const LEAST: i64 = 5_000;
/// For how many looks in a row more must wait.
const LOOKS: u32 = 3;
/// The last part of a run that tells how fast the machine was.
const WINDOW: Duration = Duration::from_secs(30);

/// Counts orders that were meant to be sent by now and are not finished.
pub(super) fn waiting(batches: &[Batch], rate: u32, now: Duration) -> i64 {
    let meant = i128::from(rate) * i128::try_from(now.as_micros()).unwrap_or(i128::MAX) / 1_000_000;
    let settled = batches.iter().filter(|batch| !batch.is_open());
    let settled: i64 = settled.map(Batch::orders).sum();
    (i64::try_from(meant).unwrap_or(i64::MAX) - settled).max(0)
}

/// Returns how many orders a second were finished in the last half minute.
pub(super) fn speed(batches: &[Batch], now: Duration) -> f64 {
    let from = now.saturating_sub(WINDOW);
    let is_late = |batch: &&Batch| batch.end.is_some_and(|end| (from..now).contains(&end.at));
    let orders: i64 = batches.iter().filter(is_late).map(Batch::orders).sum();
    let seconds = now
        .saturating_sub(from)
        .as_secs_f64()
        .max(f64::MIN_POSITIVE);
    f64::from(i32::try_from(orders).unwrap_or(i32::MAX)) / seconds
}

/// Judges the backlog, look by look.
#[derive(Debug, Default)]
pub(super) struct Judge {
    looks: u32,
}

impl Judge {
    /// Notes how many orders wait; true when the backlog shows that the machine does not keep up.
    pub(super) fn is_saturated(&mut self, waiting: i64, rate: u32) -> bool {
        let most = i64::from(rate * SECONDS).max(LEAST);
        self.looks = if waiting > most { self.looks + 1 } else { 0 };
        self.looks >= LOOKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Answer, End};
    use crate::load::Outcomes;

    fn batch(orders: i64, end: Option<u64>) -> Batch {
        Batch {
            task: "b1".to_owned(),
            at: Duration::ZERO,
            expected: Outcomes {
                made: orders,
                ..Outcomes::default()
            },
            answer: None,
            end: end.map(|seconds| End {
                at: Duration::from_secs(seconds),
                task_id: 1,
            }),
        }
    }

    #[test]
    fn an_order_waits_from_when_it_was_meant_to_be_sent_until_its_batch_is_finished() {
        let batches = [batch(300, Some(1)), batch(200, None)];
        let at = Duration::from_secs(1);
        assert_eq!(waiting(&batches, 1_000, at), 700);
    }

    #[test]
    fn a_refused_batch_waits_for_nothing() {
        let mut refused = batch(200, None);
        refused.answer = Some((Duration::ZERO, Answer::Refused("TASK_CONFLICT".to_owned())));
        assert_eq!(waiting(&[refused], 1_000, Duration::from_secs(1)), 800);
    }

    #[test]
    fn the_speed_is_that_of_the_last_half_minute() {
        let batches = [
            batch(9_000, Some(5)),
            batch(3_000, Some(70)),
            batch(600, Some(95)),
        ];
        assert!((speed(&batches, Duration::from_secs(100)) - 120.0).abs() < 1e-9);
    }

    #[test]
    fn a_backlog_of_more_than_ten_seconds_in_three_looks_is_saturation() {
        let mut judge = Judge::default();
        let looks = [20_001, 20_001, 20_000, 20_001, 20_001, 20_001];
        let found = looks.map(|waiting| judge.is_saturated(waiting, 2_000));
        assert_eq!(found, [false, false, false, false, false, true]);
    }

    #[test]
    fn a_large_batch_at_a_low_rate_is_no_saturation() {
        let mut judge = Judge::default();
        assert_eq!([(); 5].map(|()| judge.is_saturated(1_000, 1)), [false; 5]);
    }
}
