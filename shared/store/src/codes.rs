//! `tbl_batch_item` by code: failed items, counted by their first error.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::row::text;

/// Counts the failed items of a run by the code of their first error.
pub async fn count(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
) -> Result<Vec<(String, u32)>> {
    let rows = sqlx::query(COUNT)
        .bind(task.get())
        .bind(run)
        .fetch_all(connection)
        .await?;
    let count = |row: &MySqlRow| {
        Ok((
            text(row, "code")?,
            u32::try_from(row.try_get::<u64, _>("n")?).unwrap_or(u32::MAX),
        ))
    };
    rows.iter().map(count).collect()
}

const COUNT: &str = "\
    SELECT code, CAST(COUNT(*) AS UNSIGNED) AS n
    FROM tbl_batch_item
    WHERE task_id = ?
      AND run = ?
      AND status = 2 -- failed
      AND code IS NOT NULL
    GROUP BY code
    ORDER BY code";
