//! Rework of single items: marking, opening again with another content, and finding the item behind a made thing.
//!
//! Every caller that changes one holds the task's lock, so that closing, mending, finishing and submitting again take turns.

mod find;

use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::chunks::{ChunkKey, Dispatch, MAX_ITEMS, insert_units};
use crate::compressed::CompressedText;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::items::{Item, ItemStatus, item};

pub use find::{chunks_of_item, mendable, worked_again};

/// Gives an item up that has failed, or notes the thing that a person made of an item that has failed or was given up; `false`
/// when it is neither (any more).
pub async fn mark(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    index: u32,
    status: ItemStatus,
    made_id: Option<i64>,
) -> Result<bool> {
    let done = sqlx::query(MARK)
        .bind(status as u8)
        .bind(made_id)
        .bind(task.get())
        .bind(run)
        .bind(index)
        .bind(status as u8)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

const MARK: &str = "\
    UPDATE tbl_batch_item
    SET status  = ?,
        made_id = ?
    WHERE task_id = ?
      AND run = ?
      AND item_index = ?
      AND (status = 2 OR status = 4 AND ? = 3) -- failed; dropped, and amended now";

/// Makes an item that failed or was given up pending with another content, in a chunk of its own that falls due `resend` from
/// now.
pub async fn reopen(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    index: u32,
    item: &str,
    duplicate_of: Option<u32>,
    resend: Duration,
) -> Result<ChunkKey> {
    let row = sqlx::query(NEXT_CHUNK)
        .bind(task.get())
        .bind(run)
        .fetch_one(&mut *connection)
        .await?;
    let chunk = u32::try_from(row.try_get::<u64, _>("chunk_no")?).unwrap_or(u32::MAX);
    let done = sqlx::query(INSERT_CHUNK)
        .bind(task.get())
        .bind(run)
        .bind(chunk)
        .bind(index)
        .execute(&mut *connection)
        .await?;
    let chunk_id = done.last_insert_id();
    sqlx::query("INSERT INTO tbl_batch_payload (chunk_id, items, duplicates) VALUES (?, ?, ?)")
        .bind(chunk_id)
        .bind(CompressedText::new(&format!("[{item}]")).as_bytes())
        .bind(duplicate_of.map(|first| format!("[[{index},{first}]]")))
        .execute(&mut *connection)
        .await?;
    let dispatch = Dispatch::by_claim(resend, resend);
    insert_units(connection, task, run, chunk, &dispatch).await?;
    sqlx::query(REOPEN)
        .bind(chunk_id)
        .bind(task.get())
        .bind(run)
        .bind(index)
        .execute(connection)
        .await?;
    Ok(ChunkKey { task, run, chunk })
}

const NEXT_CHUNK: &str = "\
    SELECT CAST(MAX(chunk_no) + 1 AS UNSIGNED) AS chunk_no
    FROM tbl_batch_chunk
    WHERE task_id = ?
      AND run = ?";

const INSERT_CHUNK: &str = "\
    INSERT INTO tbl_batch_chunk
      (task_id, run, chunk_no, first_index, item_count, is_rework)
    VALUES (?, ?, ?, ?, 1, 1)";

const REOPEN: &str = "\
    UPDATE tbl_batch_item
    SET status      = 0, -- pending
        attempts    = 0,
        made_id     = NULL,
        code        = NULL,
        error_count = NULL,
        errors      = NULL,
        chunk_id    = ?
    WHERE task_id = ?
      AND run = ?
      AND item_index = ?
      AND status IN (2, 4) -- failed, dropped";

/// Finds the item of a run that something was made of: a stored outcome says so, or the id is reserved for an item of a done
/// chunk that has no outcome.
pub async fn index_of_made(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    made_id: i64,
) -> Result<Option<u32>> {
    let row = sqlx::query(INDEX_OF_MADE)
        .bind(task.get())
        .bind(run)
        .bind(made_id)
        .bind(made_id)
        .bind(MAX_ITEMS)
        .bind(made_id)
        .bind(MAX_ITEMS)
        .bind(task.get())
        .bind(run)
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(row.try_get("item_index")?)).transpose()
}

const INDEX_OF_MADE: &str = "\
    SELECT item_index
    FROM tbl_batch_item
    WHERE task_id = ?
      AND run = ?
      AND made_id = ?
    UNION ALL
    SELECT c.first_index + m.position
    FROM (SELECT ? DIV ? AS chunk_id, ? MOD ? AS position) m
    STRAIGHT_JOIN tbl_batch_chunk c ON c.id = m.chunk_id
    WHERE c.task_id = ?
      AND c.run = ?
      AND c.state = 1 -- done
      AND m.position < c.item_count
      AND NOT EXISTS (SELECT 1
                      FROM tbl_batch_item i
                      WHERE i.task_id = c.task_id
                        AND i.run = c.run
                        AND i.item_index = c.first_index + m.position)
    LIMIT 1";

/// Lists the corrected items of a run that things were made of: the thing's id and the item's index. Reads the chunks of the run
/// and its corrected items, no others.
pub async fn corrected(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
) -> Result<Vec<(i64, u32)>> {
    let rows = sqlx::query(CORRECTED)
        .bind(task.get())
        .bind(run)
        .fetch_all(connection)
        .await?;
    let pair = |row: &MySqlRow| Ok((row.try_get("made_id")?, row.try_get("item_index")?));
    rows.iter().map(pair).collect()
}

const CORRECTED: &str = "\
    SELECT i.made_id, i.item_index
    FROM tbl_batch_chunk c FORCE INDEX (chunk)
    STRAIGHT_JOIN tbl_batch_item i FORCE INDEX (PRIMARY)
       ON i.task_id = c.task_id AND i.run = c.run AND i.item_index = c.first_index AND i.chunk_id = c.id
    WHERE c.task_id = ?
      AND c.run = ?
      AND c.is_rework = 1
      AND i.status = 1 -- success
      AND i.made_id IS NOT NULL";

/// Lists the open chunks of a run that are rework.
pub async fn open_rework(connection: &mut Connection, task: TaskId, run: u32) -> Result<Vec<i64>> {
    let rows = sqlx::query(OPEN_REWORK)
        .bind(task.get())
        .bind(run)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

const OPEN_REWORK: &str = "\
    SELECT id
    FROM tbl_batch_chunk
    WHERE task_id = ?
      AND run = ?
      AND state = 0 -- open
      AND is_rework = 1";

/// Reads the items that people made by hand, of every run of a task.
pub async fn made_by_hand(connection: &mut Connection, task: TaskId) -> Result<Vec<Item>> {
    let rows = sqlx::query(MADE_BY_HAND)
        .bind(task.get())
        .fetch_all(connection)
        .await?;
    rows.iter().map(item).collect()
}

const MADE_BY_HAND: &str = "\
    SELECT item_index, status, made_id, errors, chunk_id, attempts, code, error_count
    FROM tbl_batch_item FORCE INDEX (outcomes)
    WHERE task_id = ?
      AND status = 3 -- amended";
