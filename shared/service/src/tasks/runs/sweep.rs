//! Time in the life of dispatched tasks: delayed tasks become ready, silent runs are lost, tasks that nobody started expire.

use serde::Serialize;
use task_engine::metrics::Metric;
use task_engine::{Deadline, tell};
use task_store::callbacks::Event;
use task_store::tasks::{self, TaskStatus};
use task_store::work::{self, Announcer, Lost, UnitState};
use task_store::{Connection, Database, StoreError, TaskId, dead_letters, task_queues};

use super::end::{FailRequest, end_failed};
use crate::error::{Error, Result};

/// How many units are looked at in one turn.
const PAGE: u32 = 500;

/// After how many seconds a task that nobody takes is worth a line in the log; its alarm rings then, too.
const UNSERVED: u64 = 900;

/// The error of a run whose worker was silent for too long.
const LEASE_LOST: &str =
    "LEASE_LOST: the worker was silent for longer than its run may be, see timeout";
/// The error of a task that nobody started in time.
const EXPIRED: &str = "EXPIRED: nobody started the task before its expire_at";

/// The counts of a sweep of dispatched tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SweptRuns {
    /// Delayed tasks that became ready.
    pub promoted: usize,
    /// Runs that were lost.
    pub lost: usize,
    /// Tasks that expired.
    pub expired: usize,
}

/// Sweeps until nothing is left to do, or the deadline has passed. Safe to run twice at once.
///
/// # Errors
/// The database's, when it cannot be used.
pub async fn sweep(database: &Database, deadline: Deadline) -> Result<SweptRuns> {
    let mut swept = SweptRuns::default();
    loop {
        let promote = async |c: &mut _| work::promote_due(c, PAGE).await;
        let promoted = database.transaction(promote).await?;
        let lost = database.run(async |c| work::lost(c, PAGE).await).await?;
        let lost_page = lost.len();
        swept.promoted += promoted;
        swept.lost += each(database, deadline, lost, lose).await?;
        // The last: to find them, the server reads past what waits for its announcement.
        let expired = database.run(async |c| work::expired(c, PAGE).await).await?;
        let pages = [promoted, lost_page, expired.len()];
        swept.expired += each(database, deadline, expired, expire).await?;
        let has_more = pages.contains(&(PAGE as usize));
        if !has_more || deadline.has_passed() {
            break;
        }
    }
    let SweptRuns {
        promoted,
        lost,
        expired,
    } = swept;
    if swept != SweptRuns::default() {
        tracing::info!(promoted, lost, expired, "swept dispatched tasks");
    }
    Ok(swept)
}

/// Records how long the task that waits longest has been ready, for the alarm of a queue that nobody serves.
///
/// # Errors
/// The database's.
pub async fn watch(database: &Database) -> Result<()> {
    let longest = database
        .read(async |c| task_queues::longest_wait(c).await)
        .await?;
    let (queue, seconds) = longest.unwrap_or_default();
    Metric::OldestTask.record(u32::try_from(seconds).unwrap_or(u32::MAX));
    if seconds >= UNSERVED {
        tracing::warn!(
            queue.name = queue,
            seconds,
            "nobody takes the tasks of a queue"
        );
    }
    Ok(())
}

/// Ends units, each in a transaction of its own: a fault of one of them is logged, and the others are not kept waiting.
async fn each<T: Copy>(
    database: &Database,
    deadline: Deadline,
    units: Vec<T>,
    end: impl AsyncFn(&mut Connection, T) -> Result<bool>,
) -> Result<usize> {
    let mut ended = 0;
    for unit in units {
        if deadline.has_passed() {
            break;
        }
        match database.transaction(async |c| end(c, unit).await).await {
            Ok(has_ended) => ended += usize::from(has_ended),
            Err(Error::Store(fault)) if !fault.is_outage() => {
                let error = fault.kind();
                tracing::error!(error, "a run is left to the next sweep");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

async fn lose(connection: &mut Connection, lost: Lost) -> Result<bool> {
    let Some(task) = locked(connection, lost.task).await? else {
        return Ok(false);
    };
    let unit = work::of_task(connection, lost.task).await?;
    let is_over = unit.is_some_and(|unit| unit.state == UnitState::Silent);
    if !is_over || task.run_count != lost.run_count {
        return Ok(false);
    }
    let request = FailRequest {
        run_count: None,
        message: LEASE_LOST,
        retry: true,
        retry_after: None,
    };
    let queue = task.queue.clone().unwrap_or_default();
    let runs_again = end_failed(connection, &task, &queue, &request, Announcer::Sweeper).await?;
    let (id, run_count) = (task.id.get(), task.run_count);
    tracing::warn!(task.id = id, run_count, runs_again, "a run was lost");
    Ok(true)
}

async fn expire(connection: &mut Connection, id: TaskId) -> Result<bool> {
    let Some(task) = locked(connection, id).await? else {
        return Ok(false);
    };
    let unit = work::of_task(connection, id).await?;
    let has_expired = unit.is_some_and(|unit| unit.state == UnitState::Expired);
    if !has_expired || task.status != TaskStatus::Submitted {
        return Ok(false);
    }
    dead_letters::record_run(connection, id, EXPIRED).await?;
    work::remove(connection, id).await?;
    tasks::fail(connection, id, EXPIRED).await?;
    tell(connection, &task, Event::Ended).await?;
    Ok(true)
}

/// Locks the task of a unit. A unit whose task has ended has no business here: it is removed.
async fn locked(
    connection: &mut Connection,
    id: TaskId,
) -> std::result::Result<Option<tasks::Task>, StoreError> {
    let task = tasks::lock(connection, id).await?;
    let open = task.filter(|task| task.status != TaskStatus::Finished && task.queue.is_some());
    if open.is_none() {
        work::remove(connection, id).await?;
    }
    Ok(open)
}
