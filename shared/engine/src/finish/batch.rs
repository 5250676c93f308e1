//! Ends a batch: in the transaction of its last chunk where that was granted, else in a transaction of its own. Two last chunks
//! may not see each other's end: a chunk that did not end the batch looks again after its commit.

use std::time::Duration;

use serde::Serialize;
use task_store::Moment;
use task_store::batches::{self, Batch};
use task_store::callbacks::{self, Event};
use task_store::items::{self, ItemStatus};
use task_store::tasks::{self, Task, TaskStatus};
use task_store::{Connection, Database, Result, StoreError, TaskId, chunks};

use crate::failpoints::{Failpoint, reach};
use crate::job::JobKind;
use crate::metrics;
use crate::read::{Counts, ItemStatuses, ItemView, failed_briefs};

/// Pauses between looks for a lock that another chunk's commit holds.
const LOCK_PAUSES: [Duration; 4] = [
    Duration::from_millis(1),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(4),
];
/// How many failed items a task's result shows.
const SHOWN_FAILURES: u32 = 50;
/// The most bytes of the failed items that a task's result shows.
const SHOWN_BYTES: usize = 64 * 1024 - 2;

/// Ends a batch's run if no chunk of it is open. Of callers at the same time exactly one ends it, and gets `true`.
pub async fn finish_if_done(
    database: &Database,
    kind: &JobKind,
    task: TaskId,
    run: u32,
) -> Result<bool> {
    let open = database
        .run(async |c| chunks::any_open(c, task, run).await)
        .await?;
    if open {
        return Ok(false);
    }
    let finished = database
        .transaction(async |c| finish_locked(c, kind, task, run).await)
        .await?;
    if let Some(accepted_at) = finished {
        metrics::finished(accepted_at);
    }
    Ok(finished.is_some())
}

/// The part of a batch's end that a chunk's own transaction did.
pub(crate) enum Within {
    /// Another transaction holds the task's row, or other chunks are open as far as this one sees: whether the run is over is to
    /// be looked at after the commit.
    Unseen,
    /// The run has ended before: nothing is left to do.
    Seen,
    /// The run has ended, which had been accepted at this moment.
    Ended(Moment),
}

/// Ends the run inside the transaction of its last chunk, or marks it as running inside that of another one; saves the commits
/// of both.
///
/// The chunk's row is locked before the task's, against the order of locks, so nothing here waits long for the task's row. Two
/// last chunks may not see each other's end: a chunk that does not end the run looks again after its commit, so that the last one to
/// commit sees all of them.
pub(crate) async fn finish_within(
    connection: &mut Connection,
    kind: &JobKind,
    id: TaskId,
    run: u32,
) -> Result<Within> {
    let Some(task) = lock_soon(connection, id).await? else {
        return Ok(Within::Unseen);
    };
    let status = task.status;
    if let Some(accepted_at) = end(connection, kind, task, run).await? {
        return Ok(Within::Ended(accepted_at));
    }
    match status {
        TaskStatus::Submitted => batches::start(connection, id, run).await?,
        TaskStatus::Running => {}
        TaskStatus::Finished => return Ok(Within::Seen),
    }
    Ok(Within::Unseen)
}

/// Locks a task as soon as it is free, within the time of a commit or two: the chunks of a small batch end at the same moment.
async fn lock_soon(connection: &mut Connection, id: TaskId) -> Result<Option<Task>> {
    for pause in LOCK_PAUSES {
        if let Some(task) = tasks::lock_if_free(connection, id).await? {
            return Ok(Some(task));
        }
        tokio::time::sleep(pause).await;
    }
    tasks::lock_if_free(connection, id).await
}

/// Ends the run; answers when it had been accepted, or `None` when it has ended before or cannot end yet.
async fn finish_locked(
    connection: &mut Connection,
    kind: &JobKind,
    id: TaskId,
    run: u32,
) -> Result<Option<Moment>> {
    match tasks::lock(connection, id).await? {
        Some(task) => end(connection, kind, task, run).await,
        None => Ok(None),
    }
}

/// Ends the run of a locked task if it can end now.
async fn end(
    connection: &mut Connection,
    kind: &JobKind,
    task: Task,
    run: u32,
) -> Result<Option<Moment>> {
    let id = task.id;
    if task.status == TaskStatus::Finished || chunks::any_open(connection, id, run).await? {
        return Ok(None);
    }
    let batch = batches::by_task(connection, id).await?;
    let Some(batch) = batch.filter(|batch| batch.run == run) else {
        return Ok(None);
    };
    let result = result_of(connection, kind, &task, &batch).await?;
    let starts = task.status == TaskStatus::Submitted;
    batches::finish(connection, id, &result, starts).await?;
    tell(connection, &task, Event::Ended).await?;
    reach(Failpoint::FinishWritten).await?;
    Ok(Some(batch.accepted_at))
}

/// Writes the result of a finished batch again from its rows, after an item changed; an open one gets its result when it
/// finishes. The caller holds the task's lock.
pub async fn refresh(
    connection: &mut Connection,
    kind: &JobKind,
    task: &Task,
    batch: &Batch,
) -> Result<()> {
    if task.status != TaskStatus::Finished {
        return Ok(());
    }
    let result = result_of(connection, kind, task, batch).await?;
    batches::set_result(connection, task.id, &result).await?;
    tell(connection, task, Event::Changed).await
}

/// Writes what the callback of a task is told, in the transaction that has ended or changed it. The caller holds the task's lock.
pub async fn tell(connection: &mut Connection, task: &Task, event: Event) -> Result<()> {
    match task.callback {
        None => Ok(()),
        Some(_) => callbacks::record_ends(connection, &[task.id], event).await,
    }
}

/// A finished batch's result, as it is stored with the task.
#[derive(Debug, Serialize)]
struct BatchResult<'a> {
    msg: String,
    link: &'a str,
    target: &'static str,
    outcome: &'static str,
    total: u32,
    success_count: u32,
    failure_count: u32,
    unprocessed_count: u32,
    dropped_count: u32,
    failed: Vec<ItemView>,
    failed_truncated: bool,
}

/// Builds the result of a batch's current run from its rows: JSON text.
pub(super) async fn result_of(
    connection: &mut Connection,
    kind: &JobKind,
    task: &Task,
    batch: &Batch,
) -> Result<String> {
    let counts = ItemStatuses::read(connection, batch).await?.counts();
    let failed = match counts.failed {
        0 => Vec::new(),
        _ => shown_failures(connection, kind, batch).await?,
    };
    let result = BatchResult {
        msg: sentence(kind, &counts),
        link: task.user_task_id.as_ref().map_or("", |id| id.as_str()),
        target: if counts.failed > 0 { kind.target } else { "" },
        outcome: counts.outcome(),
        total: counts.total,
        success_count: counts.success + counts.amended,
        failure_count: counts.failed,
        unprocessed_count: counts.cancelled + counts.pending,
        dropped_count: counts.dropped,
        failed_truncated: u32::try_from(failed.len()) != Ok(counts.failed),
        failed,
    };
    serde_json::to_string(&result).map_err(|_| StoreError::Unreadable("result"))
}

/// Reads the first failed items of a batch's current run, as many as its result shows.
async fn shown_failures(
    connection: &mut Connection,
    kind: &JobKind,
    batch: &Batch,
) -> Result<Vec<ItemView>> {
    let (task, run, status) = (batch.task_id, batch.run, ItemStatus::Failed);
    let failed = items::page(connection, task, run, status, SHOWN_FAILURES, 0).await?;
    failed_briefs(connection, kind, failed, SHOWN_BYTES).await
}

/// Writes the sentence of a finished batch's result.
fn sentence(kind: &JobKind, counts: &Counts) -> String {
    let mut parts = vec![format!("成功{}", counts.success + counts.amended)];
    parts.extend((counts.failed > 0).then(|| format!("失败{}", counts.failed)));
    parts.extend((counts.cancelled > 0).then(|| format!("取消{}", counts.cancelled)));
    parts.extend((counts.dropped > 0).then(|| format!("忽略{}", counts.dropped)));
    format!("{}({})", kind.title, parts.join(", "))
}
