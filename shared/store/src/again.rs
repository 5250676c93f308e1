//! A finished run that is tried again: outcomes that stay are carried over into the next run.
//!
//! Every caller holds the task's lock.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::items::ItemStatus;
use crate::row::optional_text;

/// Outcomes of one statement.
const ROWS: usize = 5_000;

/// An outcome that is carried over: the item's index, the chunk of the new run that holds it, its status, the made id, the code of
/// its notice.
pub type Carried = (u32, i64, u8, Option<i64>, Option<String>);

/// The outcome of an item that has a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its index.
    pub index: u32,
    /// The chunk whose payload holds it: one of its own when it was corrected.
    pub chunk_id: i64,
    /// Its status.
    pub status: ItemStatus,
    /// The id of the thing that was made of the item.
    pub made_id: Option<i64>,
    /// The code of the notice that a made item carries.
    pub notice: Option<String>,
}

/// Reads the outcomes of a run's items that have rows, in input order.
pub async fn stored(connection: &mut Connection, task: TaskId, run: u32) -> Result<Vec<Stored>> {
    let rows = sqlx::query(STORED)
        .bind(task.get())
        .bind(run)
        .fetch_all(connection)
        .await?;
    let stored = |row: &MySqlRow| {
        Ok(Stored {
            index: row.try_get("item_index")?,
            chunk_id: row.try_get("chunk_id")?,
            status: ItemStatus::from_number(row.try_get("status")?)?,
            made_id: row.try_get("made_id")?,
            notice: optional_text(row, "notice")?,
        })
    };
    rows.iter().map(stored).collect()
}

const STORED: &str = "\
    SELECT item_index, chunk_id, status, made_id,
           IF(status = 1, code, NULL) AS notice -- success
    FROM tbl_batch_item FORCE INDEX (PRIMARY)
    WHERE task_id = ?
      AND run = ?
    ORDER BY item_index";

/// Carries the corrected items of a run over into the next run, each in a chunk of its own with its corrected text.
/// Corrected items that failed, or are still open, are worked there; answers the numbers of their chunks.
pub async fn carry_corrected(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    first_chunk: u32,
) -> Result<Vec<u32>> {
    sqlx::query(CARRY_CHUNKS)
        .bind(first_chunk)
        .bind(task.get())
        .bind(run)
        .execute(&mut *connection)
        .await?;
    copy_corrections(connection, task, run).await?;
    let rows = sqlx::query(OPEN_REWORK)
        .bind(task.get())
        .bind(run + 1)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("chunk_no")?))
        .collect()
}

const CARRY_CHUNKS: &str = "\
    INSERT INTO tbl_batch_chunk
      (task_id, run, chunk_no, first_index, item_count, is_rework, state)
    SELECT i.task_id, i.run + 1, ? + ROW_NUMBER() OVER (ORDER BY i.item_index) - 1, i.item_index, 1, 1,
           IF(i.status IN (0, 2), 0, 1) -- pending, failed: open; else done
    FROM tbl_batch_chunk c
    STRAIGHT_JOIN tbl_batch_item i
       ON i.task_id = c.task_id AND i.run = c.run AND i.item_index = c.first_index AND i.chunk_id = c.id
    WHERE c.task_id = ?
      AND c.run = ?
      AND c.is_rework = 1";

const OPEN_REWORK: &str = "\
    SELECT chunk_no
    FROM tbl_batch_chunk
    WHERE task_id = ?
      AND run = ?
      AND is_rework = 1
      AND state = 0 -- open";

async fn copy_corrections(connection: &mut Connection, task: TaskId, run: u32) -> Result<()> {
    for sql in [COPY_PAYLOADS, COPY_ITEMS] {
        sqlx::query(sql)
            .bind(task.get())
            .bind(run + 1)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const COPY_PAYLOADS: &str = "\
    INSERT INTO tbl_batch_payload (chunk_id, items, duplicates)
    SELECT n.id, p.items, p.duplicates
    FROM tbl_batch_chunk n
    JOIN tbl_batch_item i ON i.task_id = n.task_id AND i.run = n.run - 1 AND i.item_index = n.first_index
    JOIN tbl_batch_payload p ON p.chunk_id = i.chunk_id
    WHERE n.task_id = ?
      AND n.run = ?
      AND n.is_rework = 1";

const COPY_ITEMS: &str = "\
    INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id, code)
    SELECT n.task_id, n.run, n.first_index, n.id,
           IF(i.status = 2, 0, i.status), -- failed: pending
           i.made_id,
           IF(i.status = 1, i.code, NULL) -- success: its notice
    FROM tbl_batch_chunk n
    JOIN tbl_batch_item i ON i.task_id = n.task_id AND i.run = n.run - 1 AND i.item_index = n.first_index
    WHERE n.task_id = ?
      AND n.run = ?
      AND n.is_rework = 1";

/// Stores the chunks of a run, without corrected items, for the next run as well: their ranges and their items.
pub async fn copy_chunks(connection: &mut Connection, task: TaskId, run: u32) -> Result<()> {
    for sql in [COPY_CHUNKS, COPY_CHUNK_PAYLOADS] {
        sqlx::query(sql)
            .bind(task.get())
            .bind(run)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const COPY_CHUNKS: &str = "\
    INSERT INTO tbl_batch_chunk (task_id, run, chunk_no, first_index, item_count)
    SELECT task_id, run + 1, chunk_no, first_index, item_count
    FROM tbl_batch_chunk
    WHERE task_id = ?
      AND run = ?
      AND is_rework = 0
    ORDER BY chunk_no";

const COPY_CHUNK_PAYLOADS: &str = "\
    INSERT INTO tbl_batch_payload (chunk_id, items, duplicates, amended)
    SELECT n.id, p.items, p.duplicates, p.amended
    FROM tbl_batch_chunk c
    JOIN tbl_batch_chunk n ON n.task_id = c.task_id AND n.run = c.run + 1 AND n.chunk_no = c.chunk_no
    JOIN tbl_batch_payload p ON p.chunk_id = c.id
    WHERE c.task_id = ?
      AND c.run = ?
      AND c.is_rework = 0";

/// Stores outcomes that are carried over into a run.
pub async fn carry(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    carried: &[Carried],
) -> Result<()> {
    for carried in carried.chunks(ROWS) {
        sqlx::query(CARRY)
            .bind(task.get())
            .bind(run)
            .bind(json(carried)?)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const CARRY: &str = "\
    INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id, code)
    SELECT ?, ?, o.item_index, o.chunk_id, o.status, o.made_id, o.code
    FROM JSON_TABLE(?, '$[*]' COLUMNS
      (item_index INT PATH '$[0]', chunk_id BIGINT PATH '$[1]', status TINYINT PATH '$[2]', made_id BIGINT PATH '$[3]',
       code VARCHAR(255) PATH '$[4]')) o";

/// Closes chunks that were just stored as done: every item of theirs has its outcome.
pub async fn complete(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    chunks: &[u32],
) -> Result<()> {
    sqlx::query(COMPLETE)
        .bind(json(chunks)?)
        .bind(task.get())
        .bind(run)
        .execute(connection)
        .await?;
    Ok(())
}

const COMPLETE: &str = "\
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (chunk_no INT PATH '$')) k
    STRAIGHT_JOIN tbl_batch_chunk c FORCE INDEX (chunk)
       ON c.task_id = ? AND c.run = ? AND c.chunk_no = k.chunk_no
    SET c.state = 1 -- done";
