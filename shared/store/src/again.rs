//! A finished run that is tried again: what of it stays is carried over into the next run.
//!
//! Every caller holds the task's lock.

use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// Outcomes of one statement.
const ROWS: usize = 5_000;

/// An outcome that is carried over: the item's index, the chunk of the new run that holds it, its status, what was made.
pub type Carried = (u32, i64, u8, Option<i64>);

/// What the rows of a run say of an item that was not corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its index.
    pub index: u32,
    /// Its status, as a number.
    pub status: u8,
    /// What was made of it.
    pub made_id: Option<i64>,
}

/// Reads the outcomes of a run's items, but for those that were corrected, in input order.
pub async fn stored(connection: &mut Connection, task: TaskId, run: u32) -> Result<Vec<Stored>> {
    let rows = sqlx::query(
        "SELECT i.item_index, i.status, i.made_id FROM tbl_batch_item i JOIN tbl_batch_chunk c ON c.id = i.chunk_id \
         WHERE i.task_id = ? AND i.run = ? AND c.amends = 0 ORDER BY i.item_index",
    )
    .bind(task.get())
    .bind(run)
    .fetch_all(connection)
    .await?;
    let stored = |row: &MySqlRow| {
        Ok(Stored {
            index: row.try_get(0)?,
            status: row.try_get::<i8, _>(1)?.unsigned_abs(),
            made_id: row.try_get(2)?,
        })
    };
    rows.iter().map(stored).collect()
}

/// Carries the corrected items of a run over into the next one, each in a chunk of its own with what it was corrected
/// to. Those that failed, or are still being worked, are to be worked there; answers the numbers of their chunks.
pub async fn carry_corrected(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    first_chunk: u32,
    resend: Duration,
) -> Result<Vec<u32>> {
    sqlx::query(
        "INSERT INTO tbl_batch_chunk (task_id, run, chunk_no, first_index, item_count, amends, state, send_at, station_id, job) \
         SELECT i.task_id, i.run + 1, ? + ROW_NUMBER() OVER (ORDER BY i.item_index) - 1, i.item_index, 1, 1, \
           IF(i.status IN (0, 2), 0, 1), NOW(3) + INTERVAL ? SECOND, c.station_id, c.job \
         FROM tbl_batch_item i JOIN tbl_batch_chunk c ON c.id = i.chunk_id AND c.amends = 1 \
         WHERE i.task_id = ? AND i.run = ?",
    )
    .bind(first_chunk)
    .bind(resend.as_secs())
    .bind(task.get())
    .bind(run)
    .execute(&mut *connection)
    .await?;
    copy_corrections(connection, task, run).await?;
    let rows = sqlx::query(
        "SELECT chunk_no FROM tbl_batch_chunk WHERE task_id = ? AND run = ? AND amends = 1 AND state = 0",
    )
    .bind(task.get())
    .bind(run + 1)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn copy_corrections(connection: &mut Connection, task: TaskId, run: u32) -> Result<()> {
    let statements = [
        "INSERT INTO tbl_batch_payload (chunk_id, items, duplicates) SELECT n.id, p.items, p.duplicates \
         FROM tbl_batch_chunk n \
         JOIN tbl_batch_item i ON i.task_id = n.task_id AND i.run = n.run - 1 AND i.item_index = n.first_index \
         JOIN tbl_batch_payload p ON p.chunk_id = i.chunk_id \
         WHERE n.task_id = ? AND n.run = ? AND n.amends = 1",
        "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id) \
         SELECT n.task_id, n.run, n.first_index, n.id, IF(i.status = 2, 0, i.status), i.made_id \
         FROM tbl_batch_chunk n \
         JOIN tbl_batch_item i ON i.task_id = n.task_id AND i.run = n.run - 1 AND i.item_index = n.first_index \
         WHERE n.task_id = ? AND n.run = ? AND n.amends = 1",
    ];
    for sql in statements {
        sqlx::query(sql)
            .bind(task.get())
            .bind(run + 1)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Stores outcomes that are carried over into a run.
pub async fn carry(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    carried: &[Carried],
) -> Result<()> {
    for carried in carried.chunks(ROWS) {
        sqlx::query(
            "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id) \
             SELECT ?, ?, o.item_index, o.chunk_id, o.status, o.made_id FROM JSON_TABLE(?, '$[*]' COLUMNS \
               (item_index INT PATH '$[0]', chunk_id BIGINT PATH '$[1]', status TINYINT PATH '$[2]', \
                made_id BIGINT PATH '$[3]')) o",
        )
        .bind(task.get())
        .bind(run)
        .bind(json(carried)?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Closes chunks that were just stored as done: every item of theirs has its outcome.
pub async fn complete(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    chunks: &[u32],
) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch_chunk SET state = 1 WHERE task_id = ? AND run = ? AND chunk_no IN \
           (SELECT n FROM JSON_TABLE(?, '$[*]' COLUMNS (n INT PATH '$')) done)",
    )
    .bind(task.get())
    .bind(run)
    .bind(json(chunks)?)
    .execute(connection)
    .await?;
    Ok(())
}
