//! Submitting a batch again under its id: the same request once more, a second try of the failed items, or a new run.

use task_store::again::{self, Carried};
use task_store::batches::{self, Batch, NewRun};
use task_store::chunks::{self, ChunkRange, Dispatch};
use task_store::payloads::{self, NewChunk};
use task_store::tasks::{self, Task, TaskStatus};
use task_store::{Connection, TaskId};

use super::submission::{Submission, SubmitError};
use crate::job::BatchJob;
use crate::read::{ItemStatuses, SplitItems, ended};
use crate::settings::Settings;

type Result<T> = std::result::Result<T, SubmitError>;

/// The way a submit treats the batch that has its id.
pub(super) enum Again {
    /// Leaves the batch alone: it is in flight, was closed, or has no failed item.
    Nothing,
    /// Tries its failed items again.
    Failed(Batch, ItemStatuses),
    /// Works the whole list in a new run.
    Whole(Batch, ItemStatuses),
}

/// Locks the task that has a submit's id and decides how the submit treats it.
pub(super) async fn again<J: BatchJob>(
    connection: &mut Connection,
    submission: &Submission<'_>,
    new: &NewRun<'_>,
    id: TaskId,
) -> Result<Again> {
    let task = tasks::lock(connection, id).await?;
    let batch = batches::by_task(connection, id)
        .await?
        .filter(|batch| batch.job == J::KIND.name);
    let (Some(task), Some(batch)) = (task, batch) else {
        return Err(conflict(submission));
    };
    if task.station_id != *submission.station {
        return Err(conflict(submission));
    }
    let is_same = batch.payload_hash == new.payload_hash;
    if task.status != TaskStatus::Finished {
        return if is_same {
            Ok(Again::Nothing)
        } else {
            Err(in_flight(submission, &task))
        };
    }
    let statuses = ItemStatuses::read(connection, &batch).await?;
    if !is_same || submission.rerun {
        return Ok(Again::Whole(batch, statuses));
    }
    // A close is final, however late the request that it overtook arrives once more.
    if !statuses.counts().may_be_retried() {
        return Ok(Again::Nothing);
    }
    Ok(Again::Failed(batch, statuses))
}

/// Opens the next run. Items of the last one that are still being mended are cancelled, so that none is made twice.
pub(super) async fn insert_next_run(
    connection: &mut Connection,
    before: &Batch,
    statuses: &ItemStatuses,
    new: &NewRun<'_>,
) -> task_store::Result<u32> {
    let earlier = ended(before, statuses.counts())?;
    chunks::cancel_open(connection, before.task_id, before.run).await?;
    batches::insert_run(connection, before.task_id, new, &earlier).await?;
    Ok(before.run + 1)
}

/// The chunks of a run's items.
#[derive(Clone, Copy)]
pub(super) enum Chunks<'a> {
    /// Sent with a submit.
    Sent(&'a [NewChunk]),
    /// The stored chunks of the last run, by their number.
    Stored(u32),
}

impl Chunks<'_> {
    fn count(self) -> u32 {
        match self {
            Self::Sent(chunks) => u32::try_from(chunks.len()).unwrap_or(u32::MAX),
            Self::Stored(count) => count,
        }
    }

    /// Stores the chunks for the run after `before`, which is open.
    async fn store(self, connection: &mut Connection, before: &Batch) -> task_store::Result<()> {
        let task = before.task_id;
        match self {
            Self::Sent(chunks) => payloads::insert(connection, task, chunks).await,
            Self::Stored(_) => again::copy_chunks(connection, task, before.run).await,
        }
    }
}

/// Opens a run that works the failed items of the last one again, and nothing else: items that were made, dropped or made
/// by hand stay, and corrected items are tried with their correction. Answers the new run and its open chunks.
pub(super) async fn retry(
    connection: &mut Connection,
    settings: &Settings,
    items: Chunks<'_>,
    (before, statuses): (&Batch, &ItemStatuses),
    new: &NewRun<'_>,
) -> task_store::Result<(u32, Vec<u32>)> {
    let task = before.task_id;
    let stored = again::stored(connection, task, before.run).await?;
    let SplitItems { failed, kept } = statuses.split(&stored);
    let first = items.count();
    let corrected = again::carry_corrected(connection, task, before.run, first).await?;
    let run = insert_next_run(connection, before, statuses, new).await?;
    items.store(connection, before).await?;
    let ranges = chunks::of_run(connection, task, run).await?;
    let mut carried: Vec<Carried> = Vec::with_capacity(kept.len());
    let (mut open, mut done) = (Vec::new(), Vec::new());
    for (no, range) in (0..).zip(&ranges) {
        let kept = within(&kept, range, |(index, ..)| *index).iter();
        carried.extend(kept.map(|(index, status, id, notice)| {
            (*index, range.chunk_id, *status as u8, *id, notice.clone())
        }));
        match within(&failed, range, |index| *index) {
            [] => done.push(no),
            _ => open.push(no),
        }
    }
    again::carry(connection, task, run, &carried).await?;
    again::complete(connection, task, run, &done).await?;
    let dispatch = Dispatch::by_claim(settings.resend, settings.lease);
    chunks::insert_units(connection, task, run, 0, &dispatch).await?;
    open.extend(corrected);
    Ok((run, open))
}

/// Answers the part of a list in input order that lies in a range.
fn within<'a, T>(all: &'a [T], range: &ChunkRange, index: impl Fn(&T) -> u32) -> &'a [T] {
    let before = |end: u32| all.partition_point(|item| index(item) < end);
    &all[before(range.first_index)..before(range.first_index + range.item_count)]
}

fn conflict(submission: &Submission<'_>) -> SubmitError {
    SubmitError::IdTaken(submission.user_task_id.clone())
}

fn in_flight(submission: &Submission<'_>, task: &Task) -> SubmitError {
    SubmitError::InFlight {
        id: submission.user_task_id.clone(),
        status: task.status.number(),
    }
}
