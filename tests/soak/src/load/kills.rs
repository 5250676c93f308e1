//! A worker is killed every minute, while it works a chunk.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use task_local::Pool;

use crate::watch::Signals;

/// From the start of the load to the first kill, and then in every minute.
const FIRST: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_mins(1);
/// How long a moment is awaited at which all workers work.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_micros(500);

/// How many workers were killed.
#[derive(Debug, Default)]
pub(crate) struct Kills(AtomicUsize);

impl Kills {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Kills one of the workers every minute until the load has ended; the stack starts another.
pub(crate) fn kill_workers(workers: &Pool, start: Instant, kills: &Kills, signals: &Signals) {
    let mut next = start + FIRST;
    while !signals.is_sent.load(Ordering::Relaxed) {
        if Instant::now() < next {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        }
        until_all_work(workers);
        if workers.kill_first() {
            kills.0.fetch_add(1, Ordering::Relaxed);
        }
        next += EVERY;
    }
}

/// Waits until every worker works, so that the killed one holds a chunk.
fn until_all_work(workers: &Pool) {
    let end = Instant::now() + PATIENCE;
    while workers.busy() < workers.live() && Instant::now() < end {
        std::thread::sleep(LOOK);
    }
}

/// Returns the task ids of batches a killed worker held a chunk of.
pub(crate) fn touched(workers: &Pool) -> Vec<i64> {
    let task = |body: &String| {
        let message: Value = serde_json::from_str(body).ok()?;
        message["task_id"].as_i64()
    };
    workers.interrupted().iter().filter_map(task).collect()
}
