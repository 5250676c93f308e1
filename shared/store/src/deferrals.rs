//! Chunks that wait because their station has as many in work as it may.
//!
//! A deferred chunk is an open one that is marked with its station. Claiming it takes the mark away, so that nothing but
//! the mark has to be looked for. It has no message, and time does not make it due: it is taken by a worker of its station
//! that has finished another, or announced by the sweeper while its station has room.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::chunks::{ChunkKey, held, longest, taken};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::outbox::{Announcement, Lane, Pace, described, lane};

/// Among how many of the chunks that wait longest the next one is drawn, so that workers that look at once seldom draw the
/// same one.
const DRAWN_FROM: u32 = 8;

/// Marks an open chunk that nobody holds as waiting for its station, `lease` being what workers claim with. `false` when it is
/// not open, or somebody holds it.
pub async fn defer(connection: &mut Connection, key: ChunkKey, lease: Duration) -> Result<bool> {
    // Its message has come: later announcements need not be put off as if it had been lost.
    let done = sqlx::query(concat!(
        "UPDATE tbl_batch_chunk FORCE INDEX (chunk) SET deferred_for = station_id, send_at = NOW(3), sends = 0, lease_until = NULL \
         WHERE task_id = ? AND run = ? AND chunk_no = ? AND state = 0 AND NOT ",
        taken!("tbl_batch_chunk")
    ))
    .bind(key.task.get())
    .bind(key.run)
    .bind(key.chunk)
    .bind(longest(lease))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Draws one of the chunks of a station and a job that have been waiting longest; mended items go before whole chunks.
pub async fn next(
    connection: &mut Connection,
    station: &StationId,
    job: &str,
) -> Result<Option<ChunkKey>> {
    let lane = Lane::of(station, job);
    let waiting = first_waiting(connection, &lane, DRAWN_FROM).await?;
    let amends = waiting.iter().filter(|chunk| chunk.amends).count();
    let among = if amends > 0 { amends } else { waiting.len() };
    Ok((among > 0).then(|| waiting[fastrand::usize(..among)].key))
}

/// A chunk that waits.
struct Waiting {
    id: i64,
    key: ChunkKey,
    amends: bool,
}

/// Reads the chunks of a lane that have been waiting longest: up to `limit` mended items, then up to `limit` others.
async fn first_waiting(
    connection: &mut Connection,
    lane: &Lane,
    limit: u32,
) -> Result<Vec<Waiting>> {
    let mut query = sqlx::query(FIRST_WAITING);
    for _ in 0..2 {
        query = query.bind(&lane.station).bind(&lane.job).bind(limit);
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(waiting).collect()
}

/// Two index ranges, each in the order of the index.
const FIRST_WAITING: &str = "(SELECT id, task_id, run, chunk_no, amends FROM tbl_batch_chunk FORCE INDEX (deferred) \
        WHERE deferred_for = ? AND job = ? AND amends = 1 AND state = 0 ORDER BY id LIMIT ?) \
     UNION ALL \
     (SELECT id, task_id, run, chunk_no, amends FROM tbl_batch_chunk FORCE INDEX (deferred) \
        WHERE deferred_for = ? AND job = ? AND amends = 0 AND state = 0 ORDER BY id LIMIT ?)";

fn waiting(row: &MySqlRow) -> Result<Waiting> {
    Ok(Waiting {
        id: row.try_get("id")?,
        key: ChunkKey {
            task: TaskId::from_row(row.try_get("task_id")?),
            run: row.try_get("run")?,
            chunk: row.try_get("chunk_no")?,
        },
        amends: row.try_get("amends")?,
    })
}

/// Takes chunks that wait, of every station and job that has fewer than `cap` in work: as many as it lacks, if they were not
/// announced within `resend`. Without a cap (0) nothing waits any more: all of them are made due instead.
///
/// Runs in a transaction.
pub async fn take_with_room(
    connection: &mut Connection,
    cap: u32,
    pace: Pace,
) -> Result<Vec<Announcement>> {
    if cap == 0 {
        make_all_due(connection).await?;
        return Ok(Vec::new());
    }
    let lanes = waiting_lanes(connection).await?;
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let in_work = in_work(connection, pace.lease).await?;
    let mut taken = Vec::new();
    for lane in &lanes {
        let room = cap.saturating_sub(in_work.get(lane).copied().unwrap_or(0));
        if room > 0 {
            let mut waiting = first_waiting(connection, lane, room).await?;
            waiting.truncate(room as usize);
            taken.extend(waiting.iter().map(|chunk| chunk.id));
        }
    }
    taken_unless_announced(connection, &taken, pace).await
}

async fn make_all_due(connection: &mut Connection) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch_chunk FORCE INDEX (deferred) SET deferred_for = NULL, send_at = NOW(3) \
         WHERE deferred_for IS NOT NULL AND state = 0",
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn waiting_lanes(connection: &mut Connection) -> Result<Vec<Lane>> {
    let rows = sqlx::query(
        "SELECT deferred_for AS station_id, job FROM tbl_batch_chunk FORCE INDEX (deferred) \
         WHERE deferred_for IS NOT NULL GROUP BY deferred_for, job",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(lane).collect()
}

/// How many chunks of each lane are claimed, with a lease that holds: the workers there are, at most.
async fn in_work(connection: &mut Connection, lease: Duration) -> Result<HashMap<Lane, u32>> {
    let rows = sqlx::query(concat!(
        "SELECT c.station_id, c.job, COUNT(*) AS n FROM tbl_batch_chunk c FORCE INDEX (leased) \
         WHERE c.state = 0 AND c.lease_until > NOW(3) AND ",
        held!("c"),
        " GROUP BY c.station_id, c.job"
    ))
    .bind(longest(lease))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let n: i64 = row.try_get("n")?;
            Ok((lane(row)?, u32::try_from(n).unwrap_or(u32::MAX)))
        })
        .collect()
}

async fn taken_unless_announced(
    connection: &mut Connection,
    ids: &[i64],
    pace: Pace,
) -> Result<Vec<Announcement>> {
    let ids = json(ids)?;
    let rows = sqlx::query(
        "SELECT c.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         WHERE c.send_at <= NOW(3) OR c.send_at > NOW(3) + INTERVAL ? SECOND",
    )
    .bind(ids)
    .bind(pace.longest())
    .fetch_all(&mut *connection)
    .await?;
    let ids = rows
        .iter()
        .map(|row| Ok(row.try_get(0)?))
        .collect::<Result<Vec<i64>>>()?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = json(&ids)?;
    sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id \
         SET c.send_at = NOW(3) + INTERVAL ? SECOND WHERE c.deferred_for IS NOT NULL",
    )
    .bind(&ids)
    .bind(pace.resend.as_secs())
    .execute(&mut *connection)
    .await?;
    described(connection, &ids).await
}
