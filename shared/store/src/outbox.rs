//! Open chunks as an outbox: due chunks are announced to the workers, or announced again.

use std::collections::HashMap;
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

/// Announces a chunk to the workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The chunk.
    pub key: ChunkKey,
    /// The station, by which the queue groups messages.
    pub station: StationId,
    /// The job that works it, which decides the queue.
    pub job: String,
}

/// How often chunks are announced.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// How long after its message was due an open chunk is announced again.
    pub resend: Duration,
    /// How long a worker owns the chunk it claimed.
    pub lease: Duration,
}

impl Pace {
    /// Answers twice the seconds that an announcement can be put off: one further ahead was put off by a clock that has
    /// stepped back since.
    pub(crate) fn longest(self) -> u64 {
        2 * self.lease.max(self.resend * (1 << DOUBLED)).as_secs()
    }
}

/// The due chunks of one station and one job. Lanes take turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    station: String,
    job: String,
    /// The states of its due chunks: each is a range of the index.
    states: Vec<u8>,
}

/// Finds the lanes that hold an open chunk whose message was never sent, was lost, or whose lease ran out. Chunks that wait
/// for their station do not count.
pub async fn due_lanes(connection: &mut Connection, pace: Pace) -> Result<Vec<Lane>> {
    let rows = sqlx::query(DUE_LANES)
        .bind(pace.longest())
        .bind(pace.longest())
        .fetch_all(connection)
        .await?;
    let mut lanes: HashMap<(String, String), Vec<u8>> = HashMap::new();
    for row in &rows {
        let lane = (text(row, "station_id")?, text(row, "queue")?);
        lanes.entry(lane).or_default().push(row.try_get("state")?);
    }
    let lane = |((station, job), states)| Lane {
        station,
        job,
        states,
    };
    Ok(lanes.into_iter().map(lane).collect())
}

macro_rules! due_lanes_of {
    ($state:literal) => {
        concat!(
            "SELECT state, station_id, queue
             FROM tbl_work FORCE INDEX (chunk_due)
             WHERE kind = 1 -- chunk
               AND state = ",
            $state,
            "
             GROUP BY kind, state, station_id, queue
             HAVING MIN(due_at) <= NOW(3) OR MAX(due_at) > NOW(3) + INTERVAL ? SECOND"
        )
    };
}

/// Of the ready and of the leased chunks. Grouped by the index's first columns, so that it is skipped through instead of read.
const DUE_LANES: &str = concat!(due_lanes_of!("0"), " UNION ALL ", due_lanes_of!("3"));

/// Takes up to `limit` due chunks of a lane, longest waiting first, and puts off their next announcement: by
/// `resend`, doubled with every announcement, at most [8-fold](DOUBLED).
///
/// Runs in a transaction; two sweepers at once take different chunks.
pub async fn take_due(
    connection: &mut Connection,
    lane: &Lane,
    limit: u32,
    pace: Pace,
) -> Result<Vec<Announcement>> {
    let mut taken = Vec::new();
    for state in &lane.states {
        for sql in [DUE_CHUNKS, PUT_OFF_TOO_FAR] {
            let rest = limit.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX));
            if rest > 0 {
                let rows = sqlx::query(sql)
                    .bind(state)
                    .bind(&lane.station)
                    .bind(&lane.job)
                    .bind(if sql == DUE_CHUNKS { 0 } else { pace.longest() })
                    .bind(rest);
                taken.extend(rows.fetch_all(&mut *connection).await?);
            }
        }
    }
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let ids = taken
        .iter()
        .map(|row| Ok(row.try_get("id")?))
        .collect::<Result<Vec<i64>>>()?;
    postpone(connection, &ids, pace.resend).await?;
    taken.iter().map(announcement).collect()
}

macro_rules! due_chunks {
    ($condition:literal) => {
        concat!(
            "SELECT id, task_id, run, part, station_id, queue
             FROM tbl_work FORCE INDEX (chunk_due)
             WHERE kind = 1 -- chunk
               AND state = ?
               AND station_id = ?
               AND queue = ?
               AND ",
            $condition,
            "
             ORDER BY due_at
             LIMIT ?
             FOR UPDATE SKIP LOCKED"
        )
    };
}

/// One range of the index each: MariaDB reads and sorts the whole lane for two at once.
const DUE_CHUNKS: &str = due_chunks!("due_at <= NOW(3) + INTERVAL ? SECOND");

/// Put off by a clock that has stepped back since.
const PUT_OFF_TOO_FAR: &str = due_chunks!("due_at > NOW(3) + INTERVAL ? SECOND");

async fn postpone(connection: &mut Connection, ids: &[i64], resend: Duration) -> Result<()> {
    sqlx::query(POSTPONE)
        .bind(json(ids)?)
        .bind(resend.as_secs())
        .bind(DOUBLED)
        .execute(connection)
        .await?;
    Ok(())
}

const POSTPONE: &str = "\
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_work w ON w.id = k.id
    SET w.due_at        = NOW(3) + INTERVAL (? << LEAST(w.announcements, ?)) SECOND,
        w.announcements = w.announcements + 1";

/// Reads the announcement of a chunk from its unit of work.
pub(crate) fn announcement(row: &MySqlRow) -> Result<Announcement> {
    Ok(Announcement {
        key: ChunkKey {
            task: TaskId::from_row(row.try_get("task_id")?),
            run: row.try_get("run")?,
            chunk: row.try_get("part")?,
        },
        station: StationId::from_row(text(row, "station_id")?),
        job: text(row, "queue")?,
    })
}

/// Makes chunks due at once that could not be announced, and takes back the count of that announcement.
pub async fn make_due(connection: &mut Connection, unsent: &[ChunkKey]) -> Result<()> {
    let keys: Vec<_> = unsent
        .iter()
        .map(|key| (key.task.get(), key.run, key.chunk))
        .collect();
    sqlx::query(MAKE_DUE)
        .bind(json(&keys)?)
        .execute(connection)
        .await?;
    Ok(())
}

const MAKE_DUE: &str = "\
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (task_id BIGINT PATH '$[0]', run INT PATH '$[1]', part INT PATH '$[2]')) k
    STRAIGHT_JOIN tbl_work w FORCE INDEX (unit)
       ON w.task_id = k.task_id AND w.kind = 1 AND w.run = k.run AND w.part = k.part -- chunk
    SET w.due_at        = NOW(3),
        w.announcements = IF(w.announcements > 0, w.announcements - 1, 0),
        w.lease_until   = NULL,
        w.state         = IF(w.state = 3, 0, w.state) -- leased, ready
    WHERE w.state IN (0, 2) -- ready, waiting
       OR w.attempt = 0 -- granted";
