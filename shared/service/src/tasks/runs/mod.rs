//! Runs of tasks that are dispatched to a queue's workers: claimed, renewed, ended, lost, repeated.
//!
//! A run is known by the task's `run_count`, which never falls: it is the fence. A run's calls count only while the task
//! is in that run.

mod announce;
mod claim;
mod end;
mod finish_all;
mod heartbeat;
mod retry;
mod room;
mod start;
mod sweep;

use jiff::tz::TimeZone;
use task_store::tasks::{Task, TaskStatus};
use task_store::{Connection, TaskId};

use super::{TaskView, not_found, progress};
use crate::error::{Error, ErrorCode, Result};

pub use announce::{RunQueue, add, add_many, announce, announce_due, announce_freed};
pub(crate) use claim::claim_first;
pub use claim::{ClaimRequest, Claimed, claim};
pub(crate) use end::cancel;
pub(crate) use end::fail_unannounced;
pub(super) use end::finish;
pub use end::{FailRequest, Failed, RetryAfter, fail};
pub use finish_all::{FinishRequest, Finished, finish_all};
pub(super) use heartbeat::renew;
pub use heartbeat::{Heartbeat, heartbeat};
pub use retry::{Retried, RetryFilter, retry, retry_all};
pub(crate) use room::{let_overdue_wait, take};
pub(crate) use start::{Start, start};
pub use sweep::{SweptRuns, sweep, watch};

/// Reads a refusal with the task as it is now.
async fn refused(
    connection: &mut Connection,
    code: ErrorCode,
    message: String,
    id: TaskId,
    zone: &TimeZone,
) -> Result<Error> {
    let task = task_store::tasks::by_id(connection, id).await?;
    let task = task.ok_or_else(not_found)?;
    let progress = progress(connection, &task).await?;
    let view = TaskView::new(task, progress, zone)?;
    Ok(Error::with_data(code, message, &view))
}

/// Reads why a call does not speak for the run of a task; `None`: it does.
pub(super) async fn fenced(
    connection: &mut Connection,
    task: &Task,
    run_count: Option<i32>,
    zone: &TimeZone,
) -> Result<Option<Error>> {
    let current = task.run_count;
    let message = match run_count {
        Some(run) if run != current => {
            format!("the task is in run {current} now, run {run} is over: nothing was changed")
        }
        _ if task.is_cancelled() => {
            let message = "the task was cancelled: stop working on it".to_owned();
            let code = ErrorCode::TaskFinished;
            return Ok(Some(
                refused(connection, code, message, task.id, zone).await?,
            ));
        }
        _ if task.status == TaskStatus::Submitted => {
            "no run of the task is under way: its last one failed or was lost, nothing was changed"
                .to_owned()
        }
        _ => return Ok(None),
    };
    let code = ErrorCode::RunStale;
    Ok(Some(
        refused(connection, code, message, task.id, zone).await?,
    ))
}
