//! `/task/retry`: ended tasks of a queue run again, under the same id.

use serde::Serialize;
use task_store::task_queues::QueueName;
use task_store::tasks::{self, Dispatch, EndedFilter, Start, Task, TaskStatus};
use task_store::work::{self, Announcer, NewUnit};
use task_store::{Connection, Database, Moment, StationId, TaskId};

use crate::caller::{Caller, TaskReference};
use crate::error::{Error, Result};
use crate::tasks::{name, not_named};

/// Which ended tasks of a queue are meant.
#[derive(Debug, Clone)]
pub struct RetryFilter {
    /// Their queue.
    pub queue: QueueName,
    /// How they ended.
    pub outcome: &'static str,
    /// Whose they are.
    pub station: Option<StationId>,
    /// Added at this time or later.
    pub created_from: Option<Moment>,
    /// Added before this time.
    pub created_to: Option<Moment>,
    /// Only tasks with a larger key.
    pub after_id: Option<i64>,
    /// Only count them.
    pub dry_run: bool,
}

/// Which tasks run again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Retried {
    /// The tasks that run again.
    #[serde(skip)]
    pub tasks: Vec<TaskId>,
    /// The number of tasks that run again.
    pub retried: usize,
    /// Nothing was changed: `retried` counts the tasks that would run again.
    pub dry_run: bool,
    /// From where to go on; `None`: there are no more.
    pub next_after_id: Option<i64>,
}

/// The most tasks of one call.
const MOST: u32 = 1_000;

/// Runs ended tasks again, from their first attempt; one that is open stays as it is. All of them or, when one cannot, none.
/// A task that a close cancelled is listed again; one that ended otherwise stays hidden where it is.
///
/// # Errors
/// `TASK_NOT_FOUND`; `PARAM_INVALID` for a batch, and for a task that is not dispatched.
pub async fn retry(database: &Database, named: &[TaskReference]) -> Result<Retried> {
    let write = async |c: &mut _| {
        let mut ended = Vec::new();
        for reference in named {
            let name = name(&Caller::Unbound, reference)?;
            let Some(task) = tasks::lock(c, name).await? else {
                return Err(not_named(c, name).await?);
            };
            check(&task)?;
            let is_new = ended.iter().all(|other: &Task| other.id != task.id);
            if task.status == TaskStatus::Finished && is_new {
                ended.push(task);
            }
        }
        revive(c, &ended).await?;
        Ok(Retried {
            tasks: ended.iter().map(|task| task.id).collect(),
            retried: ended.len(),
            ..Retried::default()
        })
    };
    database.transaction(write).await
}

fn check(task: &Task) -> Result<()> {
    let called = task.called();
    let wrong = match (&task.queue, task.is_batch) {
        (_, true) => format!("{called} is a batch: submit it again"),
        (None, _) if task.is_cancelled() => {
            format!("{called} has no queue and was cancelled: /task/add adds it again")
        }
        (None, _) => format!("{called} has no queue: /task/start runs it again"),
        _ => return Ok(()),
    };
    Err(Error::invalid("task_id", &wrong))
}

/// Runs ended tasks of a filter again, smallest keys first, at most 1,000.
///
/// # Errors
/// The database's.
pub async fn retry_all(database: &Database, filter: &RetryFilter) -> Result<Retried> {
    let write = async |c: &mut _| {
        let found = EndedFilter {
            queue: filter.queue.as_str(),
            outcome: filter.outcome,
            station: filter.station.as_ref(),
            created_from: filter.created_from,
            created_to: filter.created_to,
            after_id: filter.after_id.unwrap_or(0),
        };
        let (ended, next_after_id) = tasks::ended(c, &found, MOST).await?;
        if !filter.dry_run {
            revive(c, &ended).await?;
        }
        Ok::<_, Error>(Retried {
            tasks: ended.iter().map(|task| task.id).collect(),
            retried: ended.len(),
            dry_run: filter.dry_run,
            next_after_id,
        })
    };
    database.transaction(write).await
}

async fn revive(connection: &mut Connection, ended: &[Task]) -> Result<()> {
    let queue = |task: &Task| task.queue.as_deref().and_then(QueueName::parse);
    let queues: Vec<_> = ended.iter().filter_map(queue).collect();
    let dispatches: Vec<_> = queues
        .iter()
        .map(|queue| Dispatch {
            queue,
            start: Start::Now,
            timeout: None,
            max_attempts: None,
            expire_at: None,
        })
        .collect();
    let units = ended
        .iter()
        .zip(&dispatches)
        .map(|(task, dispatch)| NewUnit {
            task: task.id,
            station: &task.station_id,
            dispatch,
        });
    tasks::revive(connection, ended).await?;
    let units = units.collect::<Vec<_>>();
    work::insert(connection, &units, Announcer::Caller).await?;
    Ok(())
}
