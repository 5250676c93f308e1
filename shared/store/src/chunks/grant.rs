//! Chunks whose message comes for the first time: granted when they were stored, or not committed yet.

use super::claim::claimed;
use super::{ChunkKey, Claimed};
use crate::connections::Connection;
use crate::error::Result;

/// Reads an open chunk of a job that was granted when it was stored and that nobody has claimed since; `None` otherwise. Writes nothing:
/// the first worker that ends its unit wins, as its fence is attempt 0.
pub async fn granted(
    connection: &mut Connection,
    key: ChunkKey,
    job: &str,
) -> Result<Option<Claimed>> {
    let row = sqlx::query(GRANTED)
        .bind(job)
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .fetch_optional(connection)
        .await?;
    row.map(|row| claimed(&row, key, 0)).transpose()
}

/// Tells whether the unit of work of a chunk is stored. Waits for a transaction that stores it at this moment.
pub async fn await_stored(connection: &mut Connection, key: ChunkKey) -> Result<bool> {
    const AWAIT: &str = "
        SELECT id FROM tbl_work
        WHERE task_id = ? AND kind = 1 AND run = ? AND part = ? -- chunk
        LOCK IN SHARE MODE";
    let row = sqlx::query(AWAIT)
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

const GRANTED: &str = "\
    SELECT c.id AS chunk_id, c.first_index, c.item_count, c.is_rework,
           w.id AS unit_id, w.station_id, w.attempt, w.stalls,
           b.params,
           TIMESTAMPDIFF(SECOND, '1970-01-01', b.accepted_at) AS accepted_at,
           CAST(t.status = 1 AS SIGNED) AS first_of_task, -- submitted
           p.items, p.duplicates, p.amended
    FROM tbl_work w
    JOIN tbl_batch_chunk c ON c.task_id = w.task_id AND c.run = w.run AND c.chunk_no = w.part
    JOIN tbl_batch b ON b.task_id = w.task_id AND b.job = ?
    JOIN tbl_async_task t ON t.id = w.task_id
    JOIN tbl_batch_payload p ON p.chunk_id = c.id
    WHERE w.task_id = ?
      AND w.kind = 1 -- chunk
      AND w.run = ?
      AND w.part = ?
      AND w.attempt = 0
      AND w.state = 3 -- leased
      AND w.lease_until > NOW(3)";
