//! The half of a run without a purge against the half beside one.

use std::time::Duration;

use serde_json::{Value, json};

use super::chart::short;
use super::goals::Goal;
use crate::latency::{Latencies, PERCENTILES};
use crate::ledger::Batch;
use crate::purge::{Purge, Purged};

/// How many times its p99 alone a call's p99 beside a purge may be.
const MOST: f64 = 1.1;

/// The latencies of both halves.
#[derive(Debug)]
pub(crate) struct Halves {
    submits: [Latencies; 2],
    reads: [Latencies; 2],
    failed: usize,
    purged: Purged,
    /// Seconds of the second half.
    seconds: f64,
}

impl Halves {
    /// Tells apart what was meant to be sent between the first two moments and between the last two.
    pub(crate) fn new(
        purge: &Purge,
        purged: Purged,
        batches: &[Batch],
        [begin, half, end]: [Duration; 3],
    ) -> Self {
        let submits = |from: Duration, to: Duration| {
            let within = batches
                .iter()
                .filter(|batch| (from..to).contains(&batch.at));
            within.filter_map(Batch::submit_time).collect()
        };
        let reads = |from, to| purge.reads(from, to).into_iter().collect();
        Self {
            submits: [submits(begin, half), submits(half, end)],
            reads: [reads(begin, half), reads(half, end)],
            failed: purge.failed(),
            purged,
            seconds: end.saturating_sub(half).as_secs_f64(),
        }
    }

    fn calls(&self) -> [(&'static str, &[Latencies; 2]); 2] {
        [("submit", &self.submits), ("get", &self.reads)]
    }

    /// A purge changes the 99th percentiles little.
    pub(super) fn goals(&self) -> Vec<Goal> {
        let names = ["submit p99 beside the purge", "get p99 beside the purge"];
        let calls = names.into_iter().zip(self.calls());
        let goal = |(name, (_, [alone, beside])): (_, (_, &[Latencies; 2]))| {
            Goal::new(name, beside.at(0.99), alone.at(0.99) * MOST)
        };
        calls.map(goal).collect()
    }

    /// Prints both halves and what was purged.
    pub(super) fn print(&self) {
        for (call, halves) in self.calls() {
            for (half, latencies) in ["alone", "beside the purge"].iter().zip(halves) {
                print!("{:<36}{:>9}", format!("{call}, {half}"), latencies.count());
                for (_, share) in PERCENTILES {
                    print!("{:>9}", short(latencies.at(share)));
                }
                println!();
            }
        }
        let Purged { tasks, left, .. } = self.purged;
        let gone = self.purged.gone();
        #[expect(clippy::cast_precision_loss, reason = "some millions")]
        let speed = gone as f64 / self.seconds;
        println!(
            "{gone} of {tasks} old tasks purged, {speed:.0} a second; {left} are left; {} calls failed\n",
            self.failed
        );
    }

    /// The same for the file.
    pub(super) fn json(&self) -> Value {
        let halves = |[alone, beside]: &[Latencies; 2]| json!({"alone": alone.json(), "beside": beside.json()});
        json!({"submit": halves(&self.submits), "get": halves(&self.reads), "old_tasks": self.purged.tasks,
            "purged": self.purged.gone(), "failed": self.failed})
    }
}
