//! `tbl_batch_chunk`: the units of dispatch, claimed by one worker at a time.

use std::time::Duration;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// The most items a chunk may have: an item's id is its chunk's id × this + its position.
pub const MAX_ITEMS: u32 = 1000;

/// The id reserved for what is made of the item at `position` of a chunk.
#[must_use]
pub const fn reserved_id(chunk: i64, position: u32) -> i64 {
    chunk * MAX_ITEMS as i64 + position as i64
}

/// The name of a chunk in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkKey {
    /// The task.
    pub task: TaskId,
    /// The run of its batch.
    pub run: u32,
    /// The chunk within the run, from 0.
    pub chunk: u32,
}

/// Whether a chunk still has work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkState {
    /// Some of its items have no outcome yet.
    Open = 0,
    /// Every item has its outcome.
    Done = 1,
    /// It was closed before it was done; items without an outcome are cancelled.
    Cancelled = 2,
}

impl ChunkState {
    pub(crate) fn from_number(number: i64) -> Result<Self> {
        match number {
            0 => Ok(Self::Open),
            1 => Ok(Self::Done),
            2 => Ok(Self::Cancelled),
            _ => Err(StoreError::Unreadable("chunk state")),
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
    /// The fencing token: which attempt this claim is.
    pub attempt: u32,
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

/// Claims an open chunk that nobody holds, until `lease` from now, and reads it. The attempt is counted before
/// any work is done. `None`: it is done, cancelled, gone, or somebody else's (see [`state`]), or as many chunks of its
/// station and job as `cap` (0: any number) are in work: claimed, with a lease that has not run out. Two that claim at
/// once do not see each other, so the cap is kept on the whole, not to the last chunk.
pub async fn claim(
    connection: &mut Connection,
    key: ChunkKey,
    lease: Duration,
    cap: u32,
) -> Result<Option<Claimed>> {
    // Its message has come: should this attempt die, the next announcement is not put off as if that had been lost.
    // The count is a derived table: MySQL lets no statement read the very table it changes otherwise.
    let done = sqlx::query(
        "UPDATE tbl_batch_chunk SET attempts = LAST_INSERT_ID(attempts + 1), \
           lease_until = NOW(3) + INTERVAL ? SECOND, send_at = NOW(3) + INTERVAL ? SECOND, \
           deferred_for = NULL, sends = 0, stalls = stalls + 1 \
         WHERE task_id = ? AND run = ? AND chunk_no = ? AND state = 0 \
           AND (lease_until IS NULL OR lease_until <= NOW(3)) \
           AND (? = 0 OR ? > (SELECT n FROM (SELECT COUNT(*) AS n FROM tbl_async_task own \
             STRAIGHT_JOIN tbl_batch batch ON batch.task_id = own.id \
             STRAIGHT_JOIN tbl_batch_chunk held FORCE INDEX (leased) ON held.state = 0 AND held.lease_until > NOW(3) \
             STRAIGHT_JOIN tbl_batch b ON b.task_id = held.task_id AND b.job = batch.job \
             STRAIGHT_JOIN tbl_async_task t ON t.id = held.task_id AND t.station_id = own.station_id \
             WHERE own.id = ?) in_work))",
    )
    .bind(lease.as_secs())
    .bind(lease.as_secs())
    .bind(key.task.get())
    .bind(key.run)
    .bind(key.chunk)
    .bind(cap)
    .bind(cap)
    .bind(key.task.get())
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let attempt =
        u32::try_from(done.last_insert_id()).map_err(|_| StoreError::Unreadable("attempts"))?;
    read_claimed(connection, key, attempt).await
}

async fn read_claimed(
    connection: &mut Connection,
    key: ChunkKey,
    attempt: u32,
) -> Result<Option<Claimed>> {
    let row = sqlx::query(
        "SELECT c.id, c.first_index, t.station_id, t.status, b.params, \
           TIMESTAMPDIFF(SECOND, '1970-01-01', b.accepted_at), p.items, p.duplicates, p.amended, c.amends, c.item_count \
         FROM tbl_batch_chunk c JOIN tbl_async_task t ON t.id = c.task_id \
         JOIN tbl_batch b ON b.task_id = c.task_id JOIN tbl_batch_payload p ON p.chunk_id = c.id \
         WHERE c.task_id = ? AND c.run = ? AND c.chunk_no = ? AND c.attempts = ?",
    )
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
    })
}

/// The state of a chunk; `None` when there is no such chunk.
pub async fn state(connection: &mut Connection, key: ChunkKey) -> Result<Option<ChunkState>> {
    let row = sqlx::query(
        "SELECT state FROM tbl_batch_chunk WHERE task_id = ? AND run = ? AND chunk_no = ?",
    )
    .bind(key.task.get())
    .bind(key.run)
    .bind(key.chunk)
    .fetch_optional(connection)
    .await?;
    row.map(|row| ChunkState::from_number(row.try_get(0)?))
        .transpose()
}

/// Closes a claimed chunk as done, if the claim still holds: `false` means that the lease was lost to another
/// attempt or the task was closed, and everything the transaction wrote must be undone.
///
/// Must be the transaction's first statement: it is the lock that a close of the task waits for.
pub async fn complete(connection: &mut Connection, claim: &Claimed) -> Result<bool> {
    fenced(
        connection,
        claim,
        "UPDATE tbl_batch_chunk SET state = 1, lease_until = NULL, deferred_for = NULL \
         WHERE id = ? AND attempts = ? AND state = 0",
    )
    .await
}

/// Holds a claimed chunk for one more write without closing it and renews its lease; `false` as for [`complete`]. The
/// write is progress: attempts that stalled before are forgotten.
pub async fn hold(connection: &mut Connection, claim: &Claimed, lease: Duration) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE tbl_batch_chunk SET lease_until = NOW(3) + INTERVAL ? SECOND, \
           send_at = NOW(3) + INTERVAL ? SECOND, stalls = 0 WHERE id = ? AND attempts = ? AND state = 0",
    )
    .bind(lease.as_secs())
    .bind(lease.as_secs())
    .bind(claim.id)
    .bind(claim.attempt)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn fenced(connection: &mut Connection, claim: &Claimed, sql: &'static str) -> Result<bool> {
    let done = sqlx::query(sql)
        .bind(claim.id)
        .bind(claim.attempt)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes why a chunk was given up.
pub async fn note_cause(connection: &mut Connection, claim: &Claimed, cause: &str) -> Result<()> {
    sqlx::query("UPDATE tbl_batch_chunk SET cause = LEFT(?, 255) WHERE id = ?")
        .bind(cause)
        .bind(claim.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives a claimed chunk back at once, so that its next message need not wait for the lease to run out. After a fault
/// that is not its own the attempt does not count as stalled (`faultless`).
pub async fn release(connection: &mut Connection, claim: &Claimed, faultless: bool) -> Result<()> {
    let sql = if faultless {
        "UPDATE tbl_batch_chunk SET lease_until = NULL, stalls = IF(stalls > 0, stalls - 1, 0) \
         WHERE id = ? AND attempts = ? AND state = 0"
    } else {
        "UPDATE tbl_batch_chunk SET lease_until = NULL WHERE id = ? AND attempts = ? AND state = 0"
    };
    fenced(connection, claim, sql).await.map(|_| ())
}

/// Gives a claimed chunk back half-done and due at once, because its worker has no time left.
pub async fn put_back(connection: &mut Connection, claim: &Claimed) -> Result<()> {
    fenced(
        connection,
        claim,
        "UPDATE tbl_batch_chunk SET lease_until = NULL, send_at = NOW(3), stalls = 0 \
         WHERE id = ? AND attempts = ? AND state = 0",
    )
    .await
    .map(|_| ())
}

/// How many attempts in a row ended neither with an outcome nor with a fault of the database, while a chunk is open;
/// `None` when it is not.
pub async fn stalls(connection: &mut Connection, key: ChunkKey) -> Result<Option<u32>> {
    let row = sqlx::query(
        "SELECT stalls FROM tbl_batch_chunk WHERE task_id = ? AND run = ? AND chunk_no = ? AND state = 0",
    )
    .bind(key.task.get())
    .bind(key.run)
    .bind(key.chunk)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Whether a run of a task still has an open chunk.
pub async fn any_open(connection: &mut Connection, task: TaskId, run: u32) -> Result<bool> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM tbl_batch_chunk WHERE task_id = ? AND run = ? AND state = 0)",
    )
    .bind(task.get())
    .bind(run)
    .fetch_one(connection)
    .await?;
    Ok(row.try_get::<i64, _>(0)? == 1)
}
