//! `/task/start` of a dispatched task: a claim of this one.

use jiff::tz::TimeZone;
use task_store::tasks::{self, Task, TaskStatus};
use task_store::work::{self, Claim, Holder, UnitState};
use task_store::{Connection, TaskId, task_queues};

use super::refused;
use super::room::{room, room_of_station};
use crate::error::{Error, ErrorCode, Result};
use crate::tasks::not_found;

/// What came of a start.
pub(crate) enum Start {
    /// The run is the caller's.
    Run(Box<Task>),
    /// There is no room for it: it waits, if the transaction commits, and is announced as soon as there is. The refusal.
    NoRoom(Error),
}

/// Why a run cannot be started.
enum Hindrance {
    Refusal(ErrorCode, &'static str),
    NoRoom(&'static str),
}

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
) -> Result<Start> {
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    match hindrance(connection, &task, run_count).await? {
        None => {
            let started = tasks::by_id(connection, id).await?;
            Ok(Start::Run(Box::new(started.ok_or_else(not_found)?)))
        }
        Some(Hindrance::Refusal(code, message)) => {
            Err(refused(connection, code, message.to_owned(), id, zone).await?)
        }
        Some(Hindrance::NoRoom(message)) => {
            let code = ErrorCode::TaskNotDue;
            let refusal = refused(connection, code, message.to_owned(), id, zone).await?;
            Ok(Start::NoRoom(refusal))
        }
    }
}

/// Starts the run, or says what hinders it.
async fn hindrance(
    connection: &mut Connection,
    task: &Task,
    run_count: Option<i32>,
) -> Result<Option<Hindrance>> {
    let refusal = |code, message| Ok(Some(Hindrance::Refusal(code, message)));
    if task.status == TaskStatus::Finished {
        let message = "the task is finished: /task/retry runs it again";
        return refusal(ErrorCode::TaskFinished, message);
    }
    if run_count.is_some_and(|run| {
        run < task.run_count || run == task.run_count && task.status != TaskStatus::Running
    }) {
        let message = "the run of the message is over: acknowledge the message";
        return refusal(ErrorCode::RunStale, message);
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
    refusal(code, message)
}

async fn lease(
    connection: &mut Connection,
    unit: &Holder,
    task: &Task,
) -> Result<Option<Hindrance>> {
    let mut policy = task_queues::find(connection, &unit.queue).await?;
    if policy.as_ref().is_some_and(task_queues::Policy::is_capped) {
        policy = task_queues::lock(connection, &unit.queue).await?;
    }
    let policy = policy.ok_or_else(not_found)?;
    if policy.paused {
        let message = "the queue is paused: acknowledge the message";
        return Ok(Some(Hindrance::Refusal(ErrorCode::TaskNotDue, message)));
    }
    let full = if room(connection, &policy).await? == 0 {
        Some("as many runs of the queue are in work as it may have")
    } else if room_of_station(connection, &policy, &task.station_id).await? == 0 {
        Some("as many runs of the station are in work as it may have")
    } else {
        None
    };
    if let Some(message) = full {
        if policy.mode.is_announced() {
            work::let_wait(connection, task.id).await?;
        }
        return Ok(Some(Hindrance::NoRoom(message)));
    }
    let units = std::slice::from_ref(&unit.candidate);
    work::lease(connection, units, policy.timeout, Claim::default()).await?;
    Ok(None)
}
