//! Runs of plain tasks: renewed, ended, kept in `tbl_task_run`.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::announce::{Announcer, LONGEST_DELAY};
use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::time::Moment;

/// How many ended runs of a task are kept.
pub const KEPT_RUNS: i32 = 20;

/// Renews the lease of a run, also one that is over but was not taken away yet; no indexed column is changed. `false`: the
/// task is not held by this run.
pub async fn renew(
    connection: &mut Connection,
    task: TaskId,
    run_count: Option<i32>,
    station: Option<&StationId>,
) -> Result<bool> {
    const RENEW: &str = "
        UPDATE tbl_work FORCE INDEX (unit) SET lease_until = NOW(3) + INTERVAL timeout SECOND
        WHERE task_id = ? AND kind = 2 AND run = 0 AND part = 0 AND state = 3 -- leased
          AND run_count = COALESCE(?, run_count) AND station_id = COALESCE(?, station_id)";
    let renewed = sqlx::query(RENEW)
        .bind(task.get())
        .bind(run_count)
        .bind(station.map(StationId::as_str))
        .execute(connection)
        .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Reads the end of the lease of the run that holds a task.
pub async fn lease_until(connection: &mut Connection, task: TaskId) -> Result<Option<Moment>> {
    const READ: &str = "
        SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', lease_until) AS lease_until FROM tbl_work FORCE INDEX (unit)
        WHERE task_id = ? AND kind = 2 AND run = 0 AND part = 0 AND state = 3 -- leased";
    let row = sqlx::query(READ).bind(task.get());
    let row = row.fetch_optional(connection).await?;
    row.map_or(Ok(None), |row| Moment::from_row(&row, "lease_until"))
}

/// Keeps the run that holds a task as ended, with its error unless it finished the task. No run: nothing is kept.
pub async fn record(
    connection: &mut Connection,
    task: TaskId,
    run_count: i32,
    error: Option<&str>,
) -> Result<()> {
    const RECORD: &str = "
        INSERT INTO tbl_task_run (task_id, run_count, attempt, started_at, ended_at, worker, error)
        SELECT w.task_id, w.run_count, w.attempt, t.start_time, NOW(3), w.worker, ?
        FROM tbl_work w FORCE INDEX (unit) STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
        WHERE w.task_id = ? AND w.kind = 2 AND w.run = 0 AND w.part = 0 AND w.state = 3 -- leased";
    const FORGET: &str = "DELETE FROM tbl_task_run WHERE task_id = ? AND run_count <= ?";
    sqlx::query(RECORD)
        .bind(error)
        .bind(task.get())
        .execute(&mut *connection)
        .await?;
    if run_count > KEPT_RUNS {
        let forget = sqlx::query(FORGET).bind(task.get());
        forget
            .bind(run_count - KEPT_RUNS)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Removes the unit of a task that has ended.
pub async fn remove(connection: &mut Connection, task: TaskId) -> Result<()> {
    const REMOVE: &str =
        "DELETE FROM tbl_work WHERE task_id = ? AND kind = 2 AND run = 0 AND part = 0";
    sqlx::query(REMOVE)
        .bind(task.get())
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps the runs that hold some tasks as ended: each finished its task.
pub async fn record_all(connection: &mut Connection, tasks: &[TaskId]) -> Result<()> {
    const RECORD: &str = "
        INSERT INTO tbl_task_run (task_id, run_count, attempt, started_at, ended_at, worker, error)
        SELECT w.task_id, w.run_count, w.attempt, t.start_time, NOW(3), w.worker, NULL
        FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_work w ON w.task_id = k.id AND w.kind = 2 AND w.run = 0 AND w.part = 0 AND w.state = 3 -- leased
        STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id";
    const FORGET: &str = "
        DELETE r FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_work w ON w.task_id = k.id AND w.kind = 2 AND w.run = 0 AND w.part = 0 AND w.run_count > 20
        STRAIGHT_JOIN tbl_task_run r ON r.task_id = w.task_id AND r.run_count + 20 <= w.run_count";
    let ids = json(tasks)?;
    for sql in [RECORD, FORGET] {
        sqlx::query(sql)
            .bind(&ids)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Removes the units of tasks that have ended.
pub async fn remove_all(connection: &mut Connection, tasks: &[TaskId]) -> Result<()> {
    const REMOVE: &str = "
        DELETE w FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_work w ON w.task_id = k.id AND w.kind = 2 AND w.run = 0 AND w.part = 0";
    let removed = sqlx::query(REMOVE).bind(json(tasks)?);
    removed.execute(connection).await?;
    Ok(())
}

/// How long a task waits for its next run.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// In milliseconds.
    pub ms: u64,
    /// Who announces the run; `None`: nobody, its workers ask for it.
    pub announcer: Option<Announcer>,
}

impl Wait {
    /// Returns how often the run counts as announced. One that is further ahead than a message can be delayed is left to
    /// the sweeper.
    fn announcements(self) -> u32 {
        let is_near = self.ms <= u64::from(LONGEST_DELAY) * 1_000;
        let announcer = self.announcer.filter(|_| is_near);
        announcer.map_or(0, Announcer::announcements)
    }
}

/// Takes a task away from the run that holds it, and makes it due again after a wait.
pub async fn put_off(
    connection: &mut Connection,
    task: TaskId,
    wait: Wait,
    error: &str,
) -> Result<()> {
    const PUT_OFF: &str = "
        UPDATE tbl_work FORCE INDEX (unit)
        SET state         = 1, -- delayed
            announcements = ?,
            due_at        = NOW(3) + INTERVAL ? * 1000 MICROSECOND,
            lease_until   = NULL,
            claim_id      = NULL,
            claim_no      = NULL,
            ready_at      = NULL,
            last_error    = ?
        WHERE task_id = ? AND kind = 2 AND run = 0 AND part = 0";
    sqlx::query(PUT_OFF)
        .bind(wait.announcements())
        .bind(wait.ms)
        .bind(error)
        .bind(task.get())
        .execute(connection)
        .await?;
    Ok(())
}

/// A run of a task that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub run_count: u32,
    /// Its number in the life of the task.
    pub attempt: u32,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Who worked it: the request id of its claim.
    pub worker: Option<String>,
    /// Why it failed; `None`: it finished the task.
    pub error: Option<String>,
}

/// Reads the ended runs of a task that are kept, the last one first.
pub async fn runs(connection: &mut Connection, task: TaskId) -> Result<Vec<Run>> {
    const RUNS: &str = "
        SELECT run_count, attempt, TIMESTAMPDIFF(SECOND, '1970-01-01', started_at) AS started_at,
          TIMESTAMPDIFF(SECOND, '1970-01-01', ended_at) AS ended_at, worker, error
        FROM tbl_task_run WHERE task_id = ? ORDER BY run_count DESC LIMIT ?";
    let rows = sqlx::query(RUNS).bind(task.get()).bind(KEPT_RUNS);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(run).collect()
}

fn run(row: &MySqlRow) -> Result<Run> {
    Ok(Run {
        run_count: row.try_get("run_count")?,
        attempt: row.try_get("attempt")?,
        started_at: Moment::from_row(row, "started_at")?,
        ended_at: Moment::from_row(row, "ended_at")?,
        worker: row.try_get_unchecked("worker")?,
        error: row.try_get_unchecked("error")?,
    })
}
