//! Claiming a chunk.

use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use super::{ChunkKey, longest};
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::StationId;
use crate::row::{optional_text, text};
use crate::time::Moment;

/// On which terms a chunk is claimed.
#[derive(Debug, Clone, Copy)]
pub struct ClaimTerms<'a> {
    /// How long the claim holds unless it is renewed.
    pub lease: Duration,
    /// How many chunks of one station and job may be in work at once; 0 for any number.
    pub cap: u32,
    /// The request id of the invocation that claims; `None` keeps the one before.
    pub worker: Option<&'a str>,
}

impl ClaimTerms<'_> {
    /// Terms of a worker without a name.
    #[must_use]
    pub const fn new(lease: Duration, cap: u32) -> Self {
        Self {
            lease,
            cap,
            worker: None,
        }
    }
}

/// A claimed chunk with everything its job needs that is the same for all its items.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The chunk's own id.
    pub id: i64,
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
    /// Whose task it is.
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
    /// Index and what a person made of the item in an earlier run, one JSON array of pairs.
    pub amended: Option<String>,
    /// It holds one item of its run that is worked again.
    pub amends: bool,
}

impl Claimed {
    /// Tells a grant from a claim: no attempt was counted, and a claim takes the chunk away.
    #[must_use]
    pub const fn is_granted(&self) -> bool {
        self.attempt == 0
    }
}

/// Claims an open chunk that nobody holds, and reads it. The attempt is counted before any work is done. `None`: it is
/// done, cancelled, gone, or somebody else's (see [`status`](super::status)), or as many chunks of its station and job
/// as the cap allows are in work: claimed, with a lease that holds. Two that claim at once do not see each other, so the
/// cap is kept on the whole, not to the last chunk.
pub async fn claim(
    connection: &mut Connection,
    key: ChunkKey,
    terms: &ClaimTerms<'_>,
) -> Result<Option<Claimed>> {
    let (lease, longest) = (terms.lease.as_secs(), longest(terms.lease));
    let done = sqlx::query(CLAIM)
        .bind(lease)
        .bind(lease)
        .bind(terms.worker)
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .bind(longest)
        .bind(terms.cap)
        .bind(terms.cap)
        .bind(longest)
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let attempt =
        u32::try_from(done.last_insert_id()).map_err(|_| StoreError::Unreadable("attempts"))?;
    read_claimed(connection, READ_CLAIMED, key, attempt).await
}

/// Reads an open chunk that was granted when it was stored and that nobody has claimed since; `None` otherwise. Writes nothing:
/// the first who completes the chunk wins, as its fence is attempt 0.
pub async fn granted(connection: &mut Connection, key: ChunkKey) -> Result<Option<Claimed>> {
    read_claimed(connection, READ_GRANTED, key, 0).await
}

/// The message has come: should this attempt die, the next announcement is not put off as if that had been lost.
/// The count is a derived table: MySQL lets no statement read the very table it changes otherwise.
const CLAIM: &str = concat!(
    "UPDATE tbl_batch_chunk SET attempts = LAST_INSERT_ID(attempts + 1), \
       lease_until = NOW(3) + INTERVAL ? SECOND, send_at = NOW(3) + INTERVAL ? SECOND, \
       worker = COALESCE(LEFT(?, 64), worker), deferred_for = NULL, sends = 0, stalls = stalls + 1 \
     WHERE task_id = ? AND run = ? AND chunk_no = ? AND state = 0 AND NOT ",
    taken!("tbl_batch_chunk"),
    " AND (? = 0 OR ? > (SELECT n FROM (SELECT COUNT(*) AS n FROM tbl_batch_chunk own \
       STRAIGHT_JOIN tbl_batch_chunk other FORCE INDEX (leased) ON other.state = 0 \
         AND other.lease_until > NOW(3) AND ",
    held!("other"),
    " AND other.station_id = own.station_id AND other.job = own.job AND other.id <> own.id \
       WHERE own.task_id = ? AND own.run = ? AND own.chunk_no = ?) in_work))",
);

/// SQL: a chunk with everything its job needs, by its key and attempt.
macro_rules! read_claimed {
    ($condition:literal) => {
        concat!(
            "SELECT c.id, c.first_index, t.station_id, t.status, b.params, \
               TIMESTAMPDIFF(SECOND, '1970-01-01', b.accepted_at), p.items, p.duplicates, p.amended, c.amends, c.item_count, c.stalls \
             FROM tbl_batch_chunk c JOIN tbl_async_task t ON t.id = c.task_id \
             JOIN tbl_batch b ON b.task_id = c.task_id JOIN tbl_batch_payload p ON p.chunk_id = c.id \
             WHERE c.task_id = ? AND c.run = ? AND c.chunk_no = ? AND c.attempts = ?",
            $condition
        )
    };
}

const READ_CLAIMED: &str = read_claimed!("");

const READ_GRANTED: &str = read_claimed!(" AND c.state = 0 AND c.lease_until > NOW(3)");

async fn read_claimed(
    connection: &mut Connection,
    sql: &'static str,
    key: ChunkKey,
    attempt: u32,
) -> Result<Option<Claimed>> {
    let row = sqlx::query(sql)
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .bind(attempt)
        .fetch_optional(connection)
        .await?;
    row.map(|row| claimed(&row, key, attempt)).transpose()
}

fn claimed(row: &MySqlRow, key: ChunkKey, attempt: u32) -> Result<Claimed> {
    Ok(Claimed {
        id: row.try_get(0)?,
        key,
        attempt,
        first_index: row.try_get(1)?,
        station: StationId::from_row(text(row, 2)?),
        first_of_task: row.try_get::<i64, _>(3)? == 1,
        params: text(row, 4)?,
        accepted_at: Moment::from_row(row, 5)?.ok_or(StoreError::Unreadable("accepted_at"))?,
        items: text(row, 6)?,
        duplicates: optional_text(row, 7)?,
        amended: optional_text(row, 8)?,
        amends: row.try_get(9)?,
        item_count: row.try_get(10)?,
        stalls: row.try_get(11)?,
    })
}
