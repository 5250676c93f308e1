//! `tbl_purged`: finished tasks that were kept long enough. A task is marked, and deleted a while later: a call that had begun
//! before the mark was there has ended by then, so that no id is used twice.

mod old;

use sqlx::mysql::MySqlRow;
use sqlx::{Executor as _, QueryBuilder, Row as _};

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, UserTaskId};

pub use old::{OldTasks, old_tasks, old_tasks_of};

/// Seconds from the mark to the deletion: longer than a call may take.
const PAUSE: u32 = 60;

/// Marks ended tasks; answers how many. Skips locked tasks.
///
/// Runs in a transaction.
pub async fn mark(connection: &mut Connection, tasks: &[i64], days: u32) -> Result<u64> {
    const MARK: &str = "
        INSERT INTO tbl_purged (task_id, station_id, user_task_id, content_hash, state, marked_at)
        SELECT t.id, t.station_id, t.user_task_id,
          COALESCE(b.payload_hash, UNHEX(SHA2(CONCAT_WS('\\n', t.name, t.type, COALESCE(t.queue, ''), COALESCE(t.input, '')), 256))),
          0, NOW(3)
        FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_async_task t ON t.id = k.id
        LEFT JOIN tbl_batch b ON b.task_id = t.id
        WHERE NOT EXISTS (SELECT 1 FROM tbl_purged p WHERE p.task_id = k.id) -- marked by another before we locked it
        ON DUPLICATE KEY UPDATE state = tbl_purged.state";
    let ended = lock_ended(connection, tasks, days).await?;
    if ended.is_empty() {
        return Ok(0);
    }
    let tasks: Vec<_> = ended.iter().map(|task| task.id).collect();
    let marked = sqlx::query(MARK).bind(json(&tasks)?);
    Ok(marked.execute(connection).await?.rows_affected())
}

/// A task that is old enough, and locked.
struct Ended {
    id: i64,
    /// Its rows but for those of its batch: itself, its tombstone, its runs.
    rows: u32,
}

/// Locks the tasks that ended more than `days` days ago, or days of their own, and have no open unit of work.
async fn lock_ended(connection: &mut Connection, tasks: &[i64], days: u32) -> Result<Vec<Ended>> {
    // MySQL locks no part of a join with JSON_TABLE alone: the keys are written out. A task keeps its last 20 runs.
    let mut sql = QueryBuilder::new(
        "SELECT t.id AS id, 2 + IF(t.queue IS NULL, 0, LEAST(t.run_count, 20)) AS size FROM tbl_async_task t WHERE t.id IN (",
    );
    let mut list = sql.separated(", ");
    for task in tasks {
        list.push_bind(*task);
    }
    sql.push(") AND t.status = 3 AND t.end_time < NOW(3) - INTERVAL ");
    sql.push(OWN_DAYS).push_bind(days).push(") DAY AND ");
    sql.push(OWN_DAYS).push_bind(days).push(
        ") > 0 AND NOT EXISTS (SELECT 1 FROM tbl_work w WHERE w.task_id = t.id) \
             ORDER BY t.id FOR UPDATE SKIP LOCKED",
    );
    let rows = sql.build().persistent(false).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (id, rows) = (row.try_get("id")?, row.try_get::<i64, _>("size")?);
            let rows = u32::try_from(rows).unwrap_or(u32::MAX);
            Ok(Ended { id, rows })
        })
        .collect()
}

/// The days for which the task `t` is kept: its own or, behind this, the deployment's.
const OWN_DAYS: &str = "COALESCE((SELECT k.days FROM tbl_task_keep k WHERE k.task_id = t.id), ";

/// Deletes tasks whose mark is a minute old, as many as have about `most` rows, at least one. Unmarks tasks that were started again.
/// Answers the numbers of marks read and of tasks deleted.
///
/// Runs in a transaction.
pub async fn delete_marked(
    connection: &mut Connection,
    days: u32,
    most: u32,
) -> Result<(usize, usize)> {
    const MARKED: &str = "
        SELECT task_id FROM tbl_purged FORCE INDEX (left_over)
        WHERE state = 0 AND marked_at <= NOW(3) - INTERVAL ? SECOND
        ORDER BY task_id LIMIT ? FOR UPDATE SKIP LOCKED";
    let rows = sqlx::query(MARKED).bind(PAUSE).bind(most / 2);
    let rows = rows.fetch_all(&mut *connection).await?;
    let marked = rows.iter().map(|row| Ok(row.try_get("task_id")?));
    let marked = marked.collect::<Result<Vec<i64>>>()?;
    if marked.is_empty() {
        return Ok((0, 0));
    }
    let mut ended = Vec::new();
    let (mut others, mut left) = (marked.clone(), most);
    for task in lock_ended(connection, &marked, days).await? {
        others.retain(|id| *id != task.id);
        if task.rows <= left || ended.is_empty() {
            left = left.saturating_sub(task.rows);
            ended.push(task.id);
        }
    }
    if !others.is_empty() {
        each(connection, UNMARK, &others).await?;
    }
    if !ended.is_empty() {
        for sql in [
            NOTE_BATCHES,
            DELETE_RUNS,
            DELETE_DELIVERIES,
            DELETE_LETTERS,
            DELETE_BATCHES,
            DELETE_DAYS,
            DELETE_TASKS,
            FORGET,
        ] {
            each(connection, sql, &ended).await?;
        }
    }
    Ok((marked.len(), ended.len()))
}

/// Runs a statement for all tasks of a list.
async fn each<T: serde::Serialize>(
    connection: &mut Connection,
    sql: &'static str,
    tasks: &[T],
) -> Result<()> {
    sqlx::query(sql)
        .bind(json(tasks)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Unmarks tasks that were started again or are locked; a later round marks them again.
const UNMARK: &str = "
    DELETE p FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_purged p ON p.task_id = k.id";

const NOTE_BATCHES: &str = "
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_purged p ON p.task_id = k.id
    LEFT JOIN tbl_batch b ON b.task_id = k.id
    SET p.state = IF(b.task_id IS NULL, 2, 1) -- all is gone, rows of its batch are left";

const DELETE_RUNS: &str = "
    DELETE r FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_task_run r ON r.task_id = k.id";

const DELETE_DELIVERIES: &str = "
    DELETE d FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_callback_delivery d ON d.task_id = k.id";

const DELETE_LETTERS: &str = "
    DELETE d FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_dead_letter d ON d.task_id = k.id";

const DELETE_BATCHES: &str = "
    DELETE b FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_batch b ON b.task_id = k.id";

const DELETE_DAYS: &str = "
    DELETE d FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_task_keep d ON d.task_id = k.id";

const DELETE_TASKS: &str = "
    DELETE t FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_async_task t ON t.id = k.id";

/// Nobody asks again for a task without an id of its caller's.
const FORGET: &str = "
    DELETE p FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_purged p ON p.task_id = k.id
    WHERE p.state = 2 AND p.user_task_id IS NULL";

/// Reads tasks of which rows of their batch are left.
pub async fn left_over(connection: &mut Connection, limit: u32) -> Result<Vec<i64>> {
    const LEFT: &str = "
        SELECT task_id FROM tbl_purged FORCE INDEX (left_over)
        WHERE state = 1 -- rows are left
        ORDER BY task_id LIMIT ?";
    let rows = sqlx::query(LEFT).bind(limit).fetch_all(connection);
    let rows = rows.await?;
    rows.iter().map(|row| Ok(row.try_get("task_id")?)).collect()
}

/// Deletes items of a task that is gone, up to `limit`; answers how many.
pub async fn delete_items(connection: &mut Connection, task: i64, limit: u32) -> Result<u64> {
    const ITEMS: &str = "
        DELETE FROM tbl_batch_item WHERE task_id = ? ORDER BY task_id, run, item_index LIMIT ?";
    let deleted = sqlx::query(ITEMS).bind(task).bind(limit);
    Ok(deleted.execute(connection).await?.rows_affected())
}

/// Deletes chunks of a task that is gone with their payloads, up to `limit`; answers how many.
///
/// Runs in a transaction.
pub async fn delete_chunks(connection: &mut Connection, task: i64, limit: u32) -> Result<usize> {
    const CHUNKS: &str = "
        SELECT id FROM tbl_batch_chunk FORCE INDEX (chunk)
        WHERE task_id = ? ORDER BY run, chunk_no LIMIT ?";
    const PAYLOADS: &str = "
        DELETE p FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_batch_payload p ON p.chunk_id = k.id";
    const THEMSELVES: &str = "
        DELETE c FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id";
    let rows = sqlx::query(CHUNKS).bind(task).bind(limit);
    let rows = rows.fetch_all(&mut *connection).await?;
    let chunks = rows.iter().map(|row| Ok(row.try_get("id")?));
    let chunks = chunks.collect::<Result<Vec<i64>>>()?;
    if !chunks.is_empty() {
        each(connection, PAYLOADS, &chunks).await?;
        each(connection, THEMSELVES, &chunks).await?;
    }
    Ok(chunks.len())
}

/// Notes that no row of a task is left.
pub async fn end(connection: &mut Connection, task: i64) -> Result<()> {
    const END: &str = "UPDATE tbl_purged SET state = 2 WHERE task_id = ?";
    sqlx::query(END).bind(task).execute(connection).await?;
    Ok(())
}

/// Finds the ids that belong to marked or purged tasks, each with its station.
pub async fn among(
    connection: &mut Connection,
    ids: &[&UserTaskId],
) -> Result<Vec<(StationId, UserTaskId)>> {
    const AMONG: &str = "
        SELECT p.station_id AS station_id, p.user_task_id AS user_task_id
        FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')) k
        STRAIGHT_JOIN tbl_purged p FORCE INDEX (own_id) ON p.user_task_id = k.id";
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = connection.fetch_all(sqlx::query(AMONG).bind(json(ids)?));
    let rows = rows.await?;
    let row = |row: &MySqlRow| {
        let station: String = row.try_get_unchecked("station_id")?;
        let id: String = row.try_get_unchecked("user_task_id")?;
        Ok::<_, StoreError>((StationId::from_row(station), UserTaskId::from_row(id)))
    };
    rows.iter().map(row).collect()
}
