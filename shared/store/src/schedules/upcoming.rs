//! Tasks of a schedule that were added ahead of their time, when the schedule is changed or deleted.

use sqlx::Row as _;

use super::{Schedule, task_id};
use crate::connections::Connection;
use crate::error::Result;
use crate::time::Moment;

/// Seconds from now within which a task may have been added ahead: many more than there are.
const A_DAY: i64 = 86_400;

/// Removes the tasks of a locked schedule whose time has not come: nobody has started one, and their instants are no longer
/// those of the schedule. Answers the first instant that was taken back.
///
/// A task whose row is locked by somebody else is waited for.
pub async fn remove_upcoming(
    connection: &mut Connection,
    schedule: &Schedule,
    now: Moment,
) -> Result<Option<Moment>> {
    // Ids of one schedule are in the order of their instants, which have one length.
    const UPCOMING: &str = "
        SELECT t.id AS id, TIMESTAMPDIFF(SECOND, '1970-01-01', w.due_at) AS due_at
        FROM tbl_async_task t FORCE INDEX (own_id)
        STRAIGHT_JOIN tbl_work w FORCE INDEX (unit) ON w.task_id = t.id AND w.kind = 2 AND w.run = 0 AND w.part = 0
        WHERE t.station_id = ?
          AND t.user_task_id > ?
          AND t.user_task_id < ?
          AND t.status = 1 -- submitted
          AND t.run_count = 0
          AND w.state = 1 -- delayed
        ORDER BY t.user_task_id
        FOR UPDATE";
    let rows = sqlx::query(UPCOMING)
        .bind(&schedule.station)
        .bind(task_id(&schedule.name, now))
        .bind(task_id(&schedule.name, now.plus(A_DAY)));
    let mut first = None;
    for row in rows.fetch_all(&mut *connection).await? {
        let id: i64 = row.try_get("id")?;
        first = first.or(Moment::from_row(&row, "due_at")?);
        for sql in [
            "DELETE FROM tbl_work WHERE task_id = ? AND kind = 2 AND run = 0 AND part = 0",
            "DELETE FROM tbl_task_keep WHERE task_id = ?",
            "DELETE FROM tbl_async_task WHERE id = ?",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *connection).await?;
        }
    }
    Ok(first)
}
