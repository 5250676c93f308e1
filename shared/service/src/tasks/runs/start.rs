//! `/task/start` of a dispatched task: a claim of this one.

use jiff::tz::TimeZone;
use task_store::tasks::{self, Task, TaskStatus};
use task_store::work::{self, Claim, Holder, UnitState};
use task_store::{Connection, TaskId, task_queues};

use super::claim::room;
use super::refused;
use crate::error::{ErrorCode, Result};
use crate::tasks::not_found;

/// Starts a run of a dispatched task; only run number `run_count` where a message names it. Runs in a transaction.
///
/// # Errors
/// `TASK_FINISHED`; `TASK_HELD` while a worker holds it; `TASK_NOT_DUE` while it is delayed or expired, or its queue is
/// paused or has as many runs in work as it may; `RUN_STALE` when the run is over. Each with the task as its data.
pub(crate) async fn start(
    connection: &mut Connection,
    id: TaskId,
    run_count: Option<i32>,
    zone: &TimeZone,
) -> Result<Task> {
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    if let Some((code, message)) = hindrance(connection, &task, run_count).await? {
        return Err(refused(connection, code, message.to_owned(), id, zone).await?);
    }
    let started = tasks::by_id(connection, id).await?;
    started.ok_or_else(not_found)
}

/// Starts the run, or refuses with the reason.
async fn hindrance(
    connection: &mut Connection,
    task: &Task,
    run_count: Option<i32>,
) -> Result<Option<(ErrorCode, &'static str)>> {
    if task.status == TaskStatus::Finished {
        let message = "the task is finished: /task/retry runs it again";
        return Ok(Some((ErrorCode::TaskFinished, message)));
    }
    if run_count.is_some_and(|run| {
        run < task.run_count || run == task.run_count && task.status != TaskStatus::Running
    }) {
        let message = "the run of the message is over: acknowledge the message";
        return Ok(Some((ErrorCode::RunStale, message)));
    }
    let unit = work::of_task(connection, task.id).await?;
    let state = unit.as_ref().map_or(UnitState::Waiting, |unit| unit.state);
    let (code, message) = match (unit, state) {
        (Some(unit), UnitState::Due) => return lease(connection, &unit, task).await,
        (_, UnitState::Held | UnitState::Silent) => (
            ErrorCode::TaskHeld,
            "a worker holds the task: acknowledge the message, the task is dispatched again if that worker dies",
        ),
        (_, UnitState::Expired) => (ErrorCode::TaskNotDue, "the task has expired"),
        _ => (
            ErrorCode::TaskNotDue,
            "the task waits for its time, see next_run_time: acknowledge the message",
        ),
    };
    Ok(Some((code, message)))
}

async fn lease(
    connection: &mut Connection,
    unit: &Holder,
    task: &Task,
) -> Result<Option<(ErrorCode, &'static str)>> {
    let not_due = |message| Ok(Some((ErrorCode::TaskNotDue, message)));
    let mut policy = task_queues::find(connection, &unit.queue).await?;
    if policy.as_ref().is_some_and(task_queues::Policy::is_capped) {
        policy = task_queues::lock(connection, &unit.queue).await?;
    }
    let policy = policy.ok_or_else(not_found)?;
    if policy.paused {
        return not_due("the queue is paused: acknowledge the message");
    }
    if room(connection, &policy).await? == 0 {
        return not_due("as many runs of the queue are in work as it may have");
    }
    if policy.station_concurrency > 0 {
        let in_work = work::in_work_by_station(connection, &policy.name).await?;
        let held = in_work.iter().find(|(id, _)| *id == task.station_id);
        if held.is_some_and(|(_, runs)| *runs >= policy.station_concurrency) {
            return not_due("as many runs of the station are in work as it may have");
        }
    }
    let units = std::slice::from_ref(&unit.candidate);
    work::lease(connection, units, policy.timeout, Claim::default()).await?;
    Ok(None)
}
