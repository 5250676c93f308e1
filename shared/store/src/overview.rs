//! What needs somebody now: counts and lists over the open work and today's ended tasks, of one station or of all. Every
//! statement reads a bounded number of index entries.

mod today;
mod trouble;
mod waiting;

use sqlx::{QueryBuilder, Row as _};

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::StationId;
use crate::row::{optional_text, text};
use crate::time::Moment;

pub use today::{Ended, MOST_ENDED, today};
pub use trouble::{Trouble, trouble};
pub use waiting::oldest_of_queues;

/// The highest count: counting stops there.
pub const MOST_COUNTED: u32 = 10_000;

/// Counts the tasks that have not ended, up to [`MOST_COUNTED`] and one more.
pub async fn open_tasks(connection: &mut Connection, station: Option<&StationId>) -> Result<u32> {
    let mut sql = QueryBuilder::new(
        "SELECT COUNT(*) AS open_tasks FROM (SELECT 1 FROM tbl_async_task FORCE INDEX (ended) WHERE end_time IS NULL",
    );
    if let Some(station) = station {
        sql.push(" AND station_id = ").push_bind(station.as_str());
    }
    sql.push(" LIMIT ")
        .push_bind(MOST_COUNTED + 1)
        .push(") found");
    let row = sql.build().fetch_one(connection).await?;
    count(row.try_get("open_tasks")?)
}

/// The units of work of batches and of dispatched tasks by their state; each count stops at [`MOST_COUNTED`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenWork {
    /// May be claimed now.
    pub ready: u32,
    /// May be claimed later.
    pub delayed: u32,
    /// Wait for the cap of their station.
    pub waiting: u32,
    /// Held by a worker.
    pub running: u32,
    /// One of the counts stopped.
    pub is_capped: bool,
}

/// Counts the open units of work.
pub async fn open_work(
    connection: &mut Connection,
    station: Option<&StationId>,
) -> Result<OpenWork> {
    let mut sql = QueryBuilder::new("");
    let mut between = "";
    for (kind, state) in KINDS_AND_STATES {
        sql.push(between).push("SELECT ").push(state);
        sql.push(" AS state, COUNT(*) AS units FROM (SELECT 1 FROM tbl_work FORCE INDEX (chunk_due) WHERE kind = ");
        sql.push(kind).push(" AND state = ").push(state);
        if let Some(station) = station {
            sql.push(" AND station_id = ").push_bind(station.as_str());
        }
        sql.push(" LIMIT ")
            .push_bind(MOST_COUNTED + 1)
            .push(") found");
        between = " UNION ALL ";
    }
    let mut work = OpenWork::default();
    for row in sql.build().fetch_all(connection).await? {
        let units = count(row.try_get("units")?)?;
        work.is_capped |= units > MOST_COUNTED;
        let units = units.min(MOST_COUNTED);
        match row.try_get::<i64, _>("state")? {
            0 => work.ready += units,
            1 => work.delayed += units,
            2 => work.waiting += units,
            _ => work.running += units,
        }
    }
    Ok(work)
}

/// Chunks (1) and runs (2): ready, delayed, waiting for the cap of their station, leased.
const KINDS_AND_STATES: [(u8, u8); 7] = [(1, 0), (1, 2), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)];

fn count(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| StoreError::Unreadable("a count"))
}

/// An open unit of work with its task.
#[derive(Debug, Clone)]
pub struct OpenUnit {
    /// It is a chunk of a batch, not the run of a task.
    pub is_chunk: bool,
    /// The batch's job or the task's queue.
    pub queue: String,
    /// Whose task it is.
    pub station_id: String,
    /// The key of the task.
    pub task_id: i64,
    /// The caller's own id of the task.
    pub user_task_id: Option<String>,
    /// The name of the task.
    pub task_name: String,
    /// Attempts so far.
    pub attempt: u32,
    /// Attempts before the task ends as failed.
    pub max_attempts: Option<u32>,
    /// The request id of the last claim.
    pub worker: Option<String>,
    /// The last fault that a worker reported.
    pub last_error: Option<String>,
    /// Of a chunk: its number, the index of its first item, its number of items.
    pub chunk: Option<(u32, u32, u32)>,
    /// Since when it is like this.
    pub since: Option<Moment>,
    /// For how many seconds, by the database's clock.
    pub seconds: u64,
}

/// The columns of an open unit `w`, joined with its task `t`, its batch `b`, its chunk `c` and its queue's policy `q`.
macro_rules! unit_columns {
    () => {
        "w.kind, w.queue, w.station_id, w.task_id, t.user_task_id, t.name, w.attempt, w.worker, w.last_error, w.part,
         CAST(CASE WHEN w.kind = 1 THEN NULL WHEN w.max_attempts > 0 THEN w.max_attempts ELSE q.max_attempts END AS SIGNED) AS max_attempts,
         c.first_index, c.item_count"
    };
}

/// The tables of an open unit's columns, behind the unit itself.
macro_rules! unit_tables {
    () => {
        " STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
          LEFT JOIN tbl_batch b ON b.task_id = w.task_id AND b.run = w.run AND w.kind = 1
          LEFT JOIN tbl_batch_chunk c ON c.task_id = w.task_id AND c.run = w.run AND c.chunk_no = w.part AND w.kind = 1
          LEFT JOIN tbl_task_queue q ON q.name = w.queue AND w.kind = 2"
    };
}

use {unit_columns, unit_tables};

fn unit(row: &sqlx::mysql::MySqlRow) -> Result<OpenUnit> {
    let is_chunk = row.try_get::<u8, _>("kind")? == 1;
    let range = (
        row.try_get::<Option<u32>, _>("first_index")?,
        row.try_get::<Option<u32>, _>("item_count")?,
    );
    let part = row.try_get("part")?;
    let max_attempts: Option<i64> = row.try_get("max_attempts")?;
    Ok(OpenUnit {
        is_chunk,
        queue: text(row, "queue")?,
        station_id: text(row, "station_id")?,
        task_id: row.try_get("task_id")?,
        user_task_id: optional_text(row, "user_task_id")?,
        task_name: text(row, "name")?,
        attempt: row.try_get("attempt")?,
        max_attempts: max_attempts.and_then(|most| u32::try_from(most).ok()),
        worker: optional_text(row, "worker")?,
        last_error: optional_text(row, "last_error")?,
        chunk: match range {
            (Some(first), Some(count)) => Some((part, first, count)),
            _ => None,
        },
        since: Moment::from_row(row, "since")?,
        seconds: row.try_get::<i64, _>("seconds")?.unsigned_abs(),
    })
}
