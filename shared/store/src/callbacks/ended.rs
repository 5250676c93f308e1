//! Writing deliveries: in the transaction that ends the tasks.

use sqlx::Row as _;

use super::now_ms;
use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::invocation::{self, OpenedUnit};
use crate::row::text;

/// What a callback is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A task or a batch has ended.
    Ended,
    /// An ended batch was changed by hand.
    Changed,
}

/// Seconds until a delivery is announced again.
pub(super) const RESEND: u32 = 30;

/// Writes a delivery for each of these tasks that has a callback which is told such a thing, and its unit of work. The caller
/// holds the locks of the tasks' rows, and has ended them.
pub async fn record_ends(
    connection: &mut Connection,
    tasks: &[TaskId],
    event: Event,
) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(TOLD).bind(json(tasks)?);
    let rows = rows
        .bind(event == Event::Changed)
        .fetch_all(&mut *connection)
        .await?;
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let (task, no): (i64, u32) = (row.try_get("task_id")?, row.try_get("no")?);
        let is_held: bool = row.try_get("is_held")?;
        let callback = text(&row, "name")?;
        if !is_held {
            let task = TaskId::from_row(task);
            let callback = callback.clone();
            let _ = invocation::note_opened(OpenedUnit::Callback { task, no, callback });
        }
        told.push((
            task,
            no,
            callback,
            text(&row, "event")?,
            if is_held { 3 } else { 0 },
        ));
    }
    if told.is_empty() {
        return Ok(());
    }
    let told = json(&told)?;
    sqlx::query(DELIVERY)
        .bind(&told)
        .execute(&mut *connection)
        .await?;
    open(connection, &told).await
}

/// Inserts the units of work of deliveries, of those in state 0: a list of task, number, callback, event and state.
pub(super) async fn open(connection: &mut Connection, told: &str) -> Result<()> {
    let units = sqlx::query(UNIT).bind(RESEND).bind(told);
    units.execute(connection).await?;
    Ok(())
}

const TOLD: &str = "
    SELECT e.task_id, e.name, e.is_held, e.event,
      CAST(COALESCE((SELECT MAX(d.no) FROM tbl_callback_delivery d WHERE d.task_id = e.task_id), 0) + 1 AS UNSIGNED) AS no
    FROM (SELECT t.id AS task_id, c.name, c.events, c.disabled_at IS NOT NULL AS is_held,
            CASE WHEN b.task_id IS NULL THEN 'task.finished' WHEN k.is_changed THEN 'batch.changed' ELSE 'batch.finished' END AS event
          FROM (SELECT j.id, p.is_changed FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) j
                JOIN (SELECT ? AS is_changed) p) k
          STRAIGHT_JOIN tbl_async_task t ON t.id = k.id
          STRAIGHT_JOIN tbl_callback c ON c.name = t.callback
          LEFT JOIN tbl_batch b ON b.task_id = t.id) e
    WHERE FIND_IN_SET(e.event, e.events)";

macro_rules! told {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS (task_id BIGINT PATH '$[0]', no INT UNSIGNED PATH '$[1]', callback VARCHAR(32) PATH '$[2]',
           event VARCHAR(16) PATH '$[3]', state INT PATH '$[4]')) k
         STRAIGHT_JOIN tbl_async_task t ON t.id = k.task_id"
    };
}

/// What a batch counts is in its result.
const DELIVERY: &str = concat!(
    "INSERT INTO tbl_callback_delivery (task_id, no, station_id, callback, event, outcome, run_count, counts, state)
     SELECT k.task_id, k.no, t.station_id, k.callback, k.event, COALESCE(t.outcome, 'success'), t.run_count,
       IF(k.event = 'task.finished', NULL, LEFT(CAST(JSON_OBJECT(
         'total', JSON_EXTRACT(t.result, '$.total'),
         'success', JSON_EXTRACT(t.result, '$.success_count'),
         'failed', JSON_EXTRACT(t.result, '$.failure_count'),
         'unprocessed', JSON_EXTRACT(t.result, '$.unprocessed_count'),
         'dropped', JSON_EXTRACT(t.result, '$.dropped_count')) AS CHAR CHARACTER SET utf8mb4), 255)), k.state
     FROM ",
    told!()
);

const UNIT: &str = concat!(
    "INSERT INTO tbl_work (kind, queue, station_id, task_id, run, part, state, turn, due_at, ready_at, announcements)
     SELECT 3, CONCAT('@', k.callback), t.station_id, k.task_id, 0, k.no, 4, ",
    now_ms!(),
    ", NOW(3) + INTERVAL p.resend SECOND, NOW(3), 1
     FROM (SELECT ? AS resend) p STRAIGHT_JOIN ",
    told!(),
    " WHERE k.state = 0"
);
