//! How a task is dispatched to workers, and the state of its unit of work.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::Task;
use crate::arguments::json;
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

/// Labels of a task: its tags and its author, by which lists find it, its callback, and the days for which it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels<'a> {
    /// A JSON array of texts.
    pub tags: Option<&'a str>,
    /// Who added it.
    pub created_by: Option<&'a str>,
    /// The declared callback that gets its end.
    pub callback: Option<&'a str>,
    /// For how many days it is kept once it has ended; 0: for ever. `None`: as the deployment says.
    pub keep_days: Option<u32>,
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

/// The columns of a [`Dispatched`] in a row of `tbl_async_task`. Of a task without a queue nothing else is read.
macro_rules! dispatched_columns {
    () => {
        "IF(queue IS NULL, NULL, CAST(COALESCE(max_attempts, \
           (SELECT q.max_attempts FROM tbl_task_queue q WHERE q.name = tbl_async_task.queue)) AS UNSIGNED)) AS most_runs, \
         IF(queue IS NULL, NULL, (SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', IF(w.state = 1, w.due_at, NULL)) FROM tbl_work w \
           WHERE w.task_id = tbl_async_task.id AND w.kind = 2 AND w.run = 0 AND w.part = 0)) AS next_run_at, \
         IF(queue IS NULL, NULL, (SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', IF(w.state = 3, w.lease_until, NULL)) FROM tbl_work w \
           WHERE w.task_id = tbl_async_task.id AND w.kind = 2 AND w.run = 0 AND w.part = 0)) AS lease_until"
    };
}
pub(super) use dispatched_columns;

/// The columns of a [`Dispatched`] where they are not read.
macro_rules! undispatched_columns {
    () => {
        "NULL AS most_runs, NULL AS next_run_at, NULL AS lease_until"
    };
}
pub(super) use undispatched_columns;

impl Dispatched {
    /// Reads a row of `dispatched_columns` or `undispatched_columns`.
    pub(super) fn from_row(row: &MySqlRow) -> Result<Self> {
        Ok(Self {
            max_attempts: row
                .try_get::<Option<u64>, _>("most_runs")?
                .and_then(|most| most.try_into().ok()),
            next_run_at: Moment::from_row(row, "next_run_at")?,
            lease_until: Moment::from_row(row, "lease_until")?,
        })
    }
}

/// Reads the dispatch of a task.
pub(super) async fn read(connection: &mut Connection, id: TaskId) -> Result<Dispatched> {
    let row = sqlx::query(concat!(
        "SELECT ",
        dispatched_columns!(),
        " FROM tbl_async_task WHERE id = ?"
    ))
    .bind(id.get())
    .fetch_optional(connection)
    .await?;
    row.as_ref()
        .map_or_else(|| Ok(Dispatched::default()), Dispatched::from_row)
}

/// Reads the dispatch of those tasks that have a queue: no statement where none has.
pub(super) async fn read_all(connection: &mut Connection, tasks: &mut [Task]) -> Result<()> {
    const READ: &str = concat!(
        "SELECT id, ",
        dispatched_columns!(),
        " FROM JSON_TABLE(?, '$[*]' COLUMNS (task BIGINT PATH '$')) k STRAIGHT_JOIN tbl_async_task ON id = k.task"
    );
    let dispatched = tasks.iter().filter(|task| task.queue.is_some());
    let ids: Vec<_> = dispatched.map(|task| task.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(READ).bind(json(&ids)?).fetch_all(connection);
    for row in rows.await? {
        let id = TaskId::from_row(row.try_get("id")?);
        if let Some(task) = tasks.iter_mut().find(|task| task.id == id) {
            task.dispatched = Dispatched::from_row(&row)?;
        }
    }
    Ok(())
}
