//! `tbl_batch_chunk`: the units of dispatch, claimed by one worker at a time.

use std::time::Duration;

use sqlx::Row;

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::TaskId;

/// SQL: whether somebody holds a chunk. Binds the [`longest`] time that a lease may still last: one that ends later was set by
/// a clock that has stepped back since, and would keep everybody from the chunk for as long as it stepped.
macro_rules! held {
    ($chunk:literal) => {
        concat!(
            "COALESCE(",
            $chunk,
            ".lease_until > NOW(3) AND ",
            $chunk,
            ".lease_until <= NOW(3) + INTERVAL ? SECOND, 0)"
        )
    };
}

/// SQL: whether a worker has claimed a chunk and its lease holds; binds as [`held`]. A granted chunk is not taken: its grant
/// is a lease of no attempt, which counts for the cap and gives way to every claim.
macro_rules! taken {
    ($chunk:literal) => {
        concat!(
            "(",
            $chunk,
            ".attempts > 0 AND ",
            $crate::chunks::held!($chunk),
            ")"
        )
    };
}

mod claim;

pub use claim::{ClaimTerms, Claimed, claim, granted};
pub(crate) use {held, taken};

/// The most items a chunk may have: an item's id is its chunk's id × this + its position.
pub const MAX_ITEMS: u32 = 1000;

/// From this many stalls on a chunk is worked item by item: what stalled the attempts before may be one of its items.
pub const ISOLATED_FROM: u32 = 3;

/// How many seconds a lease may still last: twice its length, which bears a lease that was set before its length was halved.
pub(crate) const fn longest(lease: Duration) -> u64 {
    2 * lease.as_secs()
}

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

/// How a chunk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkStatus {
    /// Whether it still has work.
    pub state: ChunkState,
    /// A worker holds it.
    pub is_held: bool,
    /// It is done, no chunk of its run is open, and the run has not been finished.
    pub is_finishable: bool,
}

/// How a chunk stands, `lease` being what workers claim with; `None` when there is no such chunk.
pub async fn status(
    connection: &mut Connection,
    key: ChunkKey,
    lease: Duration,
) -> Result<Option<ChunkStatus>> {
    let row = sqlx::query(STATUS)
        .bind(longest(lease))
        .bind(key.task.get())
        .bind(key.run)
        .bind(key.chunk)
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(ChunkStatus {
            state: ChunkState::from_number(row.try_get("state")?)?,
            is_held: row.try_get::<i64, _>("is_held")? == 1,
            is_finishable: row.try_get::<i64, _>("is_finishable")? == 1,
        })
    })
    .transpose()
}

const STATUS: &str = concat!(
    "SELECT c.state, CAST(",
    taken!("c"),
    " AS SIGNED) AS is_held, \
       CAST(c.state = 1 AND b.finished_at IS NULL AND b.run = c.run AND NOT EXISTS \
         (SELECT 1 FROM tbl_batch_chunk o WHERE o.task_id = c.task_id AND o.run = c.run AND o.state = 0) AS SIGNED) \
         AS is_finishable \
     FROM tbl_batch_chunk c JOIN tbl_batch b ON b.task_id = c.task_id \
     WHERE c.task_id = ? AND c.run = ? AND c.chunk_no = ?",
);

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
/// write is progress: the attempts that stalled before count no further than to [`ISOLATED_FROM`], so that a chunk that is
/// worked item by item stays so, and is not given up.
pub async fn hold(connection: &mut Connection, claim: &Claimed, lease: Duration) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE tbl_batch_chunk SET lease_until = NOW(3) + INTERVAL ? SECOND, \
           send_at = NOW(3) + INTERVAL ? SECOND, stalls = LEAST(stalls, ?) \
         WHERE id = ? AND attempts = ? AND state = 0",
    )
    .bind(lease.as_secs())
    .bind(lease.as_secs())
    .bind(ISOLATED_FROM)
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

/// Notes why a chunk was given up: a cause, and which invocation had it last and the last fault that one reported.
pub async fn note_cause(connection: &mut Connection, claim: &Claimed, cause: &str) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch_chunk SET cause = LEFT(CONCAT(?, '; attempt ', attempts - 1, ' by request ', \
           COALESCE(worker, 'unknown'), '; ', COALESCE(CONCAT('last error: ', last_error), \
           'no worker reported an error: its process ended or its time was up')), 255) WHERE id = ?",
    )
    .bind(cause)
    .bind(claim.id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a claimed chunk back at once, so that its next message need not wait for the lease to run out, and notes the kind
/// of fault that ended the attempt. After a fault that is not the chunk's own (`faultless`) the attempt is no stall.
pub async fn release(
    connection: &mut Connection,
    claim: &Claimed,
    faultless: bool,
    error: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch_chunk SET lease_until = NULL, stalls = IF(? AND stalls > 0, stalls - 1, stalls), \
           last_error = LEFT(CONCAT('attempt ', attempts, ': ', ?), 255) \
         WHERE id = ? AND attempts = ? AND state = 0",
    )
    .bind(faultless)
    .bind(error)
    .bind(claim.id)
    .bind(claim.attempt)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a claimed chunk back half-done and due at once, because its worker has no time left: that is no stall.
pub async fn put_back(connection: &mut Connection, claim: &Claimed) -> Result<()> {
    fenced(
        connection,
        claim,
        "UPDATE tbl_batch_chunk SET lease_until = NULL, send_at = NOW(3), stalls = IF(stalls > 0, stalls - 1, 0) \
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
