//! The goals of a run.

use std::fmt::{self, Display};

use serde_json::{Value, json};

use crate::latency::Latencies;

/// A latency that should not be longer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Goal {
    name: &'static str,
    measured: f64,
    most: f64,
}

impl Goal {
    pub(super) const fn new(name: &'static str, measured: f64, most: f64) -> Self {
        Self {
            name,
            measured,
            most,
        }
    }

    fn is_met(&self) -> bool {
        self.measured <= self.most
    }

    pub(super) fn json(&self) -> Value {
        json!({"name": self.name, "measured_ms": self.measured, "most_ms": self.most, "met": self.is_met()})
    }
}

impl Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            measured,
            most,
        } = self;
        let verdict = if self.is_met() { "met" } else { "missed" };
        write!(
            f,
            "{name:<44} {measured:>10.1} ms  goal {most:>8.0} ms  {verdict}"
        )
    }
}

/// Lists the goals: those of a calm run, or those of one whose workers are killed.
pub(super) fn of(
    kills: bool,
    submit: &Latencies,
    untouched: &Latencies,
    touched: &Latencies,
) -> Vec<Goal> {
    let goal = Goal::new;
    if kills {
        let slowest = untouched.at(1.0).max(touched.at(1.0));
        return vec![
            goal("submit p99", submit.at(0.99), 50.0),
            goal(
                "finish p99, batches that no kill touched",
                untouched.at(0.99),
                1_000.0,
            ),
            goal("finish of every batch", slowest, 180_000.0),
        ];
    }
    vec![
        goal("submit p99", submit.at(0.99), 30.0),
        goal("finish p99", untouched.at(0.99), 400.0),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn all(millis: u64) -> Latencies {
        [Duration::from_millis(millis)].into_iter().collect()
    }

    #[test]
    fn a_calm_run_has_tighter_goals_than_one_with_kills() {
        let met = |kills, submit, finish| {
            let goals = of(kills, &all(submit), &all(finish), &all(170_000));
            goals.iter().map(Goal::is_met).collect::<Vec<_>>()
        };
        assert_eq!(met(false, 29, 390), [true, true]);
        assert_eq!(met(false, 31, 410), [false, false]);
        assert_eq!(met(true, 49, 990), [true, true, true]);
        assert_eq!(met(true, 51, 1_010), [false, false, true]);
    }

    #[test]
    fn a_touched_batch_has_three_minutes() {
        let goals = of(true, &all(1), &all(1), &all(181_000));
        assert!(!goals[2].is_met());
    }
}
