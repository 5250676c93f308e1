//! `tbl_async_task`: the long-running tasks.

mod change;
mod close;
mod decimal;
mod dispatch;
mod document;
mod ended;
mod filter;
mod finish_runs;
mod insert;
mod keys;
mod life;
mod list;
mod numbers;
mod page;
mod path;
mod result;
mod row;
mod same;
mod selector;

use sqlx::{QueryBuilder, Row as _};

use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId, UserTaskId};
use crate::time::Moment;
use row::{and_batch, light_columns, own_columns, task};
pub(crate) use row::{is_no_batch, outcome_of, said_outcome};

pub use change::{Changes, OpId, Told, amend, finish, finish_run, has_op, update};
pub use close::{close, close_without_work};
pub use dispatch::{Dispatch, Dispatched, Labels, Start};
pub use document::{Amount, BadDocument, Document};
pub use ended::{EndedFilter, ended, revive};
pub use filter::{Filter, FoundBy, Ordered};
pub use finish_runs::{EndedRun, finish_runs};
pub use insert::{IdScope, NewTask, insert, insert_all, insert_for_all, insert_in_scope};
pub use keys::Part;
pub use life::{fail, resubmit, start, wait_again};
pub use list::{batch_progress, count};
pub use numbers::InexactNumber;
pub use page::{Columns, Page, list};
pub use path::{BadPath, ResultPath, Step};
pub use result::{MAX_RESULT, Operation, ResultChange};
pub use same::with_ids_of;
pub use selector::{Ambiguity, TaskSelector, ambiguity};

/// Where a task is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskStatus {
    /// Stored, nobody has started it.
    Submitted = 1,
    /// Somebody works on it.
    Running = 2,
    /// Ended, however it ended.
    Finished = 3,
}

impl TaskStatus {
    /// Returns its number in the database and in answers.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the status of a number; `None` for any other than 1, 2 and 3.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Submitted),
            2 => Some(Self::Running),
            3 => Some(Self::Finished),
            _ => None,
        }
    }
}

/// A task as it is stored.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its key.
    pub id: TaskId,
    /// The caller's own id.
    pub user_task_id: Option<UserTaskId>,
    /// Whose task it is.
    pub station_id: StationId,
    /// The task's name for people, at most 64 characters.
    pub name: String,
    /// The caller's number for its kind.
    pub type_id: i32,
    /// Where it is in its life.
    pub status: TaskStatus,
    /// It may run again once it is finished.
    pub repeat: bool,
    /// It is listed to the station's staff.
    pub message_show: bool,
    /// How often it was started.
    pub run_count: i32,
    /// When it was stored.
    pub created_at: Moment,
    /// When it last changed.
    pub modified_at: Moment,
    /// When its current run started.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How it ended: `success`, `partial`, `failed` or `cancelled`.
    pub outcome: Option<String>,
    /// How far it is, 0 to 99, as its worker says; of a task that is no batch.
    pub progress: u8,
    /// It is a batch: there are items, and chunks of them.
    pub is_batch: bool,
    /// Whose workers it is dispatched to; `None`: nobody's.
    pub queue: Option<String>,
    /// Runs in this life.
    pub attempt: u32,
    /// Why its last run that failed did so.
    pub last_error: Option<String>,
    /// A JSON array of texts.
    pub tags: Option<String>,
    /// Who added it.
    pub created_by: Option<String>,
    /// The callback that is told of its end.
    pub callback: Option<String>,
    /// The state of its unit of work and its queue's policy, where they were read.
    pub dispatched: Dispatched,
    /// The task's input, any text.
    pub input: Option<String>,
    /// The task's result: a JSON text.
    pub result: Option<String>,
}

impl Task {
    /// Tells whether it was cancelled: it is not changed any more.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.outcome.as_deref() == Some("cancelled")
    }

    /// Returns the id that its caller uses: the caller's own id where there is one, else the key.
    #[must_use]
    pub fn called(&self) -> String {
        match &self.user_task_id {
            Some(id) => id.to_string(),
            None => self.id.to_string(),
        }
    }
}

/// Finds the task that the selector names. The dispatch of a task that has a queue is a second statement: a task
/// without one pays nothing for it.
pub async fn find<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
) -> Result<Option<Task>> {
    const HEAD: &str = concat!(
        "SELECT ",
        own_columns!("task_id IS NOT NULL"),
        ", ",
        dispatch::undispatched_columns!(),
        ", input, CAST(result AS CHAR) AS result FROM tbl_async_task",
        and_batch!()
    );
    let mut found = find_by(connection, named.into(), HEAD).await?;
    if let Some(task) = found.as_mut().filter(|task| task.queue.is_some()) {
        task.dispatched = dispatch::read(connection, task.id).await?;
    }
    Ok(found)
}

/// Finds the task that the selector names as [`find`] does, in one statement also where it is dispatched.
pub async fn find_dispatched<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
) -> Result<Option<Task>> {
    const HEAD: &str = concat!(
        "SELECT ",
        light_columns!(),
        ", input, CAST(result AS CHAR) AS result FROM tbl_async_task",
        and_batch!()
    );
    find_by(connection, named.into(), HEAD).await
}

async fn find_by(
    connection: &mut Connection,
    named: TaskSelector<'_>,
    head: &'static str,
) -> Result<Option<Task>> {
    let mut sql = QueryBuilder::new("");
    named.push_rows(&mut sql, head);
    let rows = sql.build().fetch_all(connection).await?;
    let mut tasks = rows.iter().map(task).collect::<Result<Vec<_>>>()?;
    tasks.dedup_by_key(|task| task.id);
    Ok(tasks.pop().filter(|_| tasks.is_empty()))
}

/// Reads tasks by their keys, in no order.
pub async fn by_ids(connection: &mut Connection, ids: &[TaskId]) -> Result<Vec<Task>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new(concat!(
        "SELECT ",
        light_columns!(),
        ", input, CAST(result AS CHAR) AS result FROM tbl_async_task",
        and_batch!(),
        " WHERE id IN ("
    ));
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id.get());
    }
    sql.push(")");
    let query = sql.build().persistent(ids.len() == 1);
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(task).collect()
}

/// Finds a task and locks it until the transaction ends, without input and result. Its batch is not locked: a worker may
/// hold the batch's row while it holds its chunk, and the holder of the task's lock waits for the chunk.
pub async fn lock<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
) -> Result<Option<Task>> {
    let mut sql = QueryBuilder::new(concat!(
        "SELECT ",
        light_columns!("EXISTS (SELECT 1 FROM tbl_batch WHERE task_id = id)"),
        ", NULL AS input, NULL AS result FROM tbl_async_task"
    ));
    named.into().push(&mut sql);
    sql.push(" FOR UPDATE");
    let row = sql.build().fetch_optional(connection).await?;
    row.as_ref().map(task).transpose()
}

/// Locks a task's row as [`lock`] does. `None` when another transaction holds it, and when the task does not exist.
pub async fn lock_if_free(connection: &mut Connection, id: TaskId) -> Result<Option<Task>> {
    let row = sqlx::query(concat!(
        "SELECT ",
        light_columns!("EXISTS (SELECT 1 FROM tbl_batch WHERE task_id = id)"),
        ", NULL AS input, NULL AS result FROM tbl_async_task WHERE id = ? FOR UPDATE SKIP LOCKED"
    ))
    .bind(id.get())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(task).transpose()
}

/// Finds the key of the task that the selector names.
pub async fn key<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
) -> Result<Option<TaskId>> {
    let mut sql = QueryBuilder::new("SELECT id FROM tbl_async_task");
    named.into().push(&mut sql);
    let row = sql.build().fetch_optional(connection).await?;
    row.map(|row| Ok(TaskId::from_row(row.try_get("id")?)))
        .transpose()
}

/// Reads the task with a key.
pub async fn by_id(connection: &mut Connection, id: TaskId) -> Result<Option<Task>> {
    find(connection, id).await
}

/// Finds the task with a caller's own id; `None` when several stations have a task with this id.
pub async fn by_user_task_id(connection: &mut Connection, id: &UserTaskId) -> Result<Option<Task>> {
    find(connection, id).await
}
