//! `/task/heartbeat`: the worker of a run says that it lives.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::tasks::TaskStatus;
use task_store::{Connection, Database, Moment, TaskId, tasks, work};

use super::{fenced, refused};
use crate::caller::{Caller, TaskReference};
use crate::error::{ErrorCode, Result};
use crate::tasks::{find, name};

/// The answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heartbeat {
    /// Until when its run may be silent; `None`: its run is over, or has no lease.
    pub lease_time: Option<String>,
    /// The task was cancelled: the worker should stop.
    pub cancelled: bool,
}

/// Renews the lease of a run. A task that is not dispatched has none.
///
/// # Errors
/// `RUN_STALE` when the task is not in this run, `TASK_FINISHED` when it has ended otherwise than by being cancelled; each
/// with the task as its data.
pub async fn heartbeat(
    database: &Database,
    named: &TaskReference,
    run_count: Option<i32>,
    zone: &TimeZone,
) -> Result<Heartbeat> {
    let beat = async |c: &mut _| {
        let renewed = match renew(c, named, run_count).await? {
            Some(id) => work::lease_until(c, id).await?,
            None => None,
        };
        match renewed {
            Some(until) => Ok(renewed_until(until, zone)),
            None => without_lease(c, named, run_count, zone).await,
        }
    };
    database.run(beat).await
}

fn renewed_until(until: Moment, zone: &TimeZone) -> Heartbeat {
    Heartbeat {
        lease_time: Some(until.in_zone(zone)),
        cancelled: false,
    }
}

/// Renews the lease of a run; answers the key of its task, if it holds it.
pub(in crate::tasks) async fn renew(
    connection: &mut Connection,
    named: &TaskReference,
    run_count: Option<i32>,
) -> Result<Option<TaskId>> {
    let key = key(connection, named).await?;
    let station = named.station_id.as_ref();
    Ok(match key {
        Some(id) if work::renew(connection, id, run_count, station).await? => Some(id),
        _ => None,
    })
}

/// Reads the key of a task; it is not looked up where it is all that names the task.
pub(super) async fn key(
    connection: &mut Connection,
    named: &TaskReference,
) -> Result<Option<TaskId>> {
    match (named.task_id, &named.user_task_id) {
        (Some(id), None) => Ok(Some(id)),
        _ => Ok(tasks::key(connection, name(&Caller::Unbound, named)?).await?),
    }
}

/// Reads the answer where no lease of this run was renewed.
async fn without_lease(
    connection: &mut Connection,
    named: &TaskReference,
    run_count: Option<i32>,
    zone: &TimeZone,
) -> Result<Heartbeat> {
    let task = find(connection, &Caller::Unbound, named).await?;
    let is_own_run = run_count.is_none_or(|run| run == task.run_count);
    if task.is_cancelled() && is_own_run {
        return Ok(Heartbeat {
            lease_time: None,
            cancelled: true,
        });
    }
    if let Some(refusal) = fenced(connection, &task, run_count, zone).await? {
        return Err(refusal);
    }
    if task.status == TaskStatus::Finished {
        let message = "the task is finished".to_owned();
        let code = ErrorCode::TaskFinished;
        return Err(refused(connection, code, message, task.id, zone).await?);
    }
    Ok(Heartbeat {
        lease_time: None,
        cancelled: false,
    })
}
