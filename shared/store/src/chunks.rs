//! `tbl_batch_chunk`: the chunks that a run was cut into, and how each of them ended. An open chunk is a unit of work, and
//! has a row in `tbl_work` until it ends: claims, leases and announcements touch that row only.

mod claim;
mod end;
mod grant;
mod lease;
mod range;
mod unit;

use std::time::Duration;

use crate::error::{Result, StoreError};
use crate::ids::TaskId;

pub use claim::{ChunkStatus, Claim, ClaimTerms, Claimed, claim, status};
pub use end::{any_open, cancel_open, complete, end_unit, note_cause};
pub use grant::{await_stored, granted};
pub use lease::{hold, put_back, release};
pub use range::{ChunkRange, of_run};
pub use unit::{Dispatch, insert_units};

/// SQL: whether the lease of the unit `w` holds. Binds the [`longest`] time that a lease may still last: a lease that ends later
/// was set by a clock that has stepped back since, and would keep everybody from the chunk for as long as it stepped.
macro_rules! held {
    () => {
        "COALESCE(w.state = 3 -- leased
           AND w.lease_until > NOW(3)
           AND w.lease_until <= NOW(3) + INTERVAL ? SECOND, 0)"
    };
}

/// SQL: whether a worker has claimed the unit `w` and its lease holds; binds as [`held`]. A granted unit is not taken: its grant
/// is a lease of no attempt, which counts for the cap and gives way to every claim.
macro_rules! taken {
    () => {
        concat!("(w.attempt > 0 AND ", $crate::chunks::held!(), ")")
    };
}

/// SQL: counts the chunks in work of one job and station. Binds or names these, then the [`longest`] time of a
/// lease.
macro_rules! in_work {
    ($queue:literal, $station:literal) => {
        concat!(
            "SELECT COUNT(*) AS n
             FROM tbl_work o FORCE INDEX (lane)
             WHERE o.queue = ",
            $queue,
            "
               AND o.state = 3 -- leased
               AND o.station_id = ",
            $station,
            "
               AND o.kind = 1 -- chunk
               AND o.lease_until > NOW(3)
               AND o.lease_until <= NOW(3) + INTERVAL ? SECOND"
        )
    };
}

use in_work;
pub(crate) use {held, taken};

/// The most items a chunk may have: an item's id is its chunk's id × this + its position.
pub const MAX_ITEMS: u32 = 1000;

/// From this many stalls on a chunk is worked item by item: one of its items may have stalled the attempts before.
pub const ISOLATED_FROM: u32 = 3;

/// Answers how many seconds a lease may still last: twice its length, which bears a lease that was set before its length was
/// halved.
pub(crate) const fn longest(lease: Duration) -> u64 {
    2 * lease.as_secs()
}

/// Answers the id reserved for the thing that is made of the item at `position` of a chunk.
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
