//! One row for every minute of the load.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};

use super::backlog;
use super::machine::{Processors, free_disk};
use super::server::{Counters, Eye};
use crate::latency::Latencies;
use crate::ledger::{Answer, Batch};
use crate::load::touched;
use crate::report::print_minute;
use crate::stage::{HOUSEKEEPER, SUBMIT, SWEEPER, Stage, WORKER};

/// The functions whose memory is watched.
pub(crate) const WATCHED: [&str; 4] = [SUBMIT, WORKER, SWEEPER, HOUSEKEEPER];
const MINUTE: Duration = Duration::from_mins(1);

/// What happened in a minute.
#[derive(Debug, Clone)]
pub(crate) struct Minute {
    /// From 1.
    pub(crate) number: u32,
    /// Orders of batches that were finished.
    pub(crate) finished: i64,
    /// Submits that were refused or not answered.
    pub(crate) unaccepted: usize,
    /// Orders that were meant to be sent and were not finished, at its end.
    pub(crate) waiting: i64,
    /// Of submits that were answered in this minute.
    pub(crate) submit: Latencies,
    /// Of batches that ended in this minute and that no kill touched.
    pub(crate) finish: Latencies,
    /// Rows read, for each finished order.
    pub(crate) reads: f64,
    /// Bytes of redo, for each finished order.
    pub(crate) redo: f64,
    /// Processor time used by anybody, in percent of all there is.
    pub(crate) busy: f64,
    /// The peak of each watched function's largest process, in MB.
    pub(crate) memory: [f64; WATCHED.len()],
    /// Free disk in GB.
    pub(crate) disk: f64,
}

impl Minute {
    pub(crate) fn json(&self) -> Value {
        let memory: Value = WATCHED
            .iter()
            .copied()
            .zip(self.memory.map(Value::from))
            .collect();
        json!({"minute": self.number, "finished_orders": self.finished, "unaccepted_submits": self.unaccepted,
            "waiting_orders": self.waiting, "submit_ms": self.submit.json(), "finish_ms": self.finish.json(),
            "rows_read_per_order": self.reads, "redo_bytes_per_order": self.redo, "busy_percent": self.busy,
            "peak_memory_mb": memory, "free_disk_gb": self.disk})
    }
}

/// Makes the rows.
#[derive(Debug)]
pub(super) struct Minutes {
    pub(super) rows: Vec<Minute>,
    /// When the minute under way began, from the start of the load.
    begin: Duration,
    counters: Counters,
    processors: Processors,
}

impl Minutes {
    /// Begins the first minute.
    pub(super) async fn begin(stage: &Stage, eye: &mut Eye, now: Duration) -> Self {
        forget_peaks(stage);
        Self {
            rows: Vec::new(),
            begin: now,
            counters: eye.counters().await,
            processors: Processors::now(),
        }
    }

    /// Tells whether the minute under way is over.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        now >= self.begin + MINUTE
    }

    /// Tells whether so many minutes have ended.
    pub(super) fn are(&self, count: u32) -> bool {
        u32::try_from(self.rows.len()).is_ok_and(|rows| rows >= count)
    }

    /// Ends the minute under way, prints it and begins the next.
    pub(super) async fn end(&mut self, stage: &Stage, eye: &mut Eye, batches: &[Batch], rate: u32) {
        let time = self.begin..self.begin + MINUTE;
        let (counters, processors) = (eye.counters().await, Processors::now());
        let touched: HashSet<i64> = touched(stage.function(WORKER)).into_iter().collect();
        let spent = counters.since(self.counters);
        let finished = orders_finished(batches, &time);
        let each = f64::from(i32::try_from(finished).unwrap_or(i32::MAX)).max(1.0);
        self.rows.push(Minute {
            number: u32::try_from(self.rows.len() + 1).unwrap_or(u32::MAX),
            finished,
            unaccepted: unaccepted(batches, &time),
            waiting: backlog::waiting(batches, rate, time.end),
            submit: submits(batches, &time),
            finish: finishes(batches, &time, &touched),
            reads: spent.reads / each,
            redo: spent.redo / each,
            busy: processors.busy_since(self.processors),
            memory: WATCHED.map(|name| peak(stage, name)),
            disk: gigabytes(free_disk().unwrap_or_default()),
        });
        self.rows.last().inspect(|minute| print_minute(minute));
        forget_peaks(stage);
        self.begin = time.end;
        (self.counters, self.processors) = (counters, processors);
    }
}

fn orders_finished(batches: &[Batch], time: &Range<Duration>) -> i64 {
    let ended = batches
        .iter()
        .filter(|batch| batch.end.is_some_and(|end| time.contains(&end.at)));
    ended.map(Batch::orders).sum()
}

fn unaccepted(batches: &[Batch], time: &Range<Duration>) -> usize {
    let is_one = |batch: &&Batch| match &batch.answer {
        Some((at, answer)) => time.contains(at) && *answer != Answer::Accepted,
        None => false,
    };
    batches.iter().filter(is_one).count()
}

fn submits(batches: &[Batch], time: &Range<Duration>) -> Latencies {
    let is_one = |batch: &&Batch| matches!(&batch.answer, Some((at, _)) if time.contains(at));
    batches
        .iter()
        .filter(is_one)
        .filter_map(Batch::submit_time)
        .collect()
}

fn finishes(batches: &[Batch], time: &Range<Duration>, touched: &HashSet<i64>) -> Latencies {
    let is_one = |batch: &&Batch| {
        let end = batch.end.filter(|end| time.contains(&end.at));
        end.is_some_and(|end| !touched.contains(&end.task_id))
    };
    batches
        .iter()
        .filter(is_one)
        .filter_map(Batch::finish_time)
        .collect()
}

fn forget_peaks(stage: &Stage) {
    for name in WATCHED {
        stage.function(name).forget_peak_memory();
    }
}

fn peak(stage: &Stage, name: &str) -> f64 {
    let bytes = stage.function(name).peak_memory().unwrap_or_default();
    gigabytes(bytes) * 1e3
}

fn gigabytes(bytes: u64) -> f64 {
    let megabytes = u32::try_from(bytes / 1_000_000).map_or(f64::INFINITY, f64::from);
    megabytes / 1e3
}
