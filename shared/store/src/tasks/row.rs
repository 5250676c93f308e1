//! A row of `tbl_async_task` as a [`Task`].

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use super::{Task, TaskStatus};
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId, UserTaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// The columns of a [`Task`], in the order [`task`] reads them.
macro_rules! task_columns {
    () => {
        concat!(
            $crate::tasks::row::light_columns!(),
            ", input, CAST(result AS CHAR)"
        )
    };
}

/// Those that are small whatever the task is.
macro_rules! light_columns {
    () => {
        "id, user_task_id, station_id, name, type, status, `repeat`, message_show, run_count, \
         TIMESTAMPDIFF(SECOND, '1970-01-01', creat_time), TIMESTAMPDIFF(SECOND, '1970-01-01', modify_time), \
         TIMESTAMPDIFF(SECOND, '1970-01-01', start_time), TIMESTAMPDIFF(SECOND, '1970-01-01', end_time)"
    };
}

pub(super) use light_columns;
pub(super) use task_columns;

/// Reads a row of [`task_columns`].
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
        input: optional_text(row, 13)?,
        result: optional_text(row, 14)?,
    })
}
