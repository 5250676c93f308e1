//! The end of a run: finished, failed, cancelled.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::tell;
use task_store::callbacks::{self, Event};
use task_store::tasks::{self, Changes, Task, TaskStatus, Told};
use task_store::work::{self, Announcer};
use task_store::{
    Connection, Database, TaskId, dead_letters,
    task_queues::{self, Mode},
};

use super::fenced;
use super::heartbeat::key;
use super::room::note_freed;
use crate::caller::{Caller, TaskReference};
use crate::error::{Error, Result};
use crate::push;
use crate::tasks::{name, not_found, not_named};

/// Finishes the run of a dispatched task that `changes` name, `run_count`; `false` when the task is not in it, or they do not
/// apply; nor where its callback is to be told, if `told` says nobody. Runs in a transaction.
pub(in crate::tasks) async fn finish(
    connection: &mut Connection,
    named: &TaskReference,
    run_count: i32,
    changes: &Changes<'_>,
    told: Told,
) -> Result<bool> {
    let changes = Changes {
        run_count: Some(run_count),
        ..changes.clone()
    };
    let Some(id) = key(connection, named).await? else {
        return Ok(false);
    };
    let name = name(&Caller::Unbound, named)?;
    if !tasks::finish_run(connection, name, &changes, told).await? {
        return Ok(false);
    }
    note_freed(connection, &[id]).await?;
    work::record(connection, id, run_count, None).await?;
    work::remove(connection, id).await?;
    if told == Told::Callback {
        callbacks::record_ends(connection, &[id], Event::Ended).await?;
    }
    Ok(true)
}

/// Takes the unit of a task away that is being cancelled; its worker learns from its next call. Runs in the transaction that
/// has locked the task.
pub(crate) async fn cancel(connection: &mut Connection, task: &Task) -> Result<()> {
    note_freed(connection, &[task.id]).await?;
    work::record(connection, task.id, task.run_count, Some("CANCELLED")).await?;
    work::remove(connection, task.id).await?;
    Ok(())
}

/// The cause of a failed run, and the next state of its task.
#[derive(Debug, Clone)]
pub struct FailRequest<'a> {
    /// The run that speaks.
    pub run_count: Option<i32>,
    /// Why.
    pub message: &'a str,
    /// The task may run again.
    pub retry: bool,
    /// In how many seconds, where the worker knows.
    pub retry_after: Option<RetryAfter>,
}

/// When a task runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// In this number of seconds.
    Exactly(u32),
    /// After the queue's back-off, and this number of seconds at least.
    AtLeast(u32),
}

impl RetryAfter {
    /// Returns the wait in milliseconds, beside the queue's back-off.
    fn beside(self, backoff_ms: u64) -> u64 {
        match self {
            Self::Exactly(seconds) => u64::from(seconds) * 1_000,
            Self::AtLeast(seconds) => backoff_ms.max(u64::from(seconds) * 1_000),
        }
    }
}

/// The state of the task after a failed run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// The task.
    #[serde(skip)]
    pub task: TaskId,
    /// 1: it waits for its next run; 3: it has ended as failed.
    pub status: u8,
    /// When it runs again.
    pub next_run_time: Option<String>,
}

/// Ends a run as failed: the task waits for its next run or, after its last attempt, ends as failed. A task that is not
/// dispatched ends. Repeated by the same run it changes nothing.
///
/// # Errors
/// `RUN_STALE` and, when it was cancelled, `TASK_FINISHED`, with the task as their data. `PARAM_INVALID` for a batch.
pub async fn fail(
    database: &Database,
    named: &TaskReference,
    request: &FailRequest<'_>,
    zone: &TimeZone,
) -> Result<Failed> {
    let write = async |c: &mut _| {
        let id = fail_named(c, named, request, Announcer::Caller, zone).await?;
        let now = tasks::by_id(c, id).await?.ok_or_else(not_found)?;
        let next = now.dispatched.next_run_at;
        Ok(Failed {
            task: id,
            status: now.status.number(),
            next_run_time: next.map(|next| next.in_zone(zone)),
        })
    };
    database.transaction(write).await
}

/// Ends a run as failed, as [`fail`] does; the sweeper announces the next one.
///
/// # Errors
/// The errors of [`fail`].
pub(crate) async fn fail_unannounced(
    database: &Database,
    named: &TaskReference,
    request: &FailRequest<'_>,
    zone: &TimeZone,
) -> Result<()> {
    let write = async |c: &mut _| fail_named(c, named, request, Announcer::Sweeper, zone).await;
    database.transaction(write).await.map(drop)
}

async fn fail_named(
    connection: &mut Connection,
    named: &TaskReference,
    request: &FailRequest<'_>,
    announcer: Announcer,
    zone: &TimeZone,
) -> Result<TaskId> {
    let name = name(&Caller::Unbound, named)?;
    let Some(task) = tasks::lock(connection, name).await? else {
        return Err(not_named(connection, name).await?);
    };
    if task.is_batch {
        let wrong = "is a batch, which ends with its items: /async_task/close cancels it";
        return Err(Error::invalid("task_id", wrong));
    }
    fail_locked(connection, &task, request, announcer, zone).await?;
    Ok(task.id)
}

async fn fail_locked(
    connection: &mut Connection,
    task: &Task,
    request: &FailRequest<'_>,
    announcer: Announcer,
    zone: &TimeZone,
) -> Result<()> {
    let is_own_run = request.run_count == Some(task.run_count);
    let is_repeated = is_own_run && task.queue.is_some() && task.status == TaskStatus::Submitted;
    if is_repeated {
        return Ok(());
    }
    let is_fenced = task.queue.is_some() || request.run_count.is_some() || task.is_cancelled();
    if is_fenced && let Some(refusal) = fenced(connection, task, request.run_count, zone).await? {
        return Err(refusal);
    }
    match (task.status, &task.queue) {
        (TaskStatus::Finished, _) => Ok(()),
        (_, None) => {
            tasks::fail(connection, task.id, request.message).await?;
            Ok(tell(connection, task, Event::Ended).await?)
        }
        (_, Some(queue)) => {
            end_failed(connection, task, queue, request, announcer).await?;
            Ok(())
        }
    }
}

/// Ends the run that a dispatched task is in, whose row is locked; `false`: it was its last one. `announcer` announces the
/// next one, where its queue does.
pub(super) async fn end_failed(
    connection: &mut Connection,
    task: &Task,
    queue: &str,
    request: &FailRequest<'_>,
    announcer: Announcer,
) -> Result<bool> {
    let (id, error) = (task.id, request.message);
    note_freed(connection, &[id]).await?;
    work::record(connection, id, task.run_count, Some(error)).await?;
    let most = task.dispatched.max_attempts.unwrap_or(1);
    if !request.retry || task.attempt >= most {
        if request.retry {
            dead_letters::record_run(connection, id, error).await?;
        }
        work::remove(connection, id).await?;
        tasks::fail(connection, id, error).await?;
        tell(connection, task, Event::Ended).await?;
        return Ok(false);
    }
    let policy = task_queues::find(connection, queue).await?;
    let longest = policy
        .as_ref()
        .map_or(0, |policy| policy.longest_wait(task.attempt));
    // Full jitter: any time up to the longest.
    let backoff_ms = fastrand::u64(0..=u64::from(longest) * 1_000);
    let wait_ms = request
        .retry_after
        .map_or(backoff_ms, |after| after.beside(backoff_ms));
    let mode = policy.map(|policy| policy.mode);
    let is_announced = mode.is_some_and(Mode::is_announced);
    if mode == Some(Mode::Push) && announcer == Announcer::Caller {
        push::note_again(task, queue, wait_ms);
    }
    let wait = work::Wait {
        ms: wait_ms,
        announcer: is_announced.then_some(announcer),
    };
    work::put_off(connection, id, wait, error).await?;
    tasks::wait_again(connection, id, error).await?;
    Ok(true)
}
