//! Working a chunk: claim it, check its items in memory, write everything in one fenced transaction, then see
//! whether the batch is done.

use std::collections::HashMap;

use serde_json::value::RawValue;
use task_store::chunks::{self, ChunkKey, ChunkState, Claimed};
use task_store::items::{self, ItemStatus, Outcome};
use task_store::{Database, Result, StoreError, batches};

use super::finish::finish_if_done;
use super::job::{BatchJob, Item, ItemError, Prepared};
use super::settings::Settings;

/// From this attempt on a chunk is worked item by item: what ended the attempts before may be one of its items.
const ISOLATED_FROM: u32 = 3;
/// How often an item is tried by itself before it is given up.
const TRIES: u32 = 2;

/// Why a chunk's message must stay in the queue.
#[derive(Debug, thiserror::Error)]
pub enum Unworked {
    /// Another worker holds the chunk, or took it over: whether that one succeeds is not known yet.
    #[error("another worker holds the chunk")]
    Held,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works a chunk that was announced. `Ok`: every item has its outcome (or its batch is closed), so the message may
/// go; that holds as well for a message that came twice or too late.
pub async fn work<J: BatchJob>(
    database: &Database,
    job: &J,
    settings: &Settings,
    key: ChunkKey,
) -> std::result::Result<(), Unworked> {
    let claimed = database
        .run(async |c| chunks::claim(c, key, settings.lease).await)
        .await?;
    let Some(claim) = claimed else {
        return ended_already::<J>(database, key).await;
    };
    if claim.first_of_task {
        database
            .run(async |c| batches::start(c, key.task).await)
            .await?;
    }
    let worker = Worker {
        database,
        job,
        settings,
        claim: &claim,
    };
    match worker.work().await {
        Ok(true) => {}
        Ok(false) => return Err(Unworked::Held),
        Err(fault) => {
            // Best effort: without it the lease runs out by itself.
            let released = database
                .run(async |c| chunks::release(c, &claim).await)
                .await;
            tracing::debug!(released = released.is_ok(), "gave the chunk back");
            return Err(fault.into());
        }
    }
    finish_if_done::<J>(database, key.task, key.run).await?;
    Ok(())
}

/// The chunk could not be claimed: its message may go unless somebody is at it.
async fn ended_already<J: BatchJob>(
    database: &Database,
    key: ChunkKey,
) -> std::result::Result<(), Unworked> {
    match database.run(async |c| chunks::state(c, key).await).await? {
        Some(ChunkState::Open) => Err(Unworked::Held),
        Some(ChunkState::Done) => {
            finish_if_done::<J>(database, key.task, key.run).await?;
            Ok(())
        }
        Some(ChunkState::Cancelled) | None => Ok(()),
    }
}

struct Worker<'a, J> {
    database: &'a Database,
    job: &'a J,
    settings: &'a Settings,
    claim: &'a Claimed,
}

/// What a transaction does with the chunk beside writing outcomes.
#[derive(Clone, Copy)]
enum Fence {
    /// Close it: these are all its items.
    Complete,
    /// Keep it: more are to come.
    Hold,
}

impl<J: BatchJob> Worker<'_, J> {
    /// `false`: the claim was lost, nothing of this was written.
    async fn work(&self) -> Result<bool> {
        let raws: Vec<&RawValue> = serde_json::from_str(&self.claim.items)
            .map_err(|_| StoreError::Unreadable("a payload"))?;
        let items = self.items(&raws)?;
        if self.claim.attempt >= ISOLATED_FROM {
            return self.one_by_one(&items).await;
        }
        match self.together(&items, Fence::Complete).await {
            // One item clashes with what somebody else has just written: it must not take the others down.
            Err(fault) if fault.is_duplicate_key() => self.one_by_one(&items).await,
            end => end,
        }
    }

    fn items<'r>(&self, raws: &[&'r RawValue]) -> Result<Vec<Item<'r>>> {
        let pairs: Vec<(u32, u32)> = match &self.claim.duplicates {
            Some(text) => {
                serde_json::from_str(text).map_err(|_| StoreError::Unreadable("duplicates"))?
            }
            None => Vec::new(),
        };
        let first_of: HashMap<u32, u32> = pairs.into_iter().collect();
        let item = |(position, raw): (u32, &&'r RawValue)| {
            let index = self.claim.first_index + position;
            Item {
                index,
                reserved_id: self.claim.id * i64::from(chunks::MAX_ITEMS) + i64::from(position),
                raw: raw.get(),
                duplicate_of: first_of.get(&index).copied(),
            }
        };
        Ok((0..).zip(raws).map(item).collect())
    }

    /// Checks items and writes all their outcomes in one transaction.
    async fn together(&self, items: &[Item<'_>], fence: Fence) -> Result<bool> {
        let prepared = self
            .database
            .run(async |c| self.job.prepare(c, self.claim, items).await)
            .await?;
        let (work, outcomes) = sorted(items, prepared);
        self.write(fence, &work, &outcomes).await
    }

    async fn write(&self, fence: Fence, work: &[J::Work], outcomes: &[Outcome]) -> Result<bool> {
        self.database
            .transaction(async |c| {
                let held = match fence {
                    Fence::Complete => chunks::complete(c, self.claim).await?,
                    Fence::Hold => chunks::hold(c, self.claim, self.settings.lease).await?,
                };
                if !held {
                    return Ok(false);
                }
                if !work.is_empty() {
                    self.job.write(c, self.claim, work).await?;
                }
                if !outcomes.is_empty() {
                    items::settle(c, self.claim, outcomes).await?;
                }
                Ok(true)
            })
            .await
    }

    /// Works the items that have no outcome yet, each in a transaction of its own.
    async fn one_by_one(&self, items: &[Item<'_>]) -> Result<bool> {
        let key = self.claim.key;
        let indexes: Vec<u32> = items.iter().map(|item| item.index).collect();
        let stored = self
            .database
            .run(async |c| items::at(c, key.task, key.run, &indexes).await)
            .await?;
        let stored: HashMap<u32, _> = stored
            .into_iter()
            .map(|item| (item.outcome.index, item))
            .collect();
        for item in items {
            let before = stored.get(&item.index);
            if before.is_some_and(|before| before.outcome.status != ItemStatus::Pending) {
                continue;
            }
            let tries = before.map_or(0, |before| before.attempts);
            if !self.by_itself(item, tries).await? {
                return Ok(false);
            }
        }
        self.write(Fence::Complete, &[], &[]).await
    }

    /// Works one item. Its try is counted before, so that one that ends the process is known by that.
    async fn by_itself(&self, item: &Item<'_>, tries: u32) -> Result<bool> {
        if tries >= TRIES {
            return self.give_up(item).await;
        }
        self.database
            .run(async |c| items::count_try(c, self.claim, item.index).await)
            .await?;
        let mut end = self.together(std::slice::from_ref(item), Fence::Hold).await;
        if end.as_ref().is_err_and(StoreError::is_duplicate_key) {
            // Now that the other one is stored, preparing finds it and says so.
            end = self.together(std::slice::from_ref(item), Fence::Hold).await;
        }
        match end {
            Err(fault) if fault.is_retryable() => {
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
            Err(fault) => {
                tracing::error!(error = %fault.kind(), item.index = item.index, "an item cannot be written");
                self.give_up(item).await
            }
            end => end,
        }
    }

    async fn give_up(&self, item: &Item<'_>) -> Result<bool> {
        let outcome = refused(item.index, &[ItemError::busy()]);
        self.write(Fence::Hold, &[], &[outcome]).await
    }
}

/// Splits findings into what is to be written and the outcome of every item.
fn sorted<W>(items: &[Item<'_>], prepared: Vec<Prepared<W>>) -> (Vec<W>, Vec<Outcome>) {
    let mut work = Vec::with_capacity(items.len());
    let mut outcomes = Vec::with_capacity(items.len());
    for (item, finding) in items.iter().zip(prepared) {
        let made = |id| Outcome {
            index: item.index,
            status: ItemStatus::Success,
            made_id: Some(id),
            errors: None,
        };
        outcomes.push(match finding {
            Prepared::Ready(ready) => {
                work.push(ready);
                made(item.reserved_id)
            }
            Prepared::Made(id) => made(id),
            Prepared::Refused(errors) => refused(item.index, &errors),
        });
    }
    (work, outcomes)
}

fn refused(index: u32, errors: &[ItemError]) -> Outcome {
    let errors = serde_json::to_string(errors).ok();
    Outcome {
        index,
        status: ItemStatus::Failed,
        made_id: None,
        errors,
    }
}
