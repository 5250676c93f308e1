//! A task's way: started, and finished.

use jiff::tz::TimeZone;
use serde_json::value::to_raw_value;
use task_store::tasks::{self, Changes, Task, TaskStatus};
use task_store::{Connection, Database, TaskId, batches};

use super::{TaskReference, TaskView, find, not_found, progress, update};
use crate::caller::Caller;
use crate::error::{Error, Result, Word};
use crate::{batch, jobs};

/// Starts a task, or counts one more start of a running one (a redelivered message, a crashed worker); a finished,
/// repeatable one starts a new run. The task as it is then, its times in a zone.
///
/// # Errors
/// `TASK_FINISHED` with the task as its data, so that the consumer of a redelivered message can acknowledge it. So
/// ends a finished batch, too: it runs again when it is submitted again.
pub async fn start(
    database: &Database,
    named: &TaskReference,
    zone: &TimeZone,
) -> Result<TaskView> {
    let write = async |c: &mut _| {
        let id = find(c, &Caller::Unbound, named).await?.id;
        let started = tasks::start(c, id).await?;
        let task = tasks::by_id(c, id).await?.ok_or_else(not_found)?;
        let progress = progress(c, &task).await?;
        let view = TaskView::new(task, progress, zone)?;
        if started {
            Ok(view)
        } else {
            Err(finished(&view))
        }
    };
    database.run(write).await
}

fn finished(view: &TaskView) -> Error {
    Error::Refused {
        word: Word::TaskFinished,
        message: "the task is finished and cannot be started again".to_owned(),
        data: to_raw_value(view).ok(),
    }
}

/// Finishes a task and changes it, in one statement. A task that is finished already stays as it is, with its end
/// and its result: finishing it again is harmless, and a late worker changes no outcome.
///
/// # Errors
/// Those of [`super::update`]; then the task is not finished either.
pub async fn finish(
    database: &Database,
    named: &TaskReference,
    changes: &Changes<'_>,
) -> Result<()> {
    update::check(changes)?;
    let look = async |c: &mut _| {
        let task = find(c, &Caller::Unbound, named).await?;
        let batch = batches::by_task(c, task.id).await?;
        Ok::<_, Error>((task, batch))
    };
    match database.run(look).await? {
        (task, _) if task.status == TaskStatus::Finished => Ok(()),
        (task, Some(_)) => {
            database
                .transaction(async |c| finish_batch(c, task.id, changes).await)
                .await
        }
        (task, None) => {
            database
                .run(async |c| finish_plain(c, task.id, changes).await)
                .await
        }
    }
}

async fn finish_plain(
    connection: &mut Connection,
    id: TaskId,
    changes: &Changes<'_>,
) -> Result<()> {
    if tasks::finish(connection, id, changes).await? {
        return Ok(());
    }
    match tasks::by_id(connection, id).await? {
        Some(Task {
            status: TaskStatus::Finished,
            ..
        }) => Ok(()),
        task => Err(update::refused(task.as_ref(), changes)),
    }
}

/// Finishes a batch that is still worked, in one transaction: what is not made yet is cancelled, so that no worker
/// starts it any more, and the changes are made to the result that this leaves.
async fn finish_batch(
    connection: &mut Connection,
    id: TaskId,
    changes: &Changes<'_>,
) -> Result<()> {
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    let batch = batches::by_task(connection, id).await?;
    let batch = batch.ok_or_else(not_found)?;
    if task.status == TaskStatus::Finished {
        return Ok(());
    }
    batch::cancel(connection, jobs::kind_of(&batch)?, &task, &batch).await?;
    if tasks::update(connection, id, changes).await? {
        return Ok(());
    }
    let cancelled = tasks::by_id(connection, id).await?;
    Err(update::refused(cancelled.as_ref(), changes))
}
