//! Claiming a chunk.

use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use super::{ChunkKey, ChunkState, in_work, longest, taken};
use crate::compressed::uncompressed;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::StationId;
use crate::row::{optional_text, text};
use crate::time::Moment;

/// How often a claim is tried that others are quicker with.
const TRIES: u32 = 3;

/// The terms on which a chunk is claimed.
#[derive(Debug, Clone, Copy)]
pub struct ClaimTerms<'a> {
    /// How long the claim holds unless it is renewed.
    pub lease: Duration,
    /// How many chunks of one station and job may be in work at once; 0 for any number.
    pub cap: u32,
    /// The request id of the invocation that claims; `None` keeps the one before.
    pub worker: Option<&'a str>,
    /// The job whose chunks it works: a chunk of another job does not exist for it. `None`: any job's.
    pub job: Option<&'a str>,
}

impl ClaimTerms<'_> {
    /// Creates the terms of a worker without a name.
    #[must_use]
    pub const fn new(lease: Duration, cap: u32) -> Self {
        Self {
            lease,
            cap,
            worker: None,
            job: None,
        }
    }
}

/// A claimed chunk with everything its job needs that is the same for all its items.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The chunk's own id.
    pub id: i64,
    /// Its unit of work.
    pub(crate) unit: i64,
    /// Its name in messages.
    pub key: ChunkKey,
    /// The fencing token: which attempt this claim is; 0 for a grant.
    pub attempt: u32,
    /// Attempts in a row, this one included, that ended neither with an outcome nor with a fault of the database.
    pub stalls: u32,
    /// Index in the batch of its first item.
    pub first_index: u32,
    /// How many items it has.
    pub item_count: u32,
    /// The station whose task it is.
    pub station: StationId,
    /// No chunk of the task was claimed before.
    pub first_of_task: bool,
    /// The job's parameters, JSON text.
    pub params: String,
    /// When the run was accepted.
    pub accepted_at: Moment,
    /// The items verbatim, one JSON array.
    pub items: String,
    /// Index and first index with the same key, one JSON array of pairs.
    pub duplicates: Option<String>,
    /// Index and id of the items that a person made in an earlier run, one JSON array of pairs.
    pub amended: Option<String>,
    /// It holds one item of its run that is worked again.
    pub is_rework: bool,
}

impl Claimed {
    /// Tells a grant from a claim: no attempt was counted, and a claim takes the chunk away.
    #[must_use]
    pub const fn is_granted(&self) -> bool {
        self.attempt == 0
    }
}

/// The status of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkStatus {
    /// Whether it still has work.
    pub state: ChunkState,
    /// A worker holds it.
    pub is_held: bool,
    /// It is done, no chunk of its run is open, and the run has not been finished.
    pub is_finishable: bool,
    /// Attempts so far, while it is open.
    pub attempt: u32,
    /// Attempts in a row that ended neither with an outcome nor with a fault of the database, while it is open.
    pub stalls: u32,
    /// The request id of the invocation that claimed it last.
    pub worker: Option<String>,
    /// The last fault that a worker could report.
    pub last_error: Option<String>,
}

/// The end of claiming a chunk.
#[derive(Debug)]
pub enum Claim {
    /// The caller holds it.
    Claimed(Box<Claimed>),
    /// It is done, cancelled, or a worker's; else its station has as many chunks of its job in work as the cap allows.
    Refused(ChunkStatus),
    /// The chunk does not exist.
    Missing,
}

impl Claim {
    /// Answers the claimed chunk.
    #[must_use]
    pub fn claimed(self) -> Option<Claimed> {
        match self {
            Self::Claimed(claimed) => Some(*claimed),
            Self::Refused(_) | Self::Missing => None,
        }
    }
}

/// Claims an open chunk that nobody holds, and reads it. The attempt is counted before any work is done. Two workers that
/// claim at once do not see each other, so the cap is kept on the whole, not to the last chunk.
pub async fn claim(
    connection: &mut Connection,
    key: ChunkKey,
    terms: &ClaimTerms<'_>,
) -> Result<Claim> {
    let mut seen = None;
    for _ in 0..TRIES {
        let Some(row) = look(connection, key, terms, true).await? else {
            return Ok(Claim::Missing);
        };
        let status = chunk_status(&row)?;
        let is_free = status.state == ChunkState::Open && row.try_get::<i64, _>("is_free")? == 1;
        if !is_free {
            return Ok(Claim::Refused(status));
        }
        let claimed = claimed(&row, key, 1)?;
        if take(connection, &claimed, &text(&row, "queue")?, terms).await? {
            return Ok(Claim::Claimed(Box::new(claimed)));
        }
        seen = Some(status);
    }
    Ok(seen.map_or(Claim::Missing, Claim::Refused))
}

/// Reads the status of a chunk; `None` when the chunk does not exist. `lease` is the length that workers claim with.
pub async fn status(
    connection: &mut Connection,
    key: ChunkKey,
    lease: Duration,
) -> Result<Option<ChunkStatus>> {
    let row = look(connection, key, &ClaimTerms::new(lease, 0), false).await?;
    row.as_ref().map(chunk_status).transpose()
}

/// Reads a chunk and its unit of work; its payload only if it is wanted and the chunk can be claimed.
async fn look(
    connection: &mut Connection,
    key: ChunkKey,
    terms: &ClaimTerms<'_>,
    wants_payload: bool,
) -> Result<Option<MySqlRow>> {
    let longest = longest(terms.lease);
    let row = sqlx::query(LOOK)
        .bind(longest)
        .bind(terms.cap)
        .bind(terms.cap)
        .bind(longest)
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .bind(terms.job)
        .bind(wants_payload)
        .fetch_optional(connection)
        .await?;
    Ok(row)
}

const LOOK: &str = concat!(
    "SELECT c.chunk_id, c.state, c.first_index, c.item_count, c.is_rework,
            c.unit_id, c.queue, c.station_id, c.attempt, c.stalls, c.worker, c.last_error,
            CAST(c.is_held AS SIGNED) AS is_held,
            CAST(c.is_held = 0 AND c.has_room AS SIGNED) AS is_free,
            CAST(c.state = 1 -- done
                 AND b.finished_at IS NULL
                 AND b.run = c.run
                 AND NOT EXISTS (SELECT 1 FROM tbl_work o WHERE o.task_id = c.task_id AND o.kind = 1 AND o.run = c.run)
                 AS SIGNED) AS is_finishable,
            b.params,
            TIMESTAMPDIFF(SECOND, '1970-01-01', b.accepted_at) AS accepted_at,
            CAST(t.status = 1 AS SIGNED) AS first_of_task, -- submitted
            p.items, p.duplicates, p.amended
     FROM (SELECT c.id AS chunk_id, c.task_id, c.run, c.state, c.first_index, c.item_count, c.is_rework,
                  w.id AS unit_id, w.queue, w.station_id, w.attempt, w.stalls, w.worker, w.last_error, ",
    taken!(),
    " AS is_held,
                  (? = 0 OR ? > (",
    in_work!("w.queue", "w.station_id"),
    " AND o.id <> w.id)) AS has_room
           FROM tbl_batch_chunk c
           LEFT JOIN tbl_work w ON w.task_id = c.task_id AND w.kind = 1 AND w.run = c.run AND w.part = c.chunk_no -- chunk
           WHERE c.task_id = ? AND c.run = ? AND c.chunk_no = ?) c
     JOIN tbl_batch b ON b.task_id = c.task_id AND b.job = COALESCE(?, b.job)
     JOIN tbl_async_task t ON t.id = c.task_id
     LEFT JOIN tbl_batch_payload p ON p.chunk_id = c.chunk_id AND ? AND c.unit_id IS NOT NULL
                                  AND c.is_held = 0 AND c.has_room"
);

fn chunk_status(row: &MySqlRow) -> Result<ChunkStatus> {
    Ok(ChunkStatus {
        state: ChunkState::from_number(row.try_get("state")?)?,
        is_held: row.try_get::<i64, _>("is_held")? == 1,
        is_finishable: row.try_get::<i64, _>("is_finishable")? == 1,
        attempt: row.try_get::<Option<u32>, _>("attempt")?.unwrap_or(0),
        stalls: row.try_get::<Option<u32>, _>("stalls")?.unwrap_or(0),
        worker: optional_text(row, "worker")?,
        last_error: optional_text(row, "last_error")?,
    })
}

/// Reads the claim of a chunk as it is once `more` attempts are counted.
pub(super) fn claimed(row: &MySqlRow, key: ChunkKey, more: u32) -> Result<Claimed> {
    Ok(Claimed {
        id: row.try_get("chunk_id")?,
        unit: row.try_get("unit_id")?,
        key,
        attempt: row.try_get::<u32, _>("attempt")? + more,
        stalls: row.try_get::<u32, _>("stalls")? + more,
        first_index: row.try_get("first_index")?,
        item_count: row.try_get("item_count")?,
        station: StationId::from_row(text(row, "station_id")?),
        first_of_task: row.try_get::<i64, _>("first_of_task")? == 1,
        params: text(row, "params")?,
        accepted_at: Moment::from_row(row, "accepted_at")?
            .ok_or(StoreError::Unreadable("accepted_at"))?,
        items: uncompressed(row, "items")?,
        duplicates: optional_text(row, "duplicates")?,
        amended: optional_text(row, "amended")?,
        is_rework: row.try_get("is_rework")?,
    })
}

/// Takes a chunk that was seen free, unless another worker was quicker.
async fn take(
    connection: &mut Connection,
    claim: &Claimed,
    job: &str,
    terms: &ClaimTerms<'_>,
) -> Result<bool> {
    let (lease, longest) = (terms.lease.as_secs(), longest(terms.lease));
    let done = sqlx::query(TAKE)
        .bind(lease)
        .bind(lease)
        .bind(terms.worker)
        .bind(claim.unit)
        .bind(claim.attempt - 1)
        .bind(longest)
        .bind(terms.cap)
        .bind(terms.cap)
        .bind(job)
        .bind(claim.station.as_str())
        .bind(longest)
        .bind(claim.unit)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The message has come: should this attempt die, the next announcement is not put off as if that had been lost.
/// The count is a derived table: MySQL lets no statement read the very table it changes otherwise.
const TAKE: &str = concat!(
    "UPDATE tbl_work w
     SET w.attempt       = w.attempt + 1,
         w.state         = 3, -- leased
         w.lease_until   = NOW(3) + INTERVAL ? SECOND,
         w.due_at        = NOW(3) + INTERVAL ? SECOND,
         w.worker        = COALESCE(LEFT(?, 64), w.worker),
         w.announcements = 0,
         w.stalls        = w.stalls + 1
     WHERE w.id = ?
       AND w.attempt = ?
       AND NOT ",
    taken!(),
    "
       AND (? = 0 OR ? > (SELECT n FROM (",
    in_work!("?", "?"),
    " AND o.id <> ?) in_work))"
);
