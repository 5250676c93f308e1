//! The units of work of a run's chunks.

use std::time::Duration;

use super::{in_work, longest};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// The way of a run's chunks to their workers.
#[derive(Debug, Clone, Copy)]
pub struct Dispatch {
    /// How long from now the sweeper announces the chunks unless they are done by then.
    pub resend: Duration,
    /// How long a worker owns the chunk it claimed.
    pub lease: Duration,
    /// Grants the chunks to the workers that receive their first messages, for `resend`, if with them no more than this many of
    /// the station and job are in work or granted; 0 for any number. `None`: every chunk must be claimed.
    pub grant_under: Option<u32>,
}

impl Dispatch {
    /// Leaves every chunk to be claimed.
    #[must_use]
    pub const fn by_claim(resend: Duration, lease: Duration) -> Self {
        Self {
            resend,
            lease,
            grant_under: None,
        }
    }
}

/// Stores the units of work of a run's open chunks from `from_chunk` on. They take their turns from the next one that waits
/// for its station on, so that the batches of one station go forward side by side.
pub async fn insert_units(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    from_chunk: u32,
    dispatch: &Dispatch,
) -> Result<()> {
    sqlx::query(INSERT_UNITS)
        .bind(dispatch.resend.as_secs())
        .bind(dispatch.resend.as_secs())
        .bind(dispatch.grant_under.is_some())
        .bind(dispatch.grant_under)
        .bind(dispatch.grant_under)
        .bind(run)
        .bind(longest(dispatch.lease))
        .bind(task.get())
        .bind(run)
        .bind(from_chunk)
        .execute(connection)
        .await?;
    Ok(())
}

/// A grant is a lease of no attempt. The announcement of the submit itself is the first.
const INSERT_UNITS: &str = concat!(
    "INSERT INTO tbl_work
       (kind, queue, station_id, task_id, run, part, state, is_rework, turn, due_at, lease_until, announcements)
     SELECT 1, -- chunk
            lane.job, lane.station_id, c.task_id, c.run, c.chunk_no,
            IF(lane.is_granted, 3, 0), -- leased, ready
            c.is_rework,
            lane.turn + c.chunk_no,
            NOW(3) + INTERVAL ? SECOND,
            IF(lane.is_granted, NOW(3) + INTERVAL ? SECOND, NULL),
            1
     FROM (SELECT b.task_id, b.job, t.station_id,
                  ? AND (? = 0 OR ? >= (SELECT COUNT(*)
                                        FROM tbl_batch_chunk n
                                        WHERE n.task_id = b.task_id
                                          AND n.run = ?
                                          AND n.state = 0) -- open
                                     + (",
    in_work!("b.job", "t.station_id"),
    ")) AS is_granted,
                  COALESCE((SELECT w.turn
                            FROM tbl_work w FORCE INDEX (lane)
                            WHERE w.queue = b.job
                              AND w.state = 2 -- waiting
                              AND w.station_id = t.station_id
                              AND w.is_rework = 0
                            ORDER BY w.turn
                            LIMIT 1), 0) AS turn
           FROM tbl_batch b
           JOIN tbl_async_task t ON t.id = b.task_id
           WHERE b.task_id = ?) lane
     JOIN tbl_batch_chunk c ON c.task_id = lane.task_id
     WHERE c.run = ?
       AND c.chunk_no >= ?
       AND c.state = 0 -- open
     ORDER BY c.chunk_no"
);
