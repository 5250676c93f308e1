//! Accepting a batch: one transaction that makes it durable, then the announcement of its chunks.

use serde_json::value::RawValue;
use task_store::batches::{self, NewRun};
use task_store::chunks::ChunkKey;
use task_store::outbox::Due;
use task_store::payloads;
use task_store::tasks::{self, NewTask, Task, TaskStatus};
use task_store::{Connection, StationId, TaskId, UserTaskId};

use super::job::BatchJob;
use super::payload::Payload;
use super::settings::{Dispatcher, Settings};
use crate::error::{Error, Result, Word};

/// A batch as it was submitted.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The caller's id for this batch: the idempotency key.
    pub user_task_id: &'a UserTaskId,
    /// Whose batch it is.
    pub station: &'a StationId,
    /// The job's parameters, JSON text; kept with the batch.
    pub params: &'a str,
    /// What, beside the items, makes it the same batch when it is sent again.
    pub identity: &'a str,
    /// The items as they were sent.
    pub items: &'a [&'a RawValue],
}

/// What came of a submission.
#[derive(Debug)]
pub enum Submitted {
    /// It is stored and its chunks are to be announced.
    Accepted(Vec<Due>),
    /// The same batch is in flight already; nothing was stored.
    InFlight,
}

/// Stores a batch and everything that is needed to work it, or finds that it is stored already.
///
/// A new id is a new task. The id of a batch in flight with the same payload is a retried request; with another
/// it is `TASK_CONFLICT`. The id of a finished batch runs it again with this payload.
pub async fn submit<J: BatchJob, Q: Sync>(
    dispatcher: &Dispatcher<Q>,
    submission: &Submission<'_>,
) -> Result<Submitted> {
    let settings = &dispatcher.settings;
    check_size(submission.items.len(), settings)?;
    let payload = Payload::new::<J>(submission.identity, submission.items, settings);
    let store = async |c: &mut _| store::<J>(c, settings, submission, &payload).await;
    loop {
        match dispatcher.database.transaction(store).await {
            // Somebody else stored the same id between our look and our insert: look again.
            Err(Error::Store(fault)) if fault.is_duplicate_key() => {}
            end => return end,
        }
    }
}

fn check_size(count: usize, settings: &Settings) -> Result<()> {
    let limit = settings.max_items;
    match u32::try_from(count) {
        Ok(0) => Err(Error::refused(
            Word::BatchEmpty,
            "the list is empty: a batch has at least 1 item",
        )),
        Ok(count) if count <= limit => Ok(()),
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
    payload: &Payload,
) -> Result<Submitted> {
    let run = NewRun {
        job: J::NAME,
        payload_hash: &payload.hash,
        item_count: payload.item_count,
        params: submission.params,
    };
    let (task, run_no) = match tasks::by_user_task_id(connection, submission.user_task_id).await? {
        None => (
            insert_first_run::<J>(connection, submission, &run).await?,
            1,
        ),
        Some(found) => match insert_next_run::<J>(connection, submission, &run, found.id).await? {
            None => return Ok(Submitted::InFlight),
            Some(next) => next,
        },
    };
    payloads::insert(connection, task, &payload.chunks, settings.resend).await?;
    let due = |chunk| Due {
        key: ChunkKey {
            task,
            run: run_no,
            chunk,
        },
        station: submission.station.clone(),
        job: J::NAME.to_owned(),
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
        name: J::TITLE,
        input: submission.params,
        type_id: 0,
        repeat: true,
        message_show: true,
    };
    let task = tasks::insert(connection, &new).await?;
    batches::insert(connection, task, run).await?;
    Ok(task)
}

/// Opens the next run of a finished batch; `None` when this very batch is in flight.
async fn insert_next_run<J: BatchJob>(
    connection: &mut Connection,
    submission: &Submission<'_>,
    run: &NewRun<'_>,
    id: TaskId,
) -> Result<Option<(TaskId, u32)>> {
    let task = tasks::lock(connection, id).await?;
    let batch = batches::by_task(connection, id)
        .await?
        .filter(|batch| batch.job == J::NAME);
    let (Some(task), Some(batch)) = (task, batch) else {
        return Err(conflict(submission));
    };
    if task.station_id != *submission.station {
        return Err(conflict(submission));
    }
    if task.status != TaskStatus::Finished {
        let same = batch.payload_hash == run.payload_hash;
        return if same {
            Ok(None)
        } else {
            Err(in_flight(submission, &task))
        };
    }
    batches::insert_run(connection, id, run).await?;
    Ok(Some((id, batch.run + 1)))
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
