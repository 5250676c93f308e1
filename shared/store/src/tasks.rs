//! `tbl_async_task`: the long-running tasks.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId, UserTaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

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
    /// The number it is stored and answered as.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The status of a number; `None` for any other than 1, 2 and 3.
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
    /// What a person reads, at most 64 characters.
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
    /// What the caller gave it to work on, any text.
    pub input: Option<String>,
    /// What came of it: a JSON text.
    pub result: Option<String>,
}

/// What a new task is stored with.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// The caller's own id; unique.
    pub user_task_id: Option<&'a UserTaskId>,
    /// Whose task it is.
    pub station_id: &'a StationId,
    /// What a person reads, at most 64 characters.
    pub name: &'a str,
    /// What the caller gave it to work on, any text.
    pub input: &'a str,
    /// The caller's number for its kind.
    pub type_id: i32,
    /// It may run again once it is finished.
    pub repeat: bool,
    /// It is listed to the station's staff.
    pub message_show: bool,
}

/// The columns of a [`Task`], in the order [`task`] reads them.
macro_rules! task_columns {
    () => {
        "id, user_task_id, station_id, name, type, status, `repeat`, message_show, run_count, \
         TIMESTAMPDIFF(SECOND, '1970-01-01', creat_time), TIMESTAMPDIFF(SECOND, '1970-01-01', modify_time), \
         TIMESTAMPDIFF(SECOND, '1970-01-01', start_time), TIMESTAMPDIFF(SECOND, '1970-01-01', end_time), \
         input, CAST(result AS CHAR)"
    };
}

fn task(row: &MySqlRow) -> Result<Task> {
    let status: i64 = row.try_get(5)?;
    Ok(Task {
        id: TaskId::from_row(row.try_get(0)?),
        user_task_id: optional_text(row, 1)?.map(UserTaskId::from_row),
        station_id: StationId::from_row(text(row, 2)?),
        name: text(row, 3)?,
        type_id: row.try_get(4)?,
        status: TaskStatus::from_number(status).ok_or(StoreError::Unreadable("status"))?,
        repeat: row.try_get(6)?,
        message_show: row.try_get(7)?,
        run_count: row.try_get(8)?,
        created_at: Moment::from_row(row, 9)?.ok_or(StoreError::Unreadable("creat_time"))?,
        modified_at: Moment::from_row(row, 10)?.ok_or(StoreError::Unreadable("modify_time"))?,
        started_at: Moment::from_row(row, 11)?,
        ended_at: Moment::from_row(row, 12)?,
        input: optional_text(row, 13)?,
        result: optional_text(row, 14)?,
    })
}

/// Stores a submitted task. A taken `user_task_id` is a duplicate-key error.
pub async fn insert(connection: &mut Connection, new: &NewTask<'_>) -> Result<TaskId> {
    let done = sqlx::query(
        "INSERT INTO tbl_async_task (user_task_id, station_id, name, input, type, `repeat`, message_show) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.user_task_id.map(UserTaskId::as_str))
    .bind(new.station_id.as_str())
    .bind(new.name)
    .bind(new.input)
    .bind(new.type_id)
    .bind(new.repeat)
    .bind(new.message_show)
    .execute(connection)
    .await?;
    i64::try_from(done.last_insert_id())
        .map(TaskId::from_row)
        .map_err(|_| StoreError::Unreadable("id"))
}

/// The task with a key.
pub async fn by_id(connection: &mut Connection, id: TaskId) -> Result<Option<Task>> {
    let sql = concat!(
        "SELECT ",
        task_columns!(),
        " FROM tbl_async_task WHERE id = ?"
    );
    let row = sqlx::query(sql)
        .bind(id.get())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(task).transpose()
}

/// The task with a caller's own id.
pub async fn by_user_task_id(connection: &mut Connection, id: &UserTaskId) -> Result<Option<Task>> {
    let sql = concat!(
        "SELECT ",
        task_columns!(),
        " FROM tbl_async_task WHERE user_task_id = ?"
    );
    let row = sqlx::query(sql)
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(task).transpose()
}

/// The task with a key, locked against every other change until the transaction ends.
pub async fn lock(connection: &mut Connection, id: TaskId) -> Result<Option<Task>> {
    let sql = concat!(
        "SELECT ",
        task_columns!(),
        " FROM tbl_async_task WHERE id = ? FOR UPDATE"
    );
    let row = sqlx::query(sql)
        .bind(id.get())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(task).transpose()
}

/// Submits a finished, repeatable task again with a new input; `false` when it is not finished or not repeatable.
pub async fn resubmit(connection: &mut Connection, id: TaskId, new: &NewTask<'_>) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE tbl_async_task SET status = 1, name = ?, input = ?, type = ?, result = NULL, start_time = NULL, \
         end_time = NULL, modify_time = NOW(3) WHERE id = ? AND status = 3 AND `repeat` = 1",
    )
    .bind(new.name)
    .bind(new.input)
    .bind(new.type_id)
    .bind(id.get())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
