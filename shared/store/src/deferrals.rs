//! Chunks that wait because their station has as many in work as it may.
//!
//! A waiting chunk has no message, and time does not make it due: it is taken by a worker of its station that has finished
//! another, or announced by the sweeper while its station has room.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::chunks::{ChunkKey, held, longest, taken};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::StationId;
use crate::outbox::{Announcement, Pace, announcement};
use crate::row::text;

/// Among how many of the chunks that wait longest the next one is drawn, so that workers that look at once seldom draw the
/// same one.
const DRAWN_FROM: u32 = 8;

/// Lets an open chunk that nobody holds wait for its station, `lease` being the length that workers claim with. `false` when
/// it is not open, or a worker holds it.
pub async fn defer(connection: &mut Connection, key: ChunkKey, lease: Duration) -> Result<bool> {
    let done = sqlx::query(DEFER)
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .bind(longest(lease))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Its message has come: later announcements need not be put off as if it had been lost.
const DEFER: &str = concat!(
    "UPDATE tbl_work w FORCE INDEX (unit)
     SET w.state         = 2, -- waiting
         w.lease_until   = NULL,
         w.due_at        = NOW(3),
         w.announcements = 0
     WHERE w.task_id = ?
       AND w.kind = 1 -- chunk
       AND w.run = ?
       AND w.part = ?
       AND NOT ",
    taken!()
);

/// Draws one of the chunks of a station and a job that are next in turn; rework goes before whole chunks.
pub async fn next(
    connection: &mut Connection,
    station: &StationId,
    job: &str,
) -> Result<Option<ChunkKey>> {
    let lane = WaitingLane {
        station: station.as_str().to_owned(),
        job: job.to_owned(),
    };
    let waiting = first_waiting(connection, &lane, DRAWN_FROM, Pace::default()).await?;
    let rework = waiting.iter().filter(|chunk| chunk.is_rework).count();
    let among = if rework > 0 { rework } else { waiting.len() };
    Ok((among > 0).then(|| waiting[fastrand::usize(..among)].announcement.key))
}

/// The waiting chunks of one station and one job.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct WaitingLane {
    station: String,
    job: String,
}

fn lane(row: &MySqlRow) -> Result<WaitingLane> {
    Ok(WaitingLane {
        station: text(row, "station_id")?,
        job: text(row, "queue")?,
    })
}

/// A chunk that waits.
struct Waiting {
    id: i64,
    announcement: Announcement,
    is_rework: bool,
    /// It was not announced within the last `resend`.
    is_due: bool,
}

/// Reads the chunks of a lane that are next in turn: up to `limit` of rework, then up to `limit` others.
async fn first_waiting(
    connection: &mut Connection,
    lane: &WaitingLane,
    limit: u32,
    pace: Pace,
) -> Result<Vec<Waiting>> {
    let mut query = sqlx::query(FIRST_WAITING);
    for _ in 0..2 {
        query = query
            .bind(pace.longest())
            .bind(&lane.job)
            .bind(&lane.station)
            .bind(limit);
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(waiting).collect()
}

macro_rules! waiting_in_turn {
    ($is_rework:literal) => {
        concat!(
            "(SELECT id, task_id, run, part, station_id, queue, is_rework,
                     CAST(due_at <= NOW(3) OR due_at > NOW(3) + INTERVAL ? SECOND AS SIGNED) AS is_due
              FROM tbl_work FORCE INDEX (lane)
              WHERE queue = ?
                AND state = 2 -- waiting
                AND station_id = ?
                AND is_rework = ",
            $is_rework,
            "
                AND kind = 1 -- chunk
              ORDER BY turn, id
              LIMIT ?)"
        )
    };
}

/// Two index ranges, each in the order of the index.
const FIRST_WAITING: &str = concat!(waiting_in_turn!("1"), " UNION ALL ", waiting_in_turn!("0"));

fn waiting(row: &MySqlRow) -> Result<Waiting> {
    Ok(Waiting {
        id: row.try_get("id")?,
        announcement: announcement(row)?,
        is_rework: row.try_get("is_rework")?,
        is_due: row.try_get::<i64, _>("is_due")? == 1,
    })
}

/// Takes waiting chunks of every station and job that has fewer than `cap` in work: as many as it lacks, if they were not
/// announced within `resend`. Without a cap (0) nothing waits any more: all of them are made due instead.
///
/// Runs in a transaction.
pub async fn take_with_room(
    connection: &mut Connection,
    cap: u32,
    pace: Pace,
) -> Result<Vec<Announcement>> {
    if cap == 0 {
        sqlx::query(MAKE_ALL_DUE).execute(connection).await?;
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
            let mut waiting = first_waiting(connection, lane, room, pace).await?;
            waiting.truncate(room as usize);
            taken.extend(waiting.into_iter().filter(|chunk| chunk.is_due));
        }
    }
    if !taken.is_empty() {
        let ids: Vec<i64> = taken.iter().map(|chunk| chunk.id).collect();
        put_off(connection, &ids, pace.resend).await?;
    }
    Ok(taken.into_iter().map(|chunk| chunk.announcement).collect())
}

const MAKE_ALL_DUE: &str = "\
    UPDATE tbl_work
    SET state  = 0, -- ready
        due_at = NOW(3)
    WHERE kind = 1 -- chunk
      AND state = 2 -- waiting";

async fn waiting_lanes(connection: &mut Connection) -> Result<Vec<WaitingLane>> {
    let rows = sqlx::query(WAITING_LANES).fetch_all(connection).await?;
    rows.iter().map(lane).collect()
}

const WAITING_LANES: &str = "\
    SELECT station_id, queue
    FROM tbl_work FORCE INDEX (chunk_due)
    WHERE kind = 1 -- chunk
      AND state = 2 -- waiting
    GROUP BY kind, state, station_id, queue";

/// Counts the chunks of each lane that are claimed with a lease that holds: the workers there are, at most.
async fn in_work(
    connection: &mut Connection,
    lease: Duration,
) -> Result<HashMap<WaitingLane, u32>> {
    let rows = sqlx::query(IN_WORK)
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

const IN_WORK: &str = concat!(
    "SELECT w.station_id, w.queue, COUNT(*) AS n
     FROM tbl_work w FORCE INDEX (chunk_due)
     WHERE w.kind = 1 -- chunk
       AND w.state = 3 -- leased
       AND ",
    held!(),
    "
     GROUP BY w.station_id, w.queue"
);

async fn put_off(connection: &mut Connection, ids: &[i64], resend: Duration) -> Result<()> {
    sqlx::query(PUT_OFF)
        .bind(json(ids)?)
        .bind(resend.as_secs())
        .execute(connection)
        .await?;
    Ok(())
}

const PUT_OFF: &str = "\
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_work w ON w.id = k.id
    SET w.due_at = NOW(3) + INTERVAL ? SECOND
    WHERE w.state = 2 -- waiting";
