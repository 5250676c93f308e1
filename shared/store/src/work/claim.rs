//! Claiming runs of plain tasks: finding units that may run, and handing them to a worker.

use sqlx::mysql::MySqlRow;
use sqlx::{MySql, Row as _};

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId};
use crate::task_queues::{Policy, policy, policy_columns};

/// A unit that may be handed to a worker; its row and its task's are locked.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The unit.
    pub id: i64,
    /// Its task.
    pub task: TaskId,
    /// How often the task was started.
    pub run_count: i32,
    /// Runs in this life of the task.
    pub attempt: u32,
    /// Seconds a run of this task may be silent; `None`: as its queue says.
    pub timeout: Option<u32>,
    /// How many bytes the task's two large columns take in an answer.
    pub bytes: u64,
}

/// The columns of a [`Candidate`].
macro_rules! candidate {
    ($index:literal) => {
        concat!(
            "SELECT w.id, w.task_id, t.run_count, t.attempt, t.timeout,
               CAST(COALESCE(t.input_bytes, 0) + COALESCE(t.result_bytes, 0) AS UNSIGNED) AS bytes
             FROM tbl_work w FORCE INDEX (", $index, ")
             STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
             WHERE w.kind = 2 AND (w.expire_at IS NULL OR w.expire_at > NOW(3)) "
        )
    };
}

/// A queue as a claim meets it.
#[derive(Debug, Clone)]
pub struct Look {
    /// Its policy.
    pub policy: Policy,
    /// A unit is ready.
    pub has_ready: bool,
    /// A delayed unit's time has come.
    pub has_due: bool,
}

/// Looks at a queue without a lock; `None`: it is not declared.
pub async fn look(connection: &mut Connection, queue: &str) -> Result<Option<Look>> {
    const LOOK: &str = concat!(
        "SELECT ",
        policy_columns!(),
        ", EXISTS (SELECT 1 FROM tbl_work w FORCE INDEX (turn) WHERE w.queue = q.name AND w.state = 0) AS has_ready,
           EXISTS (SELECT 1 FROM tbl_work w FORCE INDEX (due)
             WHERE w.queue = q.name AND w.state = 1 AND w.due_at <= NOW(3)) AS has_due
         FROM tbl_task_queue q WHERE name = ?"
    );
    let row = sqlx::query(LOOK).bind(queue);
    let row = row.fetch_optional(connection).await?;
    let look = |row: MySqlRow| {
        Ok(Look {
            policy: policy(&row)?,
            has_ready: row.try_get("has_ready")?,
            has_due: row.try_get("has_due")?,
        })
    };
    row.map(look).transpose()
}

/// Reads ready units of a queue, in their order; units that another claim is taking are skipped.
pub async fn ready(connection: &mut Connection, queue: &str, limit: u32) -> Result<Vec<Candidate>> {
    const READY: &str = concat!(
        candidate!("turn"),
        "AND w.queue = ? AND w.state = 0 -- ready
         ORDER BY w.turn, w.id LIMIT ? FOR UPDATE SKIP LOCKED"
    );
    candidates(connection, sqlx::query(READY).bind(queue).bind(limit)).await
}

/// Reads ready units of a queue and one station, in their order.
pub async fn ready_of_station(
    connection: &mut Connection,
    queue: &str,
    station: &StationId,
    limit: u32,
) -> Result<Vec<Candidate>> {
    const READY: &str = concat!(
        candidate!("lane"),
        "AND w.queue = ? AND w.state = 0 -- ready
         AND w.station_id = ? AND w.is_rework = 0
         ORDER BY w.turn, w.id LIMIT ? FOR UPDATE SKIP LOCKED"
    );
    let query = sqlx::query(READY).bind(queue).bind(station.as_str());
    candidates(connection, query.bind(limit)).await
}

type Query<'q> = sqlx::query::Query<'q, MySql, sqlx::mysql::MySqlArguments>;

async fn candidates(connection: &mut Connection, query: Query<'_>) -> Result<Vec<Candidate>> {
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(candidate).collect()
}

fn candidate(row: &MySqlRow) -> Result<Candidate> {
    Ok(Candidate {
        id: row.try_get("id")?,
        task: TaskId::from_row(row.try_get("task_id")?),
        run_count: row.try_get("run_count")?,
        attempt: row.try_get("attempt")?,
        timeout: row.try_get("timeout")?,
        bytes: row.try_get("bytes")?,
    })
}

/// Where the unit of a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitState {
    /// Its time has not come.
    Waiting,
    /// It may be claimed, as far as time goes.
    Due,
    /// Its time to be started is over.
    Expired,
    /// A worker holds it.
    Held,
    /// A worker holds it, and has been silent for longer than it may.
    Silent,
}

/// The unit of a task.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The unit, as something to claim.
    pub candidate: Candidate,
    /// Its queue.
    pub queue: String,
    /// Where it is.
    pub state: UnitState,
}

/// Reads and locks the unit of a task whose row the caller has locked.
pub async fn of_task(connection: &mut Connection, task: TaskId) -> Result<Option<Holder>> {
    const OF_TASK: &str = "
        SELECT w.id, w.task_id, t.run_count, t.attempt, t.timeout, CAST(0 AS UNSIGNED) AS bytes, w.queue,
          CASE WHEN w.state = 3 AND (w.lease_until <= NOW(3) OR w.lease_until > NOW(3) + INTERVAL 2 * w.timeout SECOND)
                 THEN 'silent'
               WHEN w.state = 3 THEN 'held'
               WHEN w.expire_at <= NOW(3) THEN 'expired'
               WHEN w.state = 0 OR w.due_at <= NOW(3) THEN 'due'
               ELSE 'waiting' END AS standing
        FROM tbl_work w FORCE INDEX (unit) STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
        WHERE w.task_id = ? AND w.kind = 2 AND w.run = 0 AND w.part = 0
        FOR UPDATE";
    let row = sqlx::query(OF_TASK).bind(task.get());
    let row = row.fetch_optional(connection).await?;
    let holder = |row: MySqlRow| {
        let standing: String = row.try_get_unchecked("standing")?;
        Ok(Holder {
            candidate: candidate(&row)?,
            queue: row.try_get_unchecked("queue")?,
            state: match standing.as_str() {
                "silent" => UnitState::Silent,
                "held" => UnitState::Held,
                "expired" => UnitState::Expired,
                "due" => UnitState::Due,
                _ => UnitState::Waiting,
            },
        })
    };
    row.map(holder).transpose()
}

/// By whom units are claimed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claim<'a> {
    /// The caller's id of the claim: the same one gets the same units while it holds them.
    pub id: Option<&'a str>,
    /// The request id of the call.
    pub worker: Option<&'a str>,
}

/// Hands units to a worker, each for the time it may be silent: `timeout`, unless the task has its own.
///
/// # Errors
/// A duplicate key when the same claim has got units at this moment.
pub async fn lease(
    connection: &mut Connection,
    units: &[Candidate],
    timeout: u32,
    claim: Claim<'_>,
) -> Result<()> {
    let rows = (0_u32..).zip(units).map(|(no, unit)| {
        let timeout = unit.timeout.unwrap_or(timeout);
        (unit.id, no, unit.run_count + 1, unit.attempt + 1, timeout)
    });
    sqlx::query(LEASE)
        .bind(json(&rows.collect::<Vec<_>>())?)
        .bind(claim.id.map(str::as_bytes))
        .bind(claim.worker)
        .execute(connection)
        .await?;
    Ok(())
}

/// Every value of a changed column comes from the list: the order of assignments over two tables is not defined.
const LEASE: &str = "
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]', claim_no INT PATH '$[1]', run_count INT PATH '$[2]',
      attempt INT PATH '$[3]', timeout INT PATH '$[4]')) k
    STRAIGHT_JOIN tbl_work w ON w.id = k.id
    STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
    SET w.state         = 3, -- leased
        w.attempt       = k.attempt,
        w.run_count     = k.run_count,
        w.timeout       = k.timeout,
        w.lease_until   = NOW(3) + INTERVAL k.timeout SECOND,
        w.due_at        = NOW(3) + INTERVAL k.timeout SECOND,
        w.claim_id      = ?,
        w.claim_no      = k.claim_no,
        w.announcements = 0,
        w.worker        = LEFT(?, 64),
        t.status        = 2,
        t.run_count     = k.run_count,
        t.attempt       = k.attempt,
        t.start_time    = NOW(3),
        t.modify_time   = NOW(3)";

/// Reads the tasks that a claim holds, in the order it got them, each with the bytes that its two large columns take in an answer.
pub async fn held_by(
    connection: &mut Connection,
    queue: &str,
    claim_id: &str,
) -> Result<Vec<(TaskId, u64)>> {
    const HELD: &str = "
        SELECT w.task_id, CAST(COALESCE(t.input_bytes, 0) + COALESCE(t.result_bytes, 0) AS UNSIGNED) AS bytes
        FROM tbl_work w FORCE INDEX (claim) STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
        WHERE w.queue = ? AND w.claim_id = ? AND w.state = 3 -- leased
        ORDER BY w.claim_no";
    let rows = sqlx::query(HELD).bind(queue).bind(claim_id.as_bytes());
    let rows = rows.fetch_all(connection).await?;
    let task = |row: &MySqlRow| row.try_get("task_id").map(TaskId::from_row);
    let held = |row: &MySqlRow| Ok((task(row)?, row.try_get("bytes")?));
    rows.iter().map(held).collect()
}

/// Counts the held units of a queue, up to `most`.
pub async fn in_work(connection: &mut Connection, queue: &str, most: u32) -> Result<u32> {
    const IN_WORK: &str = "
        SELECT COUNT(*) AS units FROM
          (SELECT 1 FROM tbl_work FORCE INDEX (turn) WHERE queue = ? AND state = 3 LIMIT ?) leased";
    let row = sqlx::query(IN_WORK).bind(queue).bind(most);
    count(&row.fetch_one(connection).await?)
}

/// Counts the held units of a queue by station.
pub async fn in_work_by_station(
    connection: &mut Connection,
    queue: &str,
) -> Result<Vec<(StationId, u32)>> {
    const IN_WORK: &str = "
        SELECT station_id, COUNT(*) AS units FROM tbl_work FORCE INDEX (lane)
        WHERE queue = ? AND state = 3 -- leased
        GROUP BY station_id";
    let rows = sqlx::query(IN_WORK)
        .bind(queue)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((station(row)?, count(row)?)))
        .collect()
}

/// Reads the stations that have ready units of a queue, in the order of their turns. Groups by all columns of the index before
/// `turn`, so that the server reads one entry a station.
pub async fn waiting_stations(connection: &mut Connection, queue: &str) -> Result<Vec<StationId>> {
    const WAITING: &str = "
        SELECT station_id, MIN(turn) AS first FROM tbl_work FORCE INDEX (lane)
        WHERE queue = ? AND state = 0 -- ready
        GROUP BY queue, state, station_id, is_rework ORDER BY first";
    let rows = sqlx::query(WAITING)
        .bind(queue)
        .fetch_all(connection)
        .await?;
    rows.iter().map(station).collect()
}

fn station(row: &MySqlRow) -> Result<StationId> {
    let text: String = row.try_get_unchecked("station_id")?;
    Ok(StationId::from_row(text))
}

fn count(row: &MySqlRow) -> Result<u32> {
    let units: i64 = row.try_get("units")?;
    u32::try_from(units).map_err(|_| StoreError::Unreadable("a count"))
}
