//! A row of `tbl_async_task` as a [`Task`].

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use super::{Dispatched, Task, TaskStatus};
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId, UserTaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// The columns of a [`Task`], in the order [`task`] reads them, up to whether it is a batch; the two that may be large
/// follow.
macro_rules! light_columns {
    ($is_batch:literal) => {
        concat!(
            "id, user_task_id, station_id, name, type, status, `repeat`, message_show, run_count, \
             TIMESTAMPDIFF(SECOND, '1970-01-01', creat_time), TIMESTAMPDIFF(SECOND, '1970-01-01', modify_time), \
             TIMESTAMPDIFF(SECOND, '1970-01-01', start_time), TIMESTAMPDIFF(SECOND, '1970-01-01', end_time), \
             outcome, progress, ",
            $is_batch,
            ", queue, attempt, last_error, tags, created_by"
        )
    };
    // From a table with its `and_batch`.
    () => {
        light_columns!("task_id IS NOT NULL")
    };
}

/// What follows `tbl_async_task`, so that a row tells whether it is a batch.
macro_rules! and_batch {
    () => {
        " LEFT JOIN tbl_batch ON task_id = id"
    };
}

/// That the task that an `UPDATE` changes is no batch. It depends on the row, so it is looked at after that is locked: a
/// batch whose submit the lock had to wait for is seen.
macro_rules! is_no_batch {
    () => {
        "NOT EXISTS (SELECT 1 FROM tbl_batch WHERE task_id = tbl_async_task.id)"
    };
}

/// How a task with a JSON result has ended: what the result says itself, if it says one of the four words, else `success`.
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
pub(crate) use said_outcome;

/// Reads a row of [`light_columns`] and, behind them, input and result as text.
pub(super) fn task(row: &MySqlRow) -> Result<Task> {
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
        outcome: optional_text(row, 13)?,
        progress: row.try_get(14)?,
        is_batch: row.try_get(15)?,
        queue: optional_text(row, 16)?,
        attempt: row.try_get(17)?,
        last_error: optional_text(row, 18)?,
        tags: optional_text(row, 19)?,
        created_by: optional_text(row, 20)?,
        dispatched: Dispatched::default(),
        input: optional_text(row, 21)?,
        result: optional_text(row, 22)?,
    })
}
