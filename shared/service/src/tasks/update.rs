//! Changing a task's own fields, at any time of its life unless it was cancelled.

use jiff::tz::TimeZone;
use task_store::tasks::{self, Changes, Task, TaskStatus};
use task_store::{Connection, Database};

use super::{TaskReference, TaskView, field, find, name, not_found, progress, refusal, runs};
use crate::caller::Caller;
use crate::error::{Error, ErrorCode, Result};

/// Changes a task, also a finished one, in one atomic statement. Changes with an `op_id` that the task remembers are
/// made already: nothing is changed again. Changes that name their run renew its lease.
///
/// # Errors
/// `PATH_NOT_FOUND` when the path of a change inside the result leads nowhere, `PARAM_INVALID` when the value there
/// does not fit the operation, `RESULT_TOO_LARGE`; `RUN_STALE` and `TASK_FINISHED` with the task as their data when
/// another run has begun or the task was cancelled. Then nothing was changed.
pub async fn update(
    database: &Database,
    named: &TaskReference,
    changes: &Changes<'_>,
    zone: &TimeZone,
) -> Result<()> {
    check(changes)?;
    let write = async |c: &mut _| {
        let name = name(&Caller::Unbound, named)?;
        if tasks::update(c, name, changes).await? {
            if changes.run_count.is_some() {
                runs::renew(c, named, changes.run_count).await?;
            }
            return Ok(());
        }
        let task = find(c, &Caller::Unbound, named).await?;
        match changes.op_id {
            Some(op) if tasks::has_op(c, task.id, op).await? => Ok(()),
            _ => Err(refused(c, task, changes, zone).await?),
        }
    };
    match changes.run_count {
        None => database.run(write).await,
        // Both statements or none: the second may wait in vain for a lock.
        Some(_) => database.transaction(write).await,
    }
}

/// Refuses wrong changes before any task is read.
pub(super) fn check(changes: &Changes<'_>) -> Result<()> {
    if let Some(input) = &changes.input {
        field::check_input("value", input)?;
    }
    changes.result.as_ref().map_or(Ok(()), field::check_depth)
}

/// Tells whether changes speak for another run than the task's, or for one that is over.
pub(super) fn is_stale(task: &Task, changes: &Changes<'_>) -> bool {
    let is_between_runs = task.queue.is_some() && task.status == TaskStatus::Submitted;
    changes
        .run_count
        .is_some_and(|run| run != task.run_count || is_between_runs)
}

/// Reads why changes did not apply to a task.
pub(super) async fn refused(
    connection: &mut Connection,
    task: Task,
    changes: &Changes<'_>,
    zone: &TimeZone,
) -> Result<Error> {
    match &changes.result {
        _ if is_stale(&task, changes) => stale(connection, task, zone).await,
        _ if task.is_cancelled() => cancelled(connection, task, zone).await,
        _ if changes.progress.is_some() && task.is_batch => Ok(Error::refused(
            ErrorCode::FieldNotAllowed,
            "field progress is not for a batch: its progress is counted from its items",
        )),
        Some(change) => Ok(refusal::of(change, task.result.as_deref())),
        None => Ok(not_found()),
    }
}

/// Reads `RUN_STALE` with the task.
pub(super) async fn stale(
    connection: &mut Connection,
    task: Task,
    zone: &TimeZone,
) -> Result<Error> {
    let run = task.run_count;
    let message = format!("the task is in run {run} now: nothing of another run is changed");
    with_task(connection, ErrorCode::RunStale, message, task, zone).await
}

/// Reads `TASK_FINISHED` with the task, which was cancelled.
pub(super) async fn cancelled(
    connection: &mut Connection,
    task: Task,
    zone: &TimeZone,
) -> Result<Error> {
    let message = "the task was cancelled: it is not changed any more".to_owned();
    with_task(connection, ErrorCode::TaskFinished, message, task, zone).await
}

async fn with_task(
    connection: &mut Connection,
    code: ErrorCode,
    message: String,
    task: Task,
    zone: &TimeZone,
) -> Result<Error> {
    let progress = progress(connection, &task).await?;
    let view = TaskView::new(task, progress, zone)?;
    Ok(Error::with_data(code, message, &view))
}
