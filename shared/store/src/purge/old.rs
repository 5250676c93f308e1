//! Looking for tasks that ended long enough ago.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::connections::Connection;
use crate::error::Result;

/// A page of tasks, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OldTasks {
    /// Keys of finished tasks that ended before the days to keep.
    pub ended: Vec<i64>,
    /// Where the next page begins; `None`: no later task is old enough.
    pub next_after: Option<i64>,
}

/// The columns of a task `t` from which an [`OldTasks`] is read; binds the days twice.
macro_rules! age_columns {
    () => {
        "t.id AS id,
          t.creat_time < NOW(3) - INTERVAL ? DAY AS is_old,
          t.status = 3 AND t.end_time < NOW(3) - INTERVAL ? DAY
            AND NOT EXISTS (SELECT 1 FROM tbl_work w WHERE w.task_id = t.id)
            AND NOT EXISTS (SELECT 1 FROM tbl_purged p WHERE p.task_id = t.id)"
    };
}

/// Reads which of the `limit` tasks behind a key have ended more than `days` days ago, without those that have days of their own;
/// nothing is locked. A task that was added within the days ends the search: later keys are younger.
pub async fn old_tasks(
    connection: &mut Connection,
    after: i64,
    days: u32,
    limit: u32,
) -> Result<OldTasks> {
    const OLD: &str = concat!(
        "SELECT ",
        age_columns!(),
        " AND NOT EXISTS (SELECT 1 FROM tbl_task_keep k WHERE k.task_id = t.id) AS is_over
        FROM tbl_async_task t FORCE INDEX (PRIMARY)
        WHERE t.id > ?
        ORDER BY t.id LIMIT ?"
    );
    let rows = sqlx::query(OLD).bind(days).bind(days).bind(after);
    old(&rows.bind(limit).fetch_all(connection).await?, limit)
}

/// Reads which of the `limit` tasks behind a key that are kept for `days` days of their own have ended longer ago. Ends the
/// search as [`old_tasks`] does.
pub async fn old_tasks_of(
    connection: &mut Connection,
    after: i64,
    days: u32,
    limit: u32,
) -> Result<OldTasks> {
    const OLD: &str = concat!(
        "SELECT ",
        age_columns!(),
        " AS is_over
        FROM tbl_task_keep k FORCE INDEX (of_days)
        STRAIGHT_JOIN tbl_async_task t ON t.id = k.task_id
        WHERE k.days = ? AND k.task_id > ?
        ORDER BY k.task_id LIMIT ?"
    );
    let rows = sqlx::query(OLD).bind(days).bind(days).bind(days);
    let rows = rows.bind(after).bind(limit).fetch_all(connection);
    old(&rows.await?, limit)
}

fn old(rows: &[MySqlRow], limit: u32) -> Result<OldTasks> {
    let mut old = OldTasks::default();
    let is_full = rows.len() == limit as usize;
    for row in rows {
        let id = row.try_get("id")?;
        if row.try_get_unchecked::<Option<i64>, _>("is_old")? != Some(1) {
            old.next_after = None;
            return Ok(old);
        }
        if row.try_get_unchecked::<Option<i64>, _>("is_over")? == Some(1) {
            old.ended.push(id);
        }
        old.next_after = Some(id).filter(|_| is_full);
    }
    Ok(old)
}
