//! Chunks that wait because their station has as many in work as it may.
//!
//! A deferred chunk is an open one that is marked with its station. Claiming it takes the mark away, so that nothing but
//! the mark has to be looked for.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::Row;

use crate::chunks::ChunkKey;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::outbox::Due;
use crate::row::text;

/// Marks an open chunk that nobody holds as waiting for its station; should nobody take it, it falls due `resend` from
/// now. `false` when it is not open, or somebody holds it.
pub async fn defer(connection: &mut Connection, key: ChunkKey, resend: Duration) -> Result<bool> {
    // Its message has come: later announcements need not be put off as if it had been lost.
    let done = sqlx::query(
        "UPDATE tbl_batch_chunk c JOIN tbl_async_task t ON t.id = c.task_id \
         SET c.deferred_for = t.station_id, c.send_at = NOW(3) + INTERVAL ? SECOND, c.sends = 0 \
         WHERE c.task_id = ? AND c.run = ? AND c.chunk_no = ? AND c.state = 0 \
           AND (c.lease_until IS NULL OR c.lease_until <= NOW(3))",
    )
    .bind(resend.as_secs())
    .bind(key.task.get())
    .bind(key.run)
    .bind(key.chunk)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The chunk of a station and a job that has been waiting since before all others.
pub async fn next(
    connection: &mut Connection,
    station: &StationId,
    job: &str,
) -> Result<Option<ChunkKey>> {
    let row = sqlx::query(
        "SELECT c.task_id, c.run, c.chunk_no FROM tbl_batch_chunk c FORCE INDEX (deferred) \
         STRAIGHT_JOIN tbl_batch b ON b.task_id = c.task_id AND b.job = ? \
         WHERE c.deferred_for = ? AND c.state = 0 ORDER BY c.id LIMIT 1",
    )
    .bind(job)
    .bind(station.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(ChunkKey {
            task: TaskId::from_row(row.try_get(0)?),
            run: row.try_get(1)?,
            chunk: row.try_get(2)?,
        })
    })
    .transpose()
}

/// Those of the deferred chunks given that there is room for: as many of a station and job as are fewer than `cap` (0: any
/// number) in work.
pub(crate) async fn with_room(
    connection: &mut Connection,
    mut deferred: Vec<Due>,
    cap: u32,
) -> Result<Vec<Due>> {
    if deferred.is_empty() || cap == 0 {
        return Ok(deferred);
    }
    let mut taken = in_work(connection).await?;
    deferred.retain(|due| {
        let taken = taken
            .entry((due.station.as_str().to_owned(), due.job.clone()))
            .or_default();
        *taken += 1;
        *taken <= i64::from(cap)
    });
    Ok(deferred)
}

/// How many chunks of each station and job are claimed, with a lease that has not run out: the workers there are, at most.
async fn in_work(connection: &mut Connection) -> Result<HashMap<(String, String), i64>> {
    let rows = sqlx::query(
        "SELECT t.station_id, b.job, COUNT(*) FROM tbl_batch_chunk c FORCE INDEX (leased) \
         STRAIGHT_JOIN tbl_async_task t ON t.id = c.task_id STRAIGHT_JOIN tbl_batch b ON b.task_id = c.task_id \
         WHERE c.state = 0 AND c.lease_until > NOW(3) GROUP BY t.station_id, b.job",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok(((text(row, 0)?, text(row, 1)?), row.try_get(2)?)))
        .collect()
}
