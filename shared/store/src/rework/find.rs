//! Finding the item that a person means to mend.

use sqlx::Row;

use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::items::{Item, item};

/// Reads a page of the items of a run that failed, were given up or were made by hand, in input order from an index on; without
/// their errors.
pub async fn mendable(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    from: u32,
    limit: u32,
) -> Result<Vec<Item>> {
    let rows = sqlx::query(MENDABLE)
        .bind(task.get())
        .bind(run)
        .bind(from)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(item).collect()
}

const MENDABLE: &str = "\
    SELECT item_index, status, made_id, NULL AS errors, chunk_id, attempts, code, error_count
    FROM tbl_batch_item FORCE INDEX (PRIMARY)
    WHERE task_id = ?
      AND run = ?
      AND item_index >= ?
      AND status IN (2, 3, 4) -- failed, amended, dropped
    ORDER BY item_index
    LIMIT ?";

/// Reads the items of a run that were opened again with exactly this content and did not fail, in input order. The server
/// compares: no payload is read.
pub async fn worked_again(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    content: &str,
) -> Result<Vec<Item>> {
    let items = format!("[{content}]");
    let rows = sqlx::query(WORKED_AGAIN)
        .bind(task.get())
        .bind(run)
        .bind(u64::try_from(items.len()).unwrap_or(u64::MAX))
        .bind(items.as_bytes())
        .fetch_all(connection)
        .await?;
    rows.iter().map(item).collect()
}

const WORKED_AGAIN: &str = "\
    SELECT i.item_index, i.status, i.made_id, NULL AS errors, i.chunk_id, i.attempts, i.code, i.error_count
    FROM tbl_batch_chunk c FORCE INDEX (chunk)
    STRAIGHT_JOIN tbl_batch_item i
       ON i.task_id = c.task_id AND i.run = c.run AND i.item_index = c.first_index AND i.chunk_id = c.id
    STRAIGHT_JOIN tbl_batch_payload p ON p.chunk_id = c.id
    WHERE c.task_id = ?
      AND c.run = ?
      AND c.is_rework = 1
      AND i.status IN (0, 1) -- pending, success
      AND UNCOMPRESSED_LENGTH(p.items) = ?
      AND UNCOMPRESS(p.items) = ?
    ORDER BY i.item_index";

/// Lists the chunks of a run whose payloads hold an item: as it was sent, and each of its corrections.
pub async fn chunks_of_item(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    index: u32,
) -> Result<Vec<i64>> {
    let rows = sqlx::query(CHUNKS_OF_ITEM)
        .bind(task.get())
        .bind(run)
        .bind(index)
        .bind(index)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

const CHUNKS_OF_ITEM: &str = "\
    SELECT id
    FROM tbl_batch_chunk FORCE INDEX (chunk)
    WHERE task_id = ?
      AND run = ?
      AND first_index <= ?
      AND first_index + item_count > ?
    ORDER BY chunk_no";
