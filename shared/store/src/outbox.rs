//! Open chunks as an outbox: which of them must be announced to the workers (again).

use std::time::Duration;

use sqlx::Row;

use crate::arguments::json;
use crate::chunks::ChunkKey;
use crate::database::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::row::text;

/// A chunk whose message is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The chunk.
    pub key: ChunkKey,
    /// Whose it is, which the queue groups messages by.
    pub station: StationId,
    /// Which job works it, which decides the queue.
    pub job: String,
}

/// Takes up to `limit` open chunks whose message was never sent, was lost, or whose lease ran out, and puts off
/// their next announcement: by `resend`, doubled with every announcement, at most 64-fold.
///
/// Runs in a transaction; two sweepers at once take different chunks.
pub async fn take_due(
    connection: &mut Connection,
    limit: u32,
    resend: Duration,
) -> Result<Vec<Due>> {
    let rows = sqlx::query(
        "SELECT c.id, c.task_id, c.run, c.chunk_no, t.station_id, b.job FROM tbl_batch_chunk c \
         JOIN tbl_async_task t ON t.id = c.task_id JOIN tbl_batch b ON b.task_id = c.task_id \
         WHERE c.state = 0 AND c.send_at <= NOW(3) ORDER BY c.send_at LIMIT ?",
    )
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        let key = ChunkKey {
            task: TaskId::from_row(row.try_get(1)?),
            run: row.try_get(2)?,
            chunk: row.try_get(3)?,
        };
        let station = StationId::from_row(text(row, 4)?);
        due.push((
            row.try_get::<i64, _>(0)?,
            Due {
                key,
                station,
                job: text(row, 5)?,
            },
        ));
    }
    let taken = postpone(connection, &due, resend).await?;
    Ok(due
        .into_iter()
        .filter(|(id, _)| taken.contains(id))
        .map(|(_, due)| due)
        .collect())
}

/// Puts off the chunks that are still due and that no other sweeper holds; answers their ids.
async fn postpone(
    connection: &mut Connection,
    due: &[(i64, Due)],
    resend: Duration,
) -> Result<Vec<i64>> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = due.iter().map(|(id, _)| *id).collect();
    let rows = sqlx::query(
        "SELECT c.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         WHERE c.state = 0 AND c.send_at <= NOW(3) FOR UPDATE SKIP LOCKED",
    )
    .bind(json(&ids)?)
    .fetch_all(&mut *connection)
    .await?;
    let held = rows
        .iter()
        .map(|row| Ok(row.try_get(0)?))
        .collect::<Result<Vec<i64>>>()?;
    sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         SET c.send_at = NOW(3) + INTERVAL (? << LEAST(c.sends, 6)) SECOND, c.sends = c.sends + 1",
    )
    .bind(json(&held)?)
    .bind(resend.as_secs())
    .execute(connection)
    .await?;
    Ok(held)
}

/// Makes the chunks of a run due at once that could not be announced.
pub async fn make_due(connection: &mut Connection, unsent: &[ChunkKey]) -> Result<()> {
    let keys: Vec<_> = unsent
        .iter()
        .map(|key| (key.task.get(), key.run, key.chunk))
        .collect();
    sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (task_id BIGINT PATH '$[0]', run INT PATH '$[1]', chunk_no INT PATH '$[2]')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.task_id = k.task_id AND c.run = k.run AND c.chunk_no = k.chunk_no \
         SET c.send_at = NOW(3) WHERE c.state = 0 AND c.lease_until IS NULL",
    )
    .bind(json(&keys)?)
    .execute(connection)
    .await?;
    Ok(())
}
