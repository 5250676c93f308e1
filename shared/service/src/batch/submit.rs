//! Accepting a batch: one transaction that makes it durable, then the announcement of its chunks.

use task_store::amends;
use task_store::batches::{self, Batch, NewRun};
use task_store::chunks::ChunkKey;
use task_store::items::Item;
use task_store::outbox::Due;
use task_store::payloads;
use task_store::tasks::{self, Named, NewTask, Task, TaskStatus};
use task_store::{Connection, StationId, TaskId, UserTaskId};

use super::announce::announce;
use super::job::{BatchJob, JobKind};
use super::payload::Payload;
use super::report;
use super::settings::{Dispatcher, Settings};
use crate::error::{Error, Result, Word};
use crate::failpoints::{Failpoint, reach};
use crate::queue::Queue;

/// A batch as it was submitted.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The caller's id for this batch: the idempotency key.
    pub user_task_id: &'a UserTaskId,
    /// Whose batch it is.
    pub station: &'a StationId,
    /// The job's parameters, JSON text; kept with the batch.
    pub params: &'a str,
    /// The items.
    pub payload: &'a Payload,
}

/// What came of storing a submission.
#[derive(Debug)]
enum Submitted {
    /// It is stored and its chunks are to be announced.
    Accepted(Vec<Due>),
    /// The same batch is in flight already; nothing was stored.
    InFlight,
}

/// Stores a batch durably and wakes the workers, or finds that it is stored already. `Ok` means that every item will
/// get its outcome.
///
/// A new id is a new task. The id of a batch in flight with the same payload is a retried request; with another
/// it is `TASK_CONFLICT`. The id of a finished batch runs it again with this payload.
pub async fn submit<J: BatchJob, Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    submission: &Submission<'_>,
) -> Result<()> {
    let settings = &dispatcher.settings;
    check_size(submission.payload.item_count, settings)?;
    let store = async |c: &mut _| store::<J>(c, settings, submission).await;
    loop {
        match dispatcher.database.transaction(store).await {
            // Somebody else stored the same id between our look and our insert: look again.
            Err(Error::Store(fault)) if fault.is_duplicate_key() => {}
            Err(fault) => return Err(fault),
            Ok(Submitted::InFlight) => return Ok(()),
            Ok(Submitted::Accepted(due)) => {
                reach(Failpoint::SubmitStored).await?;
                announce(dispatcher, &due).await;
                return Ok(reach(Failpoint::SubmitAnnounced).await?);
            }
        }
    }
}

fn check_size(count: u32, settings: &Settings) -> Result<()> {
    let limit = settings.max_items;
    match count {
        0 => Err(Error::refused(
            Word::BatchEmpty,
            "the list is empty: a batch has at least 1 item",
        )),
        _ if count <= limit => Ok(()),
        _ => {
            let message =
                format!("the list has {count} items, a batch has at most {limit}: split it");
            Err(Error::refused(Word::BatchTooLarge, message))
        }
    }
}

async fn store<J: BatchJob>(
    connection: &mut Connection,
    settings: &Settings,
    submission: &Submission<'_>,
) -> Result<Submitted> {
    let payload = submission.payload;
    let new = NewRun {
        job: J::KIND.name,
        payload_hash: &payload.hash,
        item_count: payload.item_count,
        params: submission.params,
    };
    let named = Named::from(submission.user_task_id).at(Some(submission.station));
    let found = tasks::find(connection, named).await?;
    let (task, run) = match found {
        None => (
            insert_first_run::<J>(connection, submission, &new).await?,
            1,
        ),
        Some(found) => {
            let Some(before) = finished_before::<J>(connection, submission, &new, found.id).await?
            else {
                return Ok(Submitted::InFlight);
            };
            (found.id, insert_next_run(connection, &before, &new).await?)
        }
    };
    payloads::insert(connection, task, &payload.chunks, settings.resend).await?;
    if run > 1 {
        let amended = amended_before(connection, J::KIND, task).await?;
        for (chunk, pairs) in payload.amended(&amended) {
            payloads::note_amended(connection, task, run, chunk, &pairs).await?;
        }
    }
    let due = |chunk| Due {
        key: ChunkKey { task, run, chunk },
        station: submission.station.clone(),
        job: J::KIND.name.to_owned(),
    };
    Ok(Submitted::Accepted(
        (0..).zip(&payload.chunks).map(|(no, _)| due(no)).collect(),
    ))
}

async fn insert_first_run<J: BatchJob>(
    connection: &mut Connection,
    submission: &Submission<'_>,
    run: &NewRun<'_>,
) -> Result<TaskId> {
    let new = NewTask {
        user_task_id: Some(submission.user_task_id),
        station_id: submission.station,
        name: J::KIND.title,
        input: submission.params,
        type_id: 0,
        repeat: true,
        message_show: true,
    };
    let task = tasks::insert(connection, &new).await?;
    batches::insert(connection, task, run).await?;
    Ok(task)
}

/// The batch that has this id and is finished, locked; `None` when this very batch is in flight.
async fn finished_before<J: BatchJob>(
    connection: &mut Connection,
    submission: &Submission<'_>,
    new: &NewRun<'_>,
    id: TaskId,
) -> Result<Option<Batch>> {
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
    match task.status {
        TaskStatus::Finished => Ok(Some(batch)),
        _ if batch.payload_hash == new.payload_hash => Ok(None),
        _ => Err(in_flight(submission, &task)),
    }
}

/// Opens the next run; what of the last one is still being mended is cancelled, so that it cannot be made twice.
async fn insert_next_run(
    connection: &mut Connection,
    before: &Batch,
    new: &NewRun<'_>,
) -> Result<u32> {
    amends::cancel_open(connection, before.task_id, before.run).await?;
    batches::insert_run(connection, before.task_id, new).await?;
    Ok(before.run + 1)
}

/// What people made by hand of items of earlier runs: the items' keys and what was made.
async fn amended_before(
    connection: &mut Connection,
    kind: &JobKind,
    task: TaskId,
) -> Result<Vec<(String, i64)>> {
    let items = amends::amended_items(connection, task).await?;
    let sent = report::sent_as(connection, &items).await?;
    let key = |item: &Item| {
        let raw = sent.get(&(item.chunk_id, item.outcome.index))?;
        Some(((kind.key)(raw.get())?, item.outcome.made_id?))
    };
    Ok(items.iter().filter_map(key).collect())
}

fn conflict(submission: &Submission<'_>) -> Error {
    let message = format!(
        "task_id {} is taken by another task: choose another id",
        submission.user_task_id
    );
    Error::refused(Word::TaskConflict, message)
}

fn in_flight(submission: &Submission<'_>, task: &Task) -> Error {
    let message = format!(
        "task_id {} is in flight with other content (status {}): wait until it is finished, or choose another id",
        submission.user_task_id,
        task.status.number(),
    );
    Error::refused(Word::TaskConflict, message)
}
