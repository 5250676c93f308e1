//! Runs that are announced, but not now: there is no room for them under the cap of their queue, or the queue is paused.
//!
//! Such a unit counts as not announced. Its turn finds it when there is room; its time does not, because every sweep would read past
//! it in the index `due`. The unit of a task that expires is found by its time as well.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::announce::{RunAnnouncement, UNANNOUNCED_DELAYED, announcement_columns, postpone};
use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::row::text;

/// A queue and one of its stations.
pub type CappedLane = (String, StationId);

/// Reads the lanes of tasks whose queue is capped and announces runs, each lane once.
pub async fn capped_lanes(
    connection: &mut Connection,
    tasks: &[TaskId],
) -> Result<Vec<CappedLane>> {
    const LANES: &str = "
        SELECT DISTINCT w.queue, w.station_id
        FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_work w FORCE INDEX (unit) ON w.task_id = k.id AND w.kind = 2 AND w.run = 0 AND w.part = 0
        STRAIGHT_JOIN tbl_task_queue q ON q.name = w.queue
        WHERE q.mode IN ('sqs', 'push') AND (q.concurrency > 0 OR q.station_concurrency > 0)";
    let rows = sqlx::query(LANES).bind(json(tasks)?);
    let rows = rows.fetch_all(connection).await?;
    let lane = |row: &MySqlRow| {
        let station = StationId::from_row(text(row, "station_id")?);
        Ok((text(row, "queue")?, station))
    };
    rows.iter().map(lane).collect()
}

/// Makes the unit of a task, whose start was refused for want of room, count as not announced.
pub async fn let_wait(connection: &mut Connection, task: TaskId) -> Result<()> {
    const LET_WAIT: &str = "
        UPDATE tbl_work FORCE INDEX (unit)
        SET due_at        = CASE WHEN state = 1 THEN due_at
                                 WHEN expire_at IS NULL THEN TIMESTAMP('9999-12-31')
                                 ELSE NOW(3) END,
            announcements = 0
        WHERE task_id = ? AND kind = 2 AND run = 0 AND part = 0
          AND state IN (0, 1) -- ready, delayed";
    let waiting = sqlx::query(LET_WAIT).bind(task.get());
    waiting.execute(connection).await?;
    Ok(())
}

/// Makes overdue units of a queue count as not announced, up to `limit`, except units of tasks that expire; answers how many.
///
/// Runs in a transaction.
pub async fn let_overdue_wait(
    connection: &mut Connection,
    queue: &str,
    limit: u32,
) -> Result<usize> {
    const OVERDUE: &str = "
        SELECT id FROM tbl_work FORCE INDEX (due)
        WHERE state = 0 AND due_at <= NOW(3) AND queue = ? AND kind = 2 AND expire_at IS NULL
        ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED";
    const LET_WAIT: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_work w ON w.id = k.id
        SET w.due_at        = '9999-12-31',
            w.announcements = 0";
    let rows = sqlx::query(OVERDUE).bind(queue).bind(limit);
    let rows = rows.fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let id = |row: &MySqlRow| row.try_get("id");
    let ids = rows.iter().map(id).collect::<sqlx::Result<Vec<i64>>>()?;
    let waiting = sqlx::query(LET_WAIT).bind(json(&ids)?);
    waiting.execute(connection).await?;
    Ok(ids.len())
}

macro_rules! first_waiting {
    ($index:literal, $lane:literal) => {
        concat!(
            "SELECT ",
            announcement_columns!(),
            "
             FROM (SELECT id FROM tbl_work FORCE INDEX (",
            $index,
            ")
                   WHERE queue = ? AND state = 0 -- ready
                     AND kind = 2 AND (expire_at IS NULL OR expire_at > NOW(3))",
            $lane,
            "
                   ORDER BY turn, id LIMIT ?) k
             STRAIGHT_JOIN tbl_work w ON w.id = k.id
             STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
             WHERE w.state = 0 AND (w.announcements = 0 OR w.due_at <= NOW(3))
             FOR UPDATE SKIP LOCKED"
        )
    };
}

/// Takes the units that are not announced, or overdue, among the first `room` ready units of a queue, and puts off their next
/// announcement.
///
/// Runs in a transaction that has locked the queue.
pub async fn take_waiting(
    connection: &mut Connection,
    queue: &str,
    room: u32,
) -> Result<Vec<RunAnnouncement>> {
    const FIRST: &str = first_waiting!("turn", "");
    let first = sqlx::query(FIRST).bind(queue).bind(room);
    let rows = first.fetch_all(&mut *connection).await?;
    postpone(connection, &rows, 0).await
}

/// Takes units of a queue and a station as [`take_waiting`] does.
pub async fn take_waiting_of_station(
    connection: &mut Connection,
    queue: &str,
    station: &StationId,
    room: u32,
) -> Result<Vec<RunAnnouncement>> {
    const FIRST: &str = first_waiting!("lane", " AND station_id = ? AND is_rework = 0");
    let first = sqlx::query(FIRST).bind(queue).bind(station.as_str());
    let rows = first.bind(room).fetch_all(&mut *connection).await?;
    postpone(connection, &rows, 0).await
}

/// Takes delayed units of a queue whose time is near and that are not announced, up to `room`.
///
/// Runs in a transaction.
pub async fn take_delayed(
    connection: &mut Connection,
    queue: &str,
    room: u32,
) -> Result<Vec<RunAnnouncement>> {
    let delayed = sqlx::query(UNANNOUNCED_DELAYED).bind(queue).bind(room);
    let rows = delayed.fetch_all(&mut *connection).await?;
    postpone(connection, &rows, 0).await
}
