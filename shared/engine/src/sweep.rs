//! The sweeper: announces open chunks whose message is overdue and finishes batches whose last worker died, until all is done
//! or its time is up.
//!
//! Announcing and finishing take turns, and so do the stations and jobs: nothing that is slow or fails stands in the way of
//! the rest. A fault is logged and counted, and the sweep goes on; the next one tries again.

use serde::Serialize;
use task_store::outbox::{self, Announcement, Lane};
use task_store::{Result, StoreError, TaskId, batches, deferrals};

use crate::announce::announce;
use crate::deadline::Deadline;
use crate::failpoints::{Failpoint, reach};
use crate::finish::finish_if_done;
use crate::job::JobKinds;
use crate::queue::Queue;
use crate::settings::Dispatcher;

/// How many chunks are announced in one turn, of all lanes together.
const PAGE: usize = 1_000;
/// How many lanes get their turn in any case.
const LANES: usize = 50;
/// How many batches are read to be finished at once, and tried to be in one turn.
const BATCHES: u32 = 1_000;
const BATCHES_A_TURN: usize = 20;

/// Counts the work of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Chunks that were announced.
    pub announced: usize,
    /// Batches that were finished.
    pub finished: usize,
    /// Faults that were met; each is logged.
    pub faults: usize,
}

/// A sweep under way.
struct Sweep<'a, Q> {
    dispatcher: &'a Dispatcher<Q>,
    kinds: JobKinds,
    /// Lanes that may hold more due chunks.
    lanes: Vec<Lane>,
    /// Batches that are to be finished.
    batches: Vec<(TaskId, u32, String)>,
    /// The last batch that was read, and whether it is the last there is.
    read_to: Option<TaskId>,
    all_read: bool,
    swept: Swept,
    outage: Option<StoreError>,
}

/// Announces open chunks whose message is overdue, and as many of the chunks that wait for their station as
/// may be worked; finishes batches that have no open chunk left, because the worker of the last one died before it could.
/// Begins nothing more after `deadline`. Safe to run twice at once.
///
/// # Errors
/// The database cannot be used, and nothing was done.
pub async fn sweep<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    kinds: JobKinds,
    deadline: Deadline,
) -> Result<Swept> {
    let mut sweep = Sweep::new(dispatcher, kinds);
    sweep.announce_waiting().await;
    sweep.find_lanes().await;
    loop {
        sweep.announce_turn(deadline).await;
        if !deadline.has_passed() {
            sweep.finish_turn(deadline).await;
        }
        if deadline.has_passed() || sweep.is_over() {
            break;
        }
    }
    let Swept {
        announced,
        finished,
        faults,
    } = sweep.swept;
    tracing::info!(announced, finished, faults, "swept");
    match sweep.outage {
        Some(fault) if sweep.swept.announced + sweep.swept.finished == 0 => Err(fault),
        _ => Ok(sweep.swept),
    }
}

impl<'a, Q: Queue> Sweep<'a, Q> {
    const fn new(dispatcher: &'a Dispatcher<Q>, kinds: JobKinds) -> Self {
        Self {
            dispatcher,
            kinds,
            lanes: Vec::new(),
            batches: Vec::new(),
            read_to: None,
            all_read: false,
            swept: Swept {
                announced: 0,
                finished: 0,
                faults: 0,
            },
            outage: None,
        }
    }

    /// Tells whether nothing is left to announce, and no batch to finish.
    fn is_over(&self) -> bool {
        self.lanes.is_empty() && self.batches.is_empty() && self.all_read
    }

    /// Announces chunks that wait for their station, where it has room.
    async fn announce_waiting(&mut self) {
        let settings = &self.dispatcher.settings;
        let (cap, pace) = (settings.station_chunks, settings.pace());
        let take = async |c: &mut _| deferrals::take_with_room(c, cap, pace).await;
        match self.dispatcher.database.transaction(take).await {
            Ok(due) => drop(self.send(&due).await),
            Err(fault) => self.note(
                fault,
                "chunks that wait for their station cannot be announced",
            ),
        }
    }

    async fn find_lanes(&mut self) {
        let pace = self.dispatcher.settings.pace();
        let find = async |c: &mut _| outbox::due_lanes(c, pace).await;
        match self.dispatcher.database.run(find).await {
            Ok(lanes) => self.lanes = lanes,
            Err(fault) => self.note(fault, "due chunks cannot be found"),
        }
        // A sweep that does not come round to all of them begins elsewhere the next time.
        fastrand::shuffle(&mut self.lanes);
    }

    /// Announces a page of due chunks, an equal part of every lane. A lane that has no more is done; so is one that
    /// failed, for this sweep.
    async fn announce_turn(&mut self, deadline: Deadline) {
        let part = (PAGE / self.lanes.len().max(1)).max(1);
        let turn = self.lanes.len().min(PAGE);
        let mut lanes: Vec<_> = self.lanes.drain(..turn).collect();
        let (mut due, mut parts) = (Vec::new(), Vec::new());
        for (visited, lane) in lanes.iter().enumerate() {
            if self.outage.is_some() || visited >= LANES && deadline.has_passed() {
                break;
            }
            let from = due.len();
            due.extend(self.take(lane, part).await);
            parts.push(from..due.len());
        }
        let is_sent = self.send(&due).await;
        let mut parts = parts.into_iter();
        lanes.retain(|_| {
            let taken = parts.next().unwrap_or_default();
            taken.len() == part && is_sent[taken].iter().all(|sent| *sent)
        });
        if self.outage.is_some() {
            self.lanes.clear();
        } else {
            self.lanes.append(&mut lanes);
        }
    }

    async fn take(&mut self, lane: &Lane, limit: usize) -> Vec<Announcement> {
        let pace = self.dispatcher.settings.pace();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let take = async |c: &mut _| outbox::take_due(c, lane, limit, pace).await;
        let mut taken = self.dispatcher.database.transaction(take).await;
        if let Err(fault) = reach(Failpoint::SweepTaken).await {
            taken = Err(fault);
        }
        taken.unwrap_or_else(|fault| {
            self.note(fault, "due chunks cannot be announced");
            Vec::new()
        })
    }

    /// Sends announcements; answers of each whether it was sent.
    async fn send(&mut self, due: &[Announcement]) -> Vec<bool> {
        if due.is_empty() {
            return Vec::new();
        }
        let unsent = announce(self.dispatcher, due).await;
        self.swept.announced += due.len() - unsent.len();
        self.swept.faults += usize::from(!unsent.is_empty());
        if let Err(fault) = reach(Failpoint::SweepAnnounced).await {
            self.note(fault, "the sweep was disturbed");
        }
        due.iter().map(|due| !unsent.contains(&due.key)).collect()
    }

    /// Finishes a few batches, one at least.
    async fn finish_turn(&mut self, deadline: Deadline) {
        if self.batches.is_empty() && !self.all_read {
            self.read_batches().await;
        }
        for turn in 0..BATCHES_A_TURN {
            if turn > 0 && deadline.has_passed() {
                return;
            }
            let Some((task, run, job)) = self.batches.pop() else {
                return;
            };
            self.finish(task, run, &job).await;
        }
    }

    async fn read_batches(&mut self) {
        let after = self.read_to;
        let read = async |c: &mut _| batches::finishable(c, after, BATCHES).await;
        match self.dispatcher.database.run(read).await {
            Ok(batches) => {
                self.all_read = batches.len() < BATCHES as usize;
                self.read_to = batches.last().map(|(task, ..)| *task);
                self.batches = batches;
                // Should one of them take all the time, it does not in the next sweep.
                fastrand::shuffle(&mut self.batches);
            }
            Err(fault) => {
                self.all_read = true;
                self.note(fault, "abandoned batches cannot be found");
            }
        }
    }

    async fn finish(&mut self, task: TaskId, run: u32, job: &str) {
        let Some(kind) = self.kinds.named(job) else {
            self.swept.faults += 1;
            let id = task.get();
            tracing::error!(
                job,
                task.id = id,
                "a batch of an unknown job cannot be finished"
            );
            return;
        };
        match finish_if_done(&self.dispatcher.database, kind, task, run).await {
            Ok(finished) => self.swept.finished += usize::from(finished),
            Err(fault) => {
                tracing::error!(
                    task.id = task.get(),
                    run,
                    "an abandoned batch cannot be finished"
                );
                self.note(fault, "a batch is left to the next sweep");
            }
        }
    }

    fn note(&mut self, fault: StoreError, meaning: &str) {
        self.swept.faults += 1;
        tracing::error!(error = %fault.kind(), "{meaning}");
        if fault.is_outage() {
            self.outage.get_or_insert(fault);
        }
    }
}
