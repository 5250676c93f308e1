//! How a task is dispatched to workers, and the state of its unit of work.

use sqlx::{QueryBuilder, Row as _};

use super::Task;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::task_queues::QueueName;
use crate::time::Moment;

/// How a new task is dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispatch<'a> {
    /// To which queue's workers.
    pub queue: &'a QueueName,
    /// From when on.
    pub start: Start,
    /// Seconds a run may be silent; `None`: as the queue says.
    pub timeout: Option<u32>,
    /// Runs before it ends as failed; `None`: as the queue says.
    pub max_attempts: Option<u32>,
    /// Until when it may be started.
    pub expire_at: Option<Moment>,
}

/// From when on a task may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At once.
    Now,
    /// After this number of seconds, by the database's clock.
    In(u32),
    /// At a time.
    At(Moment),
}

/// Labels that a task is found by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels<'a> {
    /// A JSON array of texts.
    pub tags: Option<&'a str>,
    /// Who added it.
    pub created_by: Option<&'a str>,
}

/// The state of a dispatched task beside its own row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Runs before it ends as failed.
    pub max_attempts: Option<u32>,
    /// When it may run next, while it waits for its time.
    pub next_run_at: Option<Moment>,
    /// Until when its run may be silent.
    pub lease_until: Option<Moment>,
}

/// Reads the state of the dispatched tasks among `tasks`. Reads nothing when none is dispatched.
pub(super) async fn read_dispatched(connection: &mut Connection, tasks: &mut [Task]) -> Result<()> {
    let dispatched = tasks.iter().filter(|task| task.queue.is_some());
    let ids: Vec<_> = dispatched.map(|task| task.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut sql = QueryBuilder::new(DISPATCHED);
    let mut list = sql.separated(", ");
    for id in &ids {
        list.push_bind(id.get());
    }
    sql.push(")");
    // Most are of one task; a statement of its own for every other number is not worth its place among the prepared ones.
    let query = sql.build().persistent(ids.len() == 1);
    for row in query.fetch_all(connection).await? {
        let id = TaskId::from_row(row.try_get("id")?);
        if let Some(task) = tasks.iter_mut().find(|task| task.id == id) {
            task.dispatched = Dispatched {
                max_attempts: row.try_get("max_attempts")?,
                next_run_at: Moment::from_row(&row, "next_run_at")?,
                lease_until: Moment::from_row(&row, "lease_until")?,
            };
        }
    }
    Ok(())
}

const DISPATCHED: &str = "
    SELECT t.id, COALESCE(t.max_attempts, q.max_attempts) AS max_attempts,
      TIMESTAMPDIFF(SECOND, '1970-01-01', IF(w.state = 1, w.due_at, NULL)) AS next_run_at,
      TIMESTAMPDIFF(SECOND, '1970-01-01', IF(w.state = 3, w.lease_until, NULL)) AS lease_until
    FROM tbl_async_task t
    LEFT JOIN tbl_task_queue q ON q.name = t.queue
    LEFT JOIN tbl_work w ON w.task_id = t.id AND w.kind = 2 AND w.run = 0 AND w.part = 0
    WHERE t.id IN (";
