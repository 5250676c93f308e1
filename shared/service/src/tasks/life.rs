//! A task's way: started, and finished.

use jiff::tz::TimeZone;
use task_engine::{JobKinds, tell};
use task_store::callbacks::Event;
use task_store::tasks::{self, Changes, Task, TaskStatus, Told};
use task_store::{Connection, Database, TaskId, batches, work};

use super::{
    TaskReference, TaskView, find, find_dispatched, name, not_found, progress, runs, update,
};
use crate::caller::Caller;
use crate::error::{Error, ErrorCode, Result};

/// Starts a task, or counts one more start of a running one (a redelivered message, a crashed worker); a finished,
/// repeatable one starts a new run, unless it was cancelled. A dispatched task is claimed; with `run_count` only for that run. The task as it is then, its times in a zone.
///
/// # Errors
/// `TASK_FINISHED` with the task as its data, so that the consumer of a redelivered message can acknowledge it. So
/// ends a finished batch, too: it runs again when it is submitted again; and a cancelled task, when it is added again. The runs of a claim: see [`runs`].
pub async fn start(
    database: &Database,
    named: &TaskReference,
    run_count: Option<i32>,
    zone: &TimeZone,
) -> Result<TaskView> {
    let write = async |c: &mut _| {
        let name = name(&Caller::Unbound, named)?;
        // A caller that names a run means a dispatched task.
        let by_run = run_count.is_some() && work::start(c, name, run_count).await?;
        let is_plain = !by_run && tasks::start(c, name).await?;
        let is_next = !by_run && !is_plain && run_count.is_none();
        let is_dispatched = by_run || is_next && work::start(c, name, None).await?;
        let started = is_plain || is_dispatched;
        let task = match is_dispatched {
            true => find_dispatched(c, &Caller::Unbound, named).await?,
            false => find(c, &Caller::Unbound, named).await?,
        };
        if !started && task.queue.is_some() {
            return Ok(Started::Dispatched(task.id));
        }
        let progress = progress(c, &task).await?;
        let view = TaskView::new(task, progress, zone)?;
        if started {
            Ok(Started::Plain(Box::new(view)))
        } else {
            Err(finished(&view))
        }
    };
    match database.run(write).await? {
        Started::Plain(view) => Ok(*view),
        Started::Dispatched(id) => {
            let claim = async |c: &mut _| runs::start(c, id, run_count, zone).await;
            match database.transaction(claim).await? {
                runs::Start::Run(task) => {
                    let progress = task.progress;
                    Ok(TaskView::new(*task, progress, zone)?)
                }
                runs::Start::NoRoom(refusal) => Err(refusal),
            }
        }
    }
}

/// The outcome of a start.
enum Started {
    Plain(Box<TaskView>),
    /// Nothing was changed: its unit must be claimed.
    Dispatched(TaskId),
}

fn finished(view: &TaskView) -> Error {
    let message = "the task is finished and cannot be started again";
    Error::with_data(ErrorCode::TaskFinished, message, view)
}

/// Finishes a task and changes it, in one statement. A task that is finished already stays as it is, with its end
/// and its result: finishing it again is harmless, and a late worker changes no outcome.
///
/// # Errors
/// The errors of [`super::update()`], and `TASK_FINISHED` with the task when it was cancelled; then it is not finished either.
pub async fn finish(
    database: &Database,
    kinds: JobKinds,
    named: &TaskReference,
    changes: &Changes<'_>,
    zone: &TimeZone,
) -> Result<()> {
    update::check(changes)?;
    if let Some(run_count) = changes.run_count {
        // A caller that names a run means a dispatched task, and mostly the run that the task is in.
        let finish =
            async |c: &mut _| runs::finish(c, named, run_count, changes, Told::Nobody).await;
        if database.transaction(finish).await? {
            return Ok(());
        }
    }
    let plain = async |c: &mut _| {
        let name = name(&Caller::Unbound, named)?;
        Ok::<_, Error>(tasks::finish(c, name, changes, Told::Nobody).await?)
    };
    if database.run(plain).await? {
        return Ok(());
    }
    let look = async |c: &mut _| {
        let task = find(c, &Caller::Unbound, named).await?;
        match task.status {
            TaskStatus::Finished => ended(c, task, changes, zone).await.map(|()| Met::Ended),
            _ if task.is_batch => Ok(Met::Batch(task.id)),
            _ if task.queue.is_some() => Ok(Met::Dispatched(task.id)),
            _ if task.callback.is_some() => Ok(Met::Told(task.id)),
            _ => Err(update::refused(c, task, changes, zone).await?),
        }
    };
    match database.read(look).await? {
        Met::Ended => Ok(()),
        Met::Dispatched(id) => {
            let finish = async |c: &mut _| finish_run(c, named, id, changes, zone).await;
            database.transaction(finish).await
        }
        Met::Told(id) => {
            let finish = async |c: &mut _| finish_told(c, id, changes, zone).await;
            database.transaction(finish).await
        }
        Met::Batch(id) => {
            let finish = async |c: &mut _| finish_batch(c, kinds, id, changes, zone).await;
            database.transaction(finish).await
        }
    }
}

/// The outcome of a finish.
enum Met {
    /// A task that has ended, now or before.
    Ended,
    /// A batch that is still worked.
    Batch(TaskId),
    /// An open task that is dispatched.
    Dispatched(TaskId),
    /// An open task whose callback is to be told.
    Told(TaskId),
}

/// Tells whether a task has a callback, and its end is a delivery.
const fn told(task: &Task) -> Told {
    match task.callback {
        None => Told::Nobody,
        Some(_) => Told::Callback,
    }
}

/// Finishes an open task that is not dispatched, in one transaction with what its callback is told.
async fn finish_told(
    connection: &mut Connection,
    id: TaskId,
    changes: &Changes<'_>,
    zone: &TimeZone,
) -> Result<()> {
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    if task.status != TaskStatus::Finished {
        if tasks::finish(connection, id, changes, Told::Callback).await? {
            return Ok(tell(connection, &task, Event::Ended).await?);
        }
        let task = tasks::by_id(connection, id).await?.ok_or_else(not_found)?;
        return Err(update::refused(connection, task, changes, zone).await?);
    }
    let task = tasks::by_id(connection, id).await?.ok_or_else(not_found)?;
    ended(connection, task, changes, zone).await
}

/// Finishes the run that a dispatched task is in, in one transaction with its unit.
async fn finish_run(
    connection: &mut Connection,
    named: &TaskReference,
    id: TaskId,
    changes: &Changes<'_>,
    zone: &TimeZone,
) -> Result<()> {
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    if let Some(refusal) = runs::fenced(connection, &task, changes.run_count, zone).await? {
        return Err(refusal);
    }
    let is_finished = task.status == TaskStatus::Finished
        || runs::finish(connection, named, task.run_count, changes, told(&task)).await?;
    if is_finished {
        return Ok(());
    }
    let task = tasks::by_id(connection, id).await?.ok_or_else(not_found)?;
    Err(update::refused(connection, task, changes, zone).await?)
}

/// Answers a finish of a task that has ended before: harmless, unless it comes from another run or the task was
/// cancelled, which its worker must learn.
async fn ended(
    connection: &mut Connection,
    task: Task,
    changes: &Changes<'_>,
    zone: &TimeZone,
) -> Result<()> {
    if update::is_stale(&task, changes) {
        return Err(update::stale(connection, task, zone).await?);
    }
    if task.is_cancelled() {
        return Err(update::cancelled(connection, task, zone).await?);
    }
    Ok(())
}

/// Finishes a batch that is still worked, in one transaction: items that are not made yet are cancelled, so that no worker
/// starts it any more, and the changes are made to the result that this leaves.
async fn finish_batch(
    connection: &mut Connection,
    kinds: JobKinds,
    id: TaskId,
    changes: &Changes<'_>,
    zone: &TimeZone,
) -> Result<()> {
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    let batch = batches::by_task(connection, id).await?;
    let batch = batch.ok_or_else(not_found)?;
    if task.status == TaskStatus::Finished || update::is_stale(&task, changes) {
        let task = tasks::by_id(connection, id).await?.ok_or_else(not_found)?;
        return ended(connection, task, changes, zone).await;
    }
    task_engine::cancel(connection, kinds.of(&batch)?, &task, &batch).await?;
    if tasks::amend(connection, id, changes).await? {
        return Ok(tell(connection, &task, Event::Ended).await?);
    }
    let ended = tasks::by_id(connection, id).await?.ok_or_else(not_found)?;
    let open = Task {
        outcome: None,
        ..ended
    };
    Err(update::refused(connection, open, changes, zone).await?)
}
