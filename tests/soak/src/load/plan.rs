//! When which batch is meant to be sent. A run's plan is known before it: what a stall delays was meant to be sent earlier,
//! and its latency counts from then.

use std::time::Duration;

use fastrand::Rng;

/// The most orders of a batch.
pub(crate) const LARGEST: u32 = 1_000;

/// A batch to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    /// Its number in the run, from 0.
    pub(crate) number: u64,
    /// When it is meant to be sent, from the start of the load.
    pub(crate) at: Duration,
    /// The number of its station.
    pub(crate) station: usize,
    /// How many orders it has.
    pub(crate) size: u32,
}

/// The batches of a run in their order: each is meant to be sent when the orders before it have taken their time at the rate.
#[derive(Debug)]
pub(crate) struct Plan {
    rng: Rng,
    rate: u32,
    stations: usize,
    end: Duration,
    /// Orders of the batches so far.
    orders: u64,
    number: u64,
}

impl Plan {
    /// Plans `rate` orders a second until `end`.
    pub(crate) fn new(seed: u64, rate: u32, stations: usize, end: Duration) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            rate,
            stations,
            end,
            orders: 0,
            number: 0,
        }
    }
}

impl Iterator for Plan {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let at = time_of(self.orders, self.rate);
        if at >= self.end {
            return None;
        }
        let planned = Planned {
            number: self.number,
            at,
            station: self.rng.usize(..self.stations),
            size: size(self.rng.f64()),
        };
        self.number += 1;
        self.orders += u64::from(planned.size);
        Some(planned)
    }
}

/// Returns the time that a number of orders takes at a rate of orders a second.
fn time_of(orders: u64, rate: u32) -> Duration {
    let micros = u128::from(orders) * 1_000_000 / u128::from(rate);
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// Returns the size at a share of all batches: as many have 1 to 10 orders as 10 to 100, or 100 to 1,000.
fn size(share: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1 to 1,000"
    )]
    let size = f64::from(LARGEST + 1).powf(share) as u32;
    size.clamp(1, LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rate: u32, seconds: u64) -> Vec<Planned> {
        Plan::new(7, rate, 40, Duration::from_secs(seconds)).collect()
    }

    #[test]
    fn a_batch_is_meant_to_be_sent_when_the_orders_before_it_have_had_their_time() {
        let mut before = 0;
        for planned in plan(10_000, 20) {
            assert_eq!(planned.at, Duration::from_micros(before * 100));
            before += u64::from(planned.size);
        }
    }

    #[test]
    fn the_orders_of_a_run_are_the_rate_times_its_time_and_at_most_a_batch_more() {
        for (rate, seconds) in [(1, 3_000), (500, 60), (10_000, 60)] {
            let sizes = plan(rate, seconds)
                .iter()
                .map(|batch| u64::from(batch.size))
                .sum::<u64>();
            let wanted = u64::from(rate) * seconds;
            assert!(
                (wanted..wanted + u64::from(LARGEST)).contains(&sizes),
                "{sizes}"
            );
        }
    }

    #[test]
    fn the_same_seed_plans_the_same() {
        assert_eq!(plan(2_000, 30), plan(2_000, 30));
    }

    #[test]
    fn sizes_are_mixed_from_1_to_1000_each_power_of_ten_as_often() {
        assert_eq!((size(0.0), size(0.999_999_9)), (1, LARGEST));
        let batches = plan(10_000, 600);
        let between = |least, most| {
            let sizes = batches.iter().map(|batch| batch.size);
            sizes.filter(|size| (least..most).contains(size)).count() * 100 / batches.len()
        };
        for (least, most) in [(1, 10), (10, 100), (100, 1_001)] {
            assert!(
                (31..=36).contains(&between(least, most)),
                "{least}: {}",
                between(least, most)
            );
        }
    }

    #[test]
    fn every_station_has_its_share() {
        let batches = plan(10_000, 60);
        for station in 0..40 {
            let share = batches
                .iter()
                .filter(|batch| batch.station == station)
                .count();
            assert!(
                (batches.len() / 80..batches.len() / 20).contains(&share),
                "{station}: {share}"
            );
        }
    }
}
