//! `tbl_dead_letter`: work that was given up, and why.

use sqlx::mysql::MySqlRow;
use sqlx::{QueryBuilder, Row as _};

use crate::chunks::Claimed;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// Keeps that a claimed chunk is given up.
pub async fn record_chunk(
    connection: &mut Connection,
    claim: &Claimed,
    worker: Option<&str>,
    cause: &str,
) -> Result<()> {
    const RECORD: &str = "
        INSERT INTO tbl_dead_letter (kind, station_id, queue, task_id, run, part, attempts, worker, cause)
        SELECT 1, t.station_id, b.job, c.task_id, c.run, c.chunk_no, ?, LEFT(?, 64), LEFT(?, 1000)
        FROM tbl_batch_chunk c
        STRAIGHT_JOIN tbl_batch b ON b.task_id = c.task_id
        STRAIGHT_JOIN tbl_async_task t ON t.id = c.task_id
        WHERE c.id = ?";
    sqlx::query(RECORD)
        .bind(claim.attempt)
        .bind(worker)
        .bind(cause)
        .bind(claim.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps that the unit of a dispatched task is given up. The unit is still there.
pub async fn record_run(connection: &mut Connection, task: TaskId, cause: &str) -> Result<()> {
    const RECORD: &str = "
        INSERT INTO tbl_dead_letter (kind, station_id, queue, task_id, run, attempts, worker, cause)
        SELECT 2, w.station_id, w.queue, w.task_id, t.run_count, w.attempt, w.worker, LEFT(?, 1000)
        FROM tbl_work w FORCE INDEX (unit)
        STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
        WHERE w.task_id = ? AND w.kind = 2 AND w.run = 0 AND w.part = 0";
    let record = sqlx::query(RECORD).bind(cause).bind(task.get());
    record.execute(connection).await?;
    Ok(())
}

/// Work that was given up.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The key.
    pub id: i64,
    /// It was a chunk of a batch, not the run of a task.
    pub is_chunk: bool,
    /// Whose task it was.
    pub station_id: String,
    /// The batch's job or the task's queue.
    pub queue: String,
    /// The key of the task.
    pub task_id: i64,
    /// The caller's own id of the task.
    pub user_task_id: Option<String>,
    /// The name of the task.
    pub task_name: String,
    /// The run of the batch, or the `run_count` of the task.
    pub run: u32,
    /// Of a chunk: its number, the index of its first item, its number of items, and how many of them are failed still.
    pub chunk: Option<[u32; 4]>,
    /// How many attempts there were.
    pub attempts: u32,
    /// The request id of the last claim.
    pub worker: Option<String>,
    /// Why it was given up.
    pub cause: String,
    /// When it was given up.
    pub created_at: Option<Moment>,
    /// The task was run again, mended or closed since.
    pub is_settled: bool,
}

/// Reads dead letters of a station, or of all, the newest first; only those with a smaller key than `after`.
pub async fn list(
    connection: &mut Connection,
    station: Option<&StationId>,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<DeadLetter>> {
    let mut sql = QueryBuilder::new(LETTERS);
    sql.push(" FROM (SELECT id FROM tbl_dead_letter");
    match station {
        None => sql.push(" WHERE TRUE"),
        Some(station) => sql
            .push(" FORCE INDEX (of_station) WHERE station_id = ")
            .push_bind(station.as_str()),
    };
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    sql.push(TABLES);
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter().map(letter).collect()
}

/// A closed task is hidden by a change after its end.
const LETTERS: &str = "\
    SELECT d.id, d.kind, d.station_id, d.queue, d.task_id, t.user_task_id, t.name, d.run, d.part, d.attempts, d.worker, d.cause,
      TIMESTAMPDIFF(SECOND, '1970-01-01', d.creat_time) AS creat_time, c.first_index, c.item_count,
      (SELECT COUNT(*) FROM tbl_batch_item i FORCE INDEX (PRIMARY)
       WHERE i.task_id = c.task_id AND i.run = c.run AND i.item_index >= c.first_index AND i.item_index < c.first_index + c.item_count
         AND i.chunk_id = c.id AND i.status = 2) AS failed_items, -- failed
      CASE WHEN d.kind = 1 THEN b.run <> d.run
           ELSE t.status <> 3 OR t.outcome <> 'failed' OR t.run_count <> d.run END AS runs_again,
      (t.message_show = 0 AND t.modify_time > d.creat_time + INTERVAL 1 SECOND) AS is_closed";

const TABLES: &str = ") page
    STRAIGHT_JOIN tbl_dead_letter d ON d.id = page.id
    STRAIGHT_JOIN tbl_async_task t ON t.id = d.task_id
    LEFT JOIN tbl_batch b ON b.task_id = d.task_id AND d.kind = 1
    LEFT JOIN tbl_batch_chunk c ON c.task_id = d.task_id AND c.run = d.run AND c.chunk_no = d.part AND d.kind = 1
    ORDER BY d.id DESC";

fn letter(row: &MySqlRow) -> Result<DeadLetter> {
    let is_chunk = row.try_get::<u8, _>("kind")? == 1;
    let failed = u32::try_from(row.try_get::<i64, _>("failed_items")?).unwrap_or(u32::MAX);
    let range = (
        row.try_get::<Option<u32>, _>("first_index")?,
        row.try_get::<Option<u32>, _>("item_count")?,
    );
    let part = row.try_get("part")?;
    let chunk = match range {
        (Some(first), Some(count)) => Some([part, first, count, failed]),
        _ => None,
    };
    let is = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)? == Some(1));
    let is_mended = is_chunk && failed == 0;
    Ok(DeadLetter {
        id: row.try_get("id")?,
        is_chunk,
        station_id: text(row, "station_id")?,
        queue: text(row, "queue")?,
        task_id: row.try_get("task_id")?,
        user_task_id: optional_text(row, "user_task_id")?,
        task_name: text(row, "name")?,
        run: row.try_get("run")?,
        chunk,
        attempts: row.try_get("attempts")?,
        worker: optional_text(row, "worker")?,
        cause: text(row, "cause")?,
        created_at: Moment::from_row(row, "creat_time")?,
        is_settled: is("runs_again")? || is("is_closed")? || is_mended,
    })
}
