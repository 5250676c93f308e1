//! A row of `tbl_async_task` as a [`Task`].

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use super::{Dispatched, Task, TaskStatus};
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId, UserTaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// The columns of a [`Task`] but for `input` and `result`, which may be large, and those of a [`Dispatched`].
macro_rules! own_columns {
    ($is_batch:literal) => {
        concat!(
            "id, user_task_id, station_id, name, type, status, `repeat`, message_show, run_count, \
             TIMESTAMPDIFF(SECOND, '1970-01-01', creat_time) AS created_at, \
             TIMESTAMPDIFF(SECOND, '1970-01-01', modify_time) AS modified_at, \
             TIMESTAMPDIFF(SECOND, '1970-01-01', start_time) AS started_at, \
             TIMESTAMPDIFF(SECOND, '1970-01-01', end_time) AS ended_at, \
             outcome, progress, ",
            $is_batch,
            " AS is_batch, queue, attempt, last_error, tags, created_by, callback"
        )
    };
}

/// The columns of a [`Task`] but for `input` and `result`: the statement adds them.
macro_rules! light_columns {
    ($is_batch:literal) => {
        concat!(
            crate::tasks::row::own_columns!($is_batch),
            ", ",
            crate::tasks::dispatch::dispatched_columns!()
        )
    };
    // From a table with its `and_batch`.
    () => {
        light_columns!("task_id IS NOT NULL")
    };
}

/// The join behind `tbl_async_task` by which a row tells whether it is a batch.
macro_rules! and_batch {
    () => {
        " LEFT JOIN tbl_batch ON task_id = id"
    };
}

/// The updated task is not a batch. Correlated on purpose: evaluated after the row lock, so a submit that the lock waited
/// for is seen.
macro_rules! is_no_batch {
    () => {
        "NOT EXISTS (SELECT 1 FROM tbl_batch WHERE task_id = tbl_async_task.id)"
    };
}

/// The outcome of a task with a JSON result: the result's own outcome, if it is one of the four words, else `success`.
macro_rules! outcome_of {
    ($result:literal) => {
        concat!(
            "COALESCE(",
            crate::tasks::said_outcome!($result),
            ", 'success')"
        )
    };
}

/// The outcome that a JSON result says itself; NULL when it says none of the four words.
macro_rules! said_outcome {
    ($result:literal) => {
        concat!(
            "CASE JSON_UNQUOTE(JSON_EXTRACT(", $result, ", '$.outcome')) WHEN 'success' THEN 'success' \
             WHEN 'partial' THEN 'partial' WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN 'cancelled' END"
        )
    };
}

pub(super) use and_batch;
pub(crate) use is_no_batch;
pub(super) use light_columns;
pub(crate) use outcome_of;
pub(super) use own_columns;
pub(crate) use said_outcome;

/// Reads a row of [`light_columns`], `input` and `result`.
pub(super) fn task(row: &MySqlRow) -> Result<Task> {
    let status: i64 = row.try_get("status")?;
    Ok(Task {
        id: TaskId::from_row(row.try_get("id")?),
        user_task_id: optional_text(row, "user_task_id")?.map(UserTaskId::from_row),
        station_id: StationId::from_row(text(row, "station_id")?),
        name: text(row, "name")?,
        type_id: row.try_get("type")?,
        status: TaskStatus::from_number(status).ok_or(StoreError::Unreadable("status"))?,
        repeat: row.try_get("repeat")?,
        message_show: row.try_get("message_show")?,
        run_count: row.try_get("run_count")?,
        created_at: Moment::from_row(row, "created_at")?
            .ok_or(StoreError::Unreadable("created_at"))?,
        modified_at: Moment::from_row(row, "modified_at")?
            .ok_or(StoreError::Unreadable("modified_at"))?,
        started_at: Moment::from_row(row, "started_at")?,
        ended_at: Moment::from_row(row, "ended_at")?,
        outcome: optional_text(row, "outcome")?,
        progress: row.try_get("progress")?,
        is_batch: row.try_get("is_batch")?,
        queue: optional_text(row, "queue")?,
        attempt: row.try_get("attempt")?,
        last_error: optional_text(row, "last_error")?,
        tags: optional_text(row, "tags")?,
        created_by: optional_text(row, "created_by")?,
        callback: optional_text(row, "callback")?,
        dispatched: Dispatched::from_row(row)?,
        input: optional_text(row, "input")?,
        result: optional_text(row, "result")?,
    })
}
