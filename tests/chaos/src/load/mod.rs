//! The load: each station submits batches, submits them again, closes and mends them, and looks at them all the time.

mod client;
mod dispatched;
mod keeper;
mod mood;
mod orders;
mod prices;
mod reference;
mod target;
mod targets;
mod tasks;
mod watch;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::Value;

use crate::ledger::{End, Entry, Job, Mending};
use crate::options::Part;
use crate::stage::Stage;
pub(crate) use client::Client;
pub(crate) use dispatched::{TOLD, load as load_dispatched, python};
pub(crate) use orders::Payload;
pub(crate) use reference::change as change_reference;
pub(crate) use targets::{Calm, Targets};
pub(crate) use tasks::load as load_tasks;
pub(crate) use watch::Watch;

/// How long a batch is followed before its station does something else.
const PATIENCE: Duration = Duration::from_secs(8);
/// The pause between two steps of a station whose batches are there for their callbacks.
const PAUSE: Duration = Duration::from_millis(1500);
/// How many of its batches a station still deals with.
const KEPT: usize = 12;
/// The number of open batches at which a station waits with the next; without this bound a slow stack gets ever more to do.
pub(crate) const OPEN: i64 = 16;

/// A batch and the list last submitted under its name.
pub(crate) struct Submitted {
    pub(crate) task: String,
    pub(crate) payload: Payload,
    pub(crate) end: End,
}

/// Loads one station until `deadline` and answers its submitted batches, which the checker follows to their end.
pub(crate) async fn load(
    stage: &Stage,
    station: &str,
    seed: u64,
    deadline: Instant,
) -> Vec<Submitted> {
    let mut loader = Loader {
        stage,
        client: Client::new(stage, station),
        watch: Watch::new(stage),
        rng: Rng::with_seed(seed),
        station,
        batches: Vec::new(),
    };
    while Instant::now() < deadline {
        loader.step().await;
    }
    loader.batches
}

struct Loader<'s> {
    stage: &'s Stage,
    client: Client<'s>,
    watch: Watch<'s>,
    rng: Rng,
    station: &'s str,
    batches: Vec<Submitted>,
}

impl Loader<'_> {
    async fn step(&mut self) {
        match self.stage.part {
            Part::All => self.any().await,
            Part::Clashes => self.submit_twins().await,
            Part::Prices if self.batches.is_empty() || self.rng.bool() => {
                self.submit_prices().await;
            }
            Part::Prices => {
                let at = self.rng.usize(..self.batches.len());
                self.submit_other(at).await;
            }
            Part::Targets => {
                self.any().await;
                tokio::time::sleep(PAUSE).await;
            }
            Part::Tasks | Part::Dispatched => tokio::time::sleep(PATIENCE).await,
        }
    }

    async fn any(&mut self) {
        let recent = self.batches.len().saturating_sub(KEPT);
        let known = (!self.batches.is_empty()).then(|| self.rng.usize(recent..self.batches.len()));
        match (self.rng.u8(..100), known) {
            (55..65, Some(at)) => self.submit_same(at).await,
            (65..75, Some(at)) => self.submit_other(at).await,
            (75..83, Some(at)) => self.close(at).await,
            (83..100, Some(at)) => self.mend(at).await,
            (_, Some(at)) if self.watch.open_of(self.station).await >= Some(OPEN) => {
                self.follow(at).await;
            }
            (0..10, _) => self.submit_twins().await,
            (10..18, _) => self.submit_prices().await,
            _ => self.submit_new().await,
        }
    }

    /// Two batches at once that clash.
    async fn submit_twins(&mut self) {
        let number = self.batches.len();
        let names = [number, number + 1].map(|number| format!("{}-b{number}", self.station));
        let payloads = orders::twins(&mut self.rng, &format!("{}-t{number}", self.station));
        let [one, other] = [0, 1].map(|n: usize| self.client.submit(&names[n], &payloads[n]));
        let (one, other) = tokio::join!(one, other);
        let both = names.into_iter().zip(payloads).zip([one, other]);
        let both = both.map(|((task, payload), end)| Submitted { task, payload, end });
        self.batches.extend(both);
        self.follow(number).await;
    }

    /// Price changes: of two lists the one that is accepted last counts.
    async fn submit_prices(&mut self) {
        let task = format!("{}-b{}", self.station, self.batches.len());
        let payload = prices::payload(&mut self.rng);
        let end = self.client.submit(&task, &payload).await;
        self.batches.push(Submitted { task, payload, end });
    }

    async fn submit_new(&mut self) {
        let size = match self.rng.u8(..100) {
            0..45 => self.rng.u32(1..=20),
            45..85 => self.rng.u32(20..=300),
            _ => self.rng.u32(300..=2000),
        };
        let task = format!("{}-b{}", self.station, self.batches.len());
        let payload = orders::payload(&mut self.rng, &task, size);
        self.poison(&payload);
        let end = self.client.submit(&task, &payload).await;
        self.batches.push(Submitted { task, payload, end });
        let at = self.batches.len() - 1;
        match self.rng.u8(..8) {
            // The next thing happens while it runs.
            0 | 1 => {}
            2 => self.close(at).await,
            _ => self.follow(at).await,
        }
    }

    /// Now and then one order ends or panics whatever works it.
    fn poison(&mut self, payload: &Payload) {
        if payload.orders.len() > 400 || self.rng.u8(..25) != 0 {
            return;
        }
        let index = self.rng.usize(..payload.orders.len());
        let number = payload.orders[index]["out_order_no"].as_str();
        let is_wrong = payload.expected.keys().any(|at| *at as usize == index);
        if let Some(number) = number.filter(|_| !is_wrong && index > 0) {
            self.stage.ledger.write(&Entry::Poison {
                out_order_no: number.to_owned(),
            });
            let word = *orders::pick(&mut self.rng, &["kill", "panic"]);
            self.stage.armory.poison(word, number);
            self.stage.tally.count(&format!("record: {word}"));
        }
    }

    /// A retried request.
    async fn submit_same(&mut self, at: usize) {
        let Submitted { task, payload, .. } = &self.batches[at];
        let end = self.client.submit(task, payload).await;
        self.batches[at].end = end;
        self.follow(at).await;
    }

    /// The same name with other content: a conflict while it runs, another run afterwards.
    async fn submit_other(&mut self, at: usize) {
        let task = self.batches[at].task.clone();
        let before = &self.batches[at].payload;
        let size = u32::try_from(before.orders.len()).unwrap() + self.rng.u32(..3);
        let payload = match before.job {
            Job::Orders => orders::payload(&mut self.rng, &task, size),
            Job::Prices => prices::payload(&mut self.rng),
        };
        let end = self.client.submit(&task, &payload).await;
        if !matches!(end, End::Refused(_)) {
            self.batches[at].payload = payload;
            self.batches[at].end = end;
        }
        self.follow(at).await;
    }

    async fn close(&mut self, at: usize) {
        let task = &self.batches[at].task;
        let before = self.watch.run_of(task).await;
        let (call, end) = self.client.close(task).await;
        let after = self.watch.run_of(task).await;
        if let (End::Done, Some(run)) = (end, before.filter(|_| before == after)) {
            self.stage.ledger.write(&Entry::ClosedIn { call, run });
        }
        self.watch.look(&self.client, task).await;
    }

    /// Mends a failed order of a batch, or of the next one that has any.
    async fn mend(&mut self, at: usize) {
        let recent = self.batches.len().saturating_sub(KEPT);
        for at in (at..self.batches.len()).chain(recent..at) {
            if self.batches[at].payload.job == Job::Prices {
                continue;
            }
            let task = self.batches[at].task.clone();
            // A dropped one is taken back.
            let status = *orders::pick(&mut self.rng, &["failed", "failed", "dropped"]);
            let failed = self.client.orders(&task, status).await;
            if !failed.is_empty() {
                return self.mend_one_of(&task, &failed).await;
            }
        }
    }

    async fn mend_one_of(&mut self, task: &str, failed: &[Value]) {
        let order = orders::pick(&mut self.rng, failed);
        let Some(index) = order["index"].as_u64().and_then(|n| u32::try_from(n).ok()) else {
            return;
        };
        let mending = match self.rng.u8(..4) {
            0 => Mending::Dropped,
            1 => match self.made_order(task).await {
                Some(id) => Mending::Made(id),
                None => return,
            },
            _ => {
                let number = format!("{task}-{index}-m{}", self.rng.u32(..1_000_000));
                Mending::Corrected(orders::mended(&mut self.rng, &number))
            }
        };
        self.client.amend(task, index, mending).await;
    }

    /// An order that the batch has made.
    async fn made_order(&self, task: &str) -> Option<i64> {
        let made = self.client.orders(task, "success").await;
        made.first()?["order_id"].as_str()?.parse().ok()
    }

    /// Follows a batch. A quarter of those whose workers stand still is closed: what these had begun must not be made.
    async fn follow(&mut self, at: usize) {
        let task = &self.batches[at].task;
        let is_finished = self.watch.follow(&self.client, task, PATIENCE).await;
        let is_still = self.stage.stillness.load(Ordering::Relaxed);
        if !is_finished && is_still && self.rng.u8(..4) == 0 {
            self.close(at).await;
        }
    }
}
