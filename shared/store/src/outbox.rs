//! Open chunks as an outbox: which of them must be announced to the workers (again).

use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::chunks::ChunkKey;
use crate::connections::Connection;
use crate::deferrals;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::row::text;

/// How often an announcement doubles the wait for the next one, at most: 8-fold, 8 minutes where `resend` is a minute.
///
/// A chunk may wait that long because its message was lost, or because thousands are queued before it; the database cannot
/// tell. Without the doubling, a backlog of an hour would have 60 messages of every chunk; with a bound too high (64-fold,
/// an hour), a batch whose queue was lost several times would stand still for that hour. So a backlog gets 3 messages of
/// each chunk in its first 7 minutes and 7 or 8 in every hour after that, each of which costs a worker two or three short
/// reads once its chunk is done.
const DOUBLED: u32 = 3;

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
/// their next announcement: by `resend`, doubled with every announcement, at most [8-fold](DOUBLED).
///
/// Deferred chunks have no message and are told of by whoever is in work for their station. So of those that are due, as
/// many are answered as their station and job lack to have `cap` (0: any number) in work; all are looked at again after
/// `resend`.
///
/// Runs in a transaction; two sweepers at once take different chunks.
pub async fn take_due(
    connection: &mut Connection,
    limit: u32,
    resend: Duration,
    cap: u32,
) -> Result<Vec<Due>> {
    let rows = sqlx::query(
        "SELECT id FROM tbl_batch_chunk WHERE state = 0 AND send_at <= NOW(3) \
         ORDER BY send_at LIMIT ? FOR UPDATE SKIP LOCKED",
    )
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows
        .iter()
        .map(|row| Ok(row.try_get(0)?))
        .collect::<Result<Vec<i64>>>()?;
    let ids = json(&ids)?;
    postpone(connection, &ids, resend).await?;
    let (mut due, deferred) = described(connection, &ids).await?;
    due.extend(deferrals::with_room(connection, deferred, cap).await?);
    Ok(due)
}

async fn postpone(connection: &mut Connection, ids: &str, resend: Duration) -> Result<()> {
    sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         SET c.send_at = NOW(3) + INTERVAL (? << LEAST(c.sends, ?)) SECOND, \
           c.sends = IF(c.deferred_for IS NULL, c.sends + 1, 0)",
    )
    .bind(ids)
    .bind(resend.as_secs())
    .bind(DOUBLED)
    .execute(connection)
    .await?;
    Ok(())
}

/// The chunks of these ids: those that wait for their message, and those that wait for their station.
async fn described(connection: &mut Connection, ids: &str) -> Result<(Vec<Due>, Vec<Due>)> {
    let rows = sqlx::query(
        "SELECT c.task_id, c.run, c.chunk_no, t.station_id, b.job, c.deferred_for IS NOT NULL \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         JOIN tbl_async_task t ON t.id = c.task_id JOIN tbl_batch b ON b.task_id = c.task_id",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let (mut told, mut deferred) = (Vec::new(), Vec::new());
    for row in &rows {
        match row.try_get(5)? {
            true => deferred.push(due(row)?),
            false => told.push(due(row)?),
        }
    }
    Ok((told, deferred))
}

fn due(row: &MySqlRow) -> Result<Due> {
    let key = ChunkKey {
        task: TaskId::from_row(row.try_get(0)?),
        run: row.try_get(1)?,
        chunk: row.try_get(2)?,
    };
    Ok(Due {
        key,
        station: StationId::from_row(text(row, 3)?),
        job: text(row, 4)?,
    })
}

/// Makes chunks due at once that could not be announced, and takes back the count of that announcement.
pub async fn make_due(connection: &mut Connection, unsent: &[ChunkKey]) -> Result<()> {
    let keys: Vec<_> = unsent
        .iter()
        .map(|key| (key.task.get(), key.run, key.chunk))
        .collect();
    sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (task_id BIGINT PATH '$[0]', run INT PATH '$[1]', chunk_no INT PATH '$[2]')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.task_id = k.task_id AND c.run = k.run AND c.chunk_no = k.chunk_no \
         SET c.send_at = NOW(3), c.sends = IF(c.sends > 0, c.sends - 1, 0) WHERE c.state = 0 AND c.lease_until IS NULL",
    )
    .bind(json(&keys)?)
    .execute(connection)
    .await?;
    Ok(())
}
