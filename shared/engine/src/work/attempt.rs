//! One attempt at a claimed chunk: checks its items in memory, writes everything in one fenced transaction.

use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;
use task_store::batches::{self, Batch};
use task_store::chunks::{self, Claimed};
use task_store::items::{self, ItemStatus, Outcome};
use task_store::tasks::{self, Task};
use task_store::{Connection, Database, Moment, Result, StoreError};

use super::findings::{pairs, split_findings};
use super::refused::refused;
use crate::deadline::Deadline;
use crate::failpoints::{Failpoint, reach, reach_items};
use crate::finish::{Within, finish_within, refresh};
use crate::item_error::ItemError;
use crate::job::{BatchJob, Item};
use crate::metrics;
use crate::settings::Settings;

/// How often an item is tried by itself before it is given up.
const TRIES: u32 = 2;

/// Works a claimed chunk.
pub(super) struct ChunkAttempt<'a, J> {
    pub(super) database: &'a Database,
    pub(super) job: &'a J,
    pub(super) settings: &'a Settings,
    pub(super) deadline: Deadline,
    pub(super) claim: &'a Claimed,
}

/// How often items were tried by themselves, by their index.
type Tries = HashMap<u32, u32>;

/// The end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptEnd {
    /// Every item has its outcome.
    Done,
    /// Every item has its outcome, and nothing is left to do about the end of the batch.
    Finished,
    /// The claim was lost: nothing more is written.
    Lost,
    /// The time is up; items without an outcome are left.
    OutOfTime,
    /// The chunk was granted, and an item must be worked by itself, which needs a claim. Nothing was written.
    Unclaimed,
}

/// The way a transaction treats the chunk beside writing outcomes.
#[derive(Clone, Copy)]
enum Fence {
    /// Closes it: these are all its items.
    Complete,
    /// Keeps it: more items are to come.
    Hold,
}

impl<J: BatchJob> ChunkAttempt<'_, J> {
    /// Works the chunk: together in one transaction or, where that cannot be, item by item.
    pub(super) async fn work(&self) -> Result<AttemptEnd> {
        let raws: Vec<&RawValue> = serde_json::from_str(&self.claim.items)
            .map_err(|_| StoreError::Unreadable("a payload"))?;
        let (items, tries) = self.unsettled(self.items(&raws)?).await?;
        if self.claim.stalls >= chunks::ISOLATED_FROM {
            return self.one_by_one(&items, &tries).await;
        }
        match self.together(&items, Fence::Complete).await {
            // One item cannot be written, or clashes with a row that was just written elsewhere: it must not take the
            // others down.
            Err(fault) if fault.is_permanent() && self.claim.is_granted() => {
                Ok(AttemptEnd::Unclaimed)
            }
            Err(fault) if fault.is_permanent() => self.one_by_one(&items, &tries).await,
            end => end,
        }
    }

    /// Leaves out items that have their outcome, or are worked in another chunk because they were corrected: an earlier attempt
    /// or run settled them, and that stays. Answers the others, and how often each was tried by itself.
    async fn unsettled<'r>(&self, mut items: Vec<Item<'r>>) -> Result<(Vec<Item<'r>>, Tries)> {
        let key = self.claim.key;
        // Nothing of a first run, and nothing of a corrected item, is settled before its first attempt.
        if self.claim.attempt <= 1 && (key.run == 1 || self.claim.is_rework) {
            return Ok((items, Tries::new()));
        }
        let indexes: Vec<u32> = items.iter().map(|item| item.index).collect();
        let read = async |c: &mut _| items::at(c, key.task, key.run, &indexes).await;
        let stored = self.database.read(read).await?;
        let (open, settled): (Vec<_>, Vec<_>) = stored.iter().partition(|item| {
            item.outcome.status == ItemStatus::Pending && item.chunk_id == self.claim.id
        });
        let settled: HashSet<u32> = settled.iter().map(|item| item.outcome.index).collect();
        items.retain(|item| !settled.contains(&item.index));
        let tries = open
            .iter()
            .map(|item| (item.outcome.index, item.attempts))
            .collect();
        Ok((items, tries))
    }

    fn items<'r>(&self, raws: &[&'r RawValue]) -> Result<Vec<Item<'r>>> {
        let first_of = pairs::<u32>(self.claim.duplicates.as_deref())?;
        let item = |(position, raw): (u32, &&'r RawValue)| {
            let index = self.claim.first_index + position;
            Item {
                index,
                reserved_id: chunks::reserved_id(self.claim.id, position),
                raw: raw.get(),
                duplicate_of: first_of.get(&index).copied(),
            }
        };
        Ok((0..).zip(raws).map(item).collect())
    }

    /// Checks items and writes all their outcomes in one transaction.
    async fn together(&self, items: &[Item<'_>], fence: Fence) -> Result<AttemptEnd> {
        reach_items(items.iter().map(|item| item.raw));
        let by_hand = pairs::<i64>(self.claim.amended.as_deref())?;
        let (amended, open): (Vec<_>, Vec<_>) = items
            .iter()
            .copied()
            .partition(|item| by_hand.contains_key(&item.index));
        let prepare = async |c: &mut _| self.job.prepare(c, self.claim, &open).await;
        let prepared = self.database.run(prepare).await?;
        let (work, mut outcomes) = split_findings(&open, prepared, self.is_untouched(fence));
        outcomes.extend(amended.iter().map(|item| Outcome {
            status: ItemStatus::Amended,
            made_id: by_hand.get(&item.index).copied(),
            ..Outcome::made(item.index, 0)
        }));
        self.write(fence, &work, &outcomes).await
    }

    /// Tells whether this is the first attempt and writes the whole chunk: then an item that is made needs no outcome.
    fn is_untouched(&self, fence: Fence) -> bool {
        matches!(fence, Fence::Complete) && self.claim.attempt <= 1 && !self.claim.is_rework
    }

    /// Writes outcomes and the work behind them, if the claim still holds.
    async fn write(
        &self,
        fence: Fence,
        work: &[J::Work],
        outcomes: &[Outcome],
    ) -> Result<AttemptEnd> {
        let write = async |c: &mut _| {
            let task = self.locked_if_rework(c).await?;
            let held = match fence {
                Fence::Complete => chunks::end_unit(c, self.claim).await?,
                Fence::Hold => chunks::hold(c, self.claim, self.settings.lease).await?,
            };
            if !held {
                return Ok((AttemptEnd::Lost, None));
            }
            if !work.is_empty() {
                self.job.write(c, self.claim, work).await?;
            }
            if !outcomes.is_empty() {
                items::settle(c, self.claim, outcomes).await?;
            }
            if matches!(fence, Fence::Complete) {
                chunks::complete(c, self.claim).await?;
            }
            if let Some((task, batch)) = task {
                refresh(c, J::KIND, &task, &batch).await?;
            }
            let end = self.finished_within(c).await?;
            reach(Failpoint::WorkWritten).await?;
            Ok(end)
        };
        let written = self.database.transaction::<_, StoreError>(write).await?;
        let implied = if self.is_untouched(fence) {
            work.len()
        } else {
            0
        };
        let (end, accepted_at) = written;
        if end != AttemptEnd::Lost && implied + outcomes.len() > 0 {
            metrics::settled(J::KIND, outcomes, implied);
        }
        if let Some(accepted_at) = accepted_at {
            metrics::finished(accepted_at);
        }
        Ok(end)
    }

    /// Ends the batch with a granted chunk if that was the last one; answers when the batch had been accepted.
    async fn finished_within(
        &self,
        connection: &mut Connection,
    ) -> Result<(AttemptEnd, Option<Moment>)> {
        if !self.claim.is_granted() {
            return Ok((AttemptEnd::Done, None));
        }
        let key = self.claim.key;
        Ok(
            match finish_within(connection, J::KIND, key.task, key.run).await? {
                Within::Unseen => (AttemptEnd::Done, None),
                Within::Seen => (AttemptEnd::Finished, None),
                Within::Ended(accepted_at) => (AttemptEnd::Finished, Some(accepted_at)),
            },
        )
    }

    /// Locks and reads the task and its batch, when the chunk is rework: the task's result changes with it.
    async fn locked_if_rework(&self, connection: &mut Connection) -> Result<Option<(Task, Batch)>> {
        if !self.claim.is_rework {
            return Ok(None);
        }
        let task = tasks::lock(connection, self.claim.key.task).await?;
        let batch = batches::by_task(connection, self.claim.key.task).await?;
        Ok(task.zip(batch))
    }

    /// Works items that have no outcome yet, each in a transaction of its own, one at least before the time is up.
    async fn one_by_one(&self, items: &[Item<'_>], tries: &Tries) -> Result<AttemptEnd> {
        for (worked, item) in items.iter().enumerate() {
            if worked > 0 && self.deadline.has_passed() {
                return Ok(AttemptEnd::OutOfTime);
            }
            let tries = tries.get(&item.index).copied().unwrap_or(0);
            if !self.by_itself(item, tries).await? {
                return Ok(AttemptEnd::Lost);
            }
            reach(Failpoint::WorkSettled).await?;
        }
        self.write(Fence::Complete, &[], &[]).await
    }

    /// Works one item. Its try is counted before, so that an item that ends the process is known by its count.
    async fn by_itself(&self, item: &Item<'_>, tries: u32) -> Result<bool> {
        if tries >= TRIES {
            return self.give_up(item).await;
        }
        let count = async |c: &mut _| items::count_try(c, self.claim, item.index).await;
        if !self.database.run(count).await? {
            return Ok(false);
        }
        reach(Failpoint::WorkCounted).await?;
        let mut end = self.together(std::slice::from_ref(item), Fence::Hold).await;
        if end.as_ref().is_err_and(StoreError::is_duplicate_key) {
            // Now that the other one is stored, preparing finds it and says so.
            end = self.together(std::slice::from_ref(item), Fence::Hold).await;
        }
        match end {
            Err(fault) if fault.is_permanent() => {
                tracing::error!(error = %fault.kind(), item.index = item.index, "an item cannot be written");
                self.give_up(item).await
            }
            Err(fault) => {
                // The fault is not the item's: the try does not count, unless not even that can be written.
                let forgotten = self
                    .database
                    .run(async |c| items::forget_try(c, self.claim, item.index).await)
                    .await;
                tracing::debug!(
                    forgotten = forgotten.is_ok(),
                    "a try ended with a fault of the database"
                );
                Err(fault)
            }
            end => Ok(end? != AttemptEnd::Lost),
        }
    }

    async fn give_up(&self, item: &Item<'_>) -> Result<bool> {
        let outcome = refused(item.index, &[ItemError::busy()], 1);
        Ok(self.write(Fence::Hold, &[], &[outcome]).await? != AttemptEnd::Lost)
    }
}
