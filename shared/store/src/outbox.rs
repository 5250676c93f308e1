//! Open chunks as an outbox: which of them must be announced to the workers (again).

use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::chunks::ChunkKey;
use crate::connections::Connection;
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
pub struct Announcement {
    /// The chunk.
    pub key: ChunkKey,
    /// Whose it is, which the queue groups messages by.
    pub station: StationId,
    /// Which job works it, which decides the queue.
    pub job: String,
}

/// How often chunks are announced.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long after its message was due an open chunk is announced again.
    pub resend: Duration,
    /// How long a worker owns the chunk it claimed.
    pub lease: Duration,
}

impl Pace {
    /// How many seconds ahead an announcement can be put off, twice over: one further ahead was put off by a clock that has
    /// stepped back since.
    pub(crate) fn longest(self) -> u64 {
        2 * self.lease.max(self.resend * (1 << DOUBLED)).as_secs()
    }
}

/// The chunks of one station and one job, which get their turn beside those of every other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lane {
    pub(crate) station: String,
    pub(crate) job: String,
}

impl Lane {
    pub(crate) fn of(station: &StationId, job: &str) -> Self {
        Self {
            station: station.as_str().to_owned(),
            job: job.to_owned(),
        }
    }
}

pub(crate) fn lane(row: &MySqlRow) -> Result<Lane> {
    Ok(Lane {
        station: text(row, 0)?,
        job: text(row, 1)?,
    })
}

/// The lanes that hold an open chunk whose message was never sent, was lost, or whose lease ran out. Chunks that wait for
/// their station do not count.
pub async fn due_lanes(connection: &mut Connection, pace: Pace) -> Result<Vec<Lane>> {
    // Grouped by the index's first columns, so that it is skipped through instead of read.
    let rows = sqlx::query(
        "SELECT station_id, job FROM tbl_batch_chunk FORCE INDEX (due) \
         WHERE state = 0 AND deferred_for IS NULL GROUP BY state, deferred_for, station_id, job \
         HAVING MIN(send_at) <= NOW(3) OR MAX(send_at) > NOW(3) + INTERVAL ? SECOND",
    )
    .bind(pace.longest())
    .fetch_all(connection)
    .await?;
    rows.iter().map(lane).collect()
}

/// Takes up to `limit` due chunks of a lane, those that waited longest first, and puts off their next announcement: by
/// `resend`, doubled with every announcement, at most [8-fold](DOUBLED).
///
/// Runs in a transaction; two sweepers at once take different chunks.
pub async fn take_due(
    connection: &mut Connection,
    lane: &Lane,
    limit: u32,
    pace: Pace,
) -> Result<Vec<Announcement>> {
    let rows = sqlx::query(
        "SELECT id FROM tbl_batch_chunk FORCE INDEX (due) \
         WHERE state = 0 AND deferred_for IS NULL AND station_id = ? AND job = ? \
           AND (send_at <= NOW(3) OR send_at > NOW(3) + INTERVAL ? SECOND) \
         ORDER BY send_at LIMIT ? FOR UPDATE SKIP LOCKED",
    )
    .bind(&lane.station)
    .bind(&lane.job)
    .bind(pace.longest())
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
    postpone(connection, &ids, pace.resend).await?;
    described(connection, &ids).await
}

async fn postpone(connection: &mut Connection, ids: &str, resend: Duration) -> Result<()> {
    sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         SET c.send_at = NOW(3) + INTERVAL (? << LEAST(c.sends, ?)) SECOND, c.sends = c.sends + 1",
    )
    .bind(ids)
    .bind(resend.as_secs())
    .bind(DOUBLED)
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads the addresses of the chunks of these ids.
pub(crate) async fn described(connection: &mut Connection, ids: &str) -> Result<Vec<Announcement>> {
    let rows = sqlx::query(
        "SELECT c.task_id, c.run, c.chunk_no, t.station_id, b.job \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         JOIN tbl_async_task t ON t.id = c.task_id JOIN tbl_batch b ON b.task_id = c.task_id",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.iter().map(due).collect()
}

fn due(row: &MySqlRow) -> Result<Announcement> {
    let key = ChunkKey {
        task: TaskId::from_row(row.try_get(0)?),
        run: row.try_get(1)?,
        chunk: row.try_get(2)?,
    };
    Ok(Announcement {
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
         STRAIGHT_JOIN tbl_batch_chunk c FORCE INDEX (chunk) ON c.task_id = k.task_id AND c.run = k.run AND c.chunk_no = k.chunk_no \
         SET c.send_at = NOW(3), c.sends = IF(c.sends > 0, c.sends - 1, 0), c.lease_until = NULL \
         WHERE c.state = 0 AND (c.lease_until IS NULL OR c.attempts = 0)",
    )
    .bind(json(&keys)?)
    .execute(connection)
    .await?;
    Ok(())
}
