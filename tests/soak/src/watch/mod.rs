//! The watch over a run: when batches end, what each minute took, and whether the machine keeps up.

mod backlog;
mod machine;
mod minutes;
mod server;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::ledger::{Batch, Ledger};
use crate::options::Options;
use crate::stage::Stage;
use minutes::Minutes;
pub(crate) use minutes::{Minute, WATCHED};
use server::Eye;

/// The pause between two looks for ended batches: a batch has ended at most so long before it is seen.
const LOOK: Duration = Duration::from_millis(15);
/// The most batches of a look, each found by its key.
const LOOKED: usize = 400;
const SECOND: Duration = Duration::from_secs(1);
/// The free disk below which a run stops.
const LEAST_DISK: u64 = 6_000_000_000;
/// How long after the load its last batches may take. A chunk whose worker was killed comes back with its lease.
const PATIENCE: Duration = Duration::from_mins(4);

/// Why a run stopped before its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stop {
    /// More and more orders waited.
    Saturated {
        waiting: i64,
        /// Orders a second that were finished in the last half minute.
        speed: f64,
    },
    /// The disk was nearly full.
    FullDisk,
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) minutes: Vec<Minute>,
    pub(crate) stop: Option<Stop>,
    /// When it stopped.
    pub(crate) end: Duration,
}

/// Tells the parts of a run about each other.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// The load should stop.
    pub(crate) stop: AtomicBool,
    /// The load has ended, and every call was answered.
    pub(crate) is_sent: AtomicBool,
}

/// Watches a load, whose first `warm_up` is not measured, until everything it sent has ended.
pub(crate) async fn watch(
    stage: &Stage,
    ledger: &Ledger,
    signals: &Signals,
    options: &Options,
    warm_up: Duration,
) -> Watched {
    let mut watch = Watch::new(stage, ledger, options, warm_up).await;
    tokio::time::sleep(warm_up.saturating_sub(ledger.now())).await;
    let mut minutes = Minutes::begin(stage, &mut watch.eye, warm_up).await;
    let mut second = ledger.now();
    loop {
        watch.look().await;
        if minutes.is_over(ledger.now()) {
            let batches = ledger.batches().clone();
            minutes
                .end(stage, &mut watch.eye, &batches, options.rate)
                .await;
            watch.eye.purge_logs().await;
        }
        if ledger.now() >= second && watch.stop.is_none() {
            second += SECOND;
            watch.stop = watch.reason_to_stop();
            signals.stop.store(watch.stop.is_some(), Ordering::Relaxed);
        }
        let is_over = watch.stop.is_some() || minutes.are(options.minutes);
        if is_over && signals.is_sent.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    watch.ended(minutes).await
}

struct Watch<'r> {
    ledger: &'r Ledger,
    eye: Eye,
    /// Places of batches without an end, the one that was looked for longest ago first.
    open: VecDeque<usize>,
    /// How many batches of the ledger are or were among them.
    known: usize,
    judge: backlog::Judge,
    stop: Option<Stop>,
    rate: u32,
    /// When the last batch is meant to be sent.
    last: Duration,
}

impl<'r> Watch<'r> {
    async fn new(stage: &Stage, ledger: &'r Ledger, options: &Options, warm_up: Duration) -> Self {
        Self {
            ledger,
            eye: Eye(stage.connect().await),
            open: VecDeque::new(),
            known: 0,
            judge: backlog::Judge::default(),
            stop: None,
            rate: options.rate,
            last: warm_up + options.duration(),
        }
    }

    /// Looks for the ends of open batches.
    async fn look(&mut self) {
        let asked = self.next_open();
        let names: Vec<String> = asked.keys().cloned().collect();
        for (task_id, name) in self.eye.finished(&names).await {
            if let Some(place) = asked.get(&name) {
                self.ledger.end(*place, task_id);
            }
        }
    }

    /// Returns the next open batches by name, and puts them last.
    fn next_open(&mut self) -> HashMap<String, usize> {
        let batches = self.ledger.batches();
        self.open.extend(self.known..batches.len());
        self.known = batches.len();
        self.open.retain(|place| batches[*place].is_open());
        let count = self.open.len().min(LOOKED);
        let asked: Vec<usize> = self.open.drain(..count).collect();
        self.open.extend(&asked);
        let named = asked
            .into_iter()
            .map(|place| (batches[place].task.clone(), place));
        named.collect()
    }

    fn reason_to_stop(&mut self) -> Option<Stop> {
        let now = self.ledger.now().min(self.last);
        let batches = self.ledger.batches();
        let waiting = backlog::waiting(&batches, self.rate, now);
        if self.judge.is_saturated(waiting, self.rate) {
            let speed = backlog::speed(&batches, now);
            return Some(Stop::Saturated { waiting, speed });
        }
        let is_full = machine::free_disk().is_some_and(|free| free < LEAST_DISK);
        is_full.then_some(Stop::FullDisk)
    }

    /// Waits for the last batches and sums up.
    async fn ended(mut self, minutes: Minutes) -> Watched {
        let end = self.ledger.now();
        self.until_all_ended().await;
        Watched {
            minutes: minutes.rows,
            stop: self.stop,
            end,
        }
    }

    /// Looks until every accepted batch has ended, or for too long.
    async fn until_all_ended(&mut self) {
        let end = self.ledger.now() + PATIENCE;
        while self.ledger.batches().iter().any(Batch::is_owed) && self.ledger.now() < end {
            self.look().await;
            tokio::time::sleep(LOOK).await;
        }
    }
}
