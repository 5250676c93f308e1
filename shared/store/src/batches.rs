//! `tbl_batch`: the data that all items of a batch task share.

use sqlx::Row;

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::TaskId;
use crate::row::{optional_text, text};
use crate::tasks::outcome_of;
use crate::time::Moment;

/// The SHA-256 of a batch's canonical payload.
pub type PayloadHash = [u8; 32];

/// A batch as it is stored.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The task it belongs to.
    pub task_id: TaskId,
    /// Which job works its items.
    pub job: String,
    /// The current run, from 1.
    pub run: u32,
    /// Of the current run's payload.
    pub payload_hash: Vec<u8>,
    /// Items in the current run.
    pub item_count: u32,
    /// The job's own JSON text: the parameters of the submit beside the items.
    pub params: String,
    /// When the current run was accepted.
    pub accepted_at: Moment,
    /// When the current run ended.
    pub finished_at: Option<Moment>,
    /// JSON text: the runs before this one, newest first.
    pub earlier_runs: Option<String>,
}

/// The values of a new run of a batch.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Which job works its items.
    pub job: &'a str,
    /// The SHA-256 of the canonical payload.
    pub payload_hash: &'a PayloadHash,
    /// How many items it has.
    pub item_count: u32,
    /// JSON text, the job's own.
    pub params: &'a str,
    /// The callback that gets its end; `None`: the callback of the run before it.
    pub callback: Option<&'a str>,
}

/// Stores the first run of a task's batch, accepted now.
pub async fn insert(connection: &mut Connection, task: TaskId, new: &NewRun<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO tbl_batch (task_id, job, run, payload_hash, item_count, params, accepted_at) \
         VALUES (?, ?, 1, ?, ?, ?, NOW(3))",
    )
    .bind(task.get())
    .bind(new.job)
    .bind(&new.payload_hash[..])
    .bind(new.item_count)
    .bind(new.params)
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens the next run of a finished task's batch, accepted now. `earlier` is a JSON text about the runs before.
/// The caller holds the task's lock.
pub async fn insert_run(
    connection: &mut Connection,
    task: TaskId,
    new: &NewRun<'_>,
    earlier: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch SET run = run + 1, payload_hash = ?, item_count = ?, params = ?, earlier_runs = ?, \
         accepted_at = NOW(3), finished_at = NULL WHERE task_id = ? AND job = ?",
    )
    .bind(&new.payload_hash[..])
    .bind(new.item_count)
    .bind(new.params)
    .bind(earlier)
    .bind(task.get())
    .bind(new.job)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE tbl_async_task SET status = 1, message_show = 1, result = NULL, outcome = NULL, op_ids = NULL, start_time = NULL, \
         end_time = NULL, callback = COALESCE(?, callback), modify_time = NOW(3) WHERE id = ?",
    )
    .bind(new.callback)
    .bind(task.get())
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads the batch of a task; `None` when the task is no batch.
pub async fn by_task(connection: &mut Connection, task: TaskId) -> Result<Option<Batch>> {
    let row = sqlx::query(BY_TASK)
        .bind(task.get())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(Batch {
            task_id: TaskId::from_row(row.try_get("task_id")?),
            job: text(&row, "job")?,
            run: row.try_get("run")?,
            payload_hash: row.try_get("payload_hash")?,
            item_count: row.try_get("item_count")?,
            params: text(&row, "params")?,
            accepted_at: Moment::from_row(&row, "accepted_at")?
                .ok_or(StoreError::Unreadable("accepted_at"))?,
            finished_at: Moment::from_row(&row, "finished_at")?,
            earlier_runs: optional_text(&row, "earlier_runs")?,
        })
    })
    .transpose()
}

const BY_TASK: &str = "\
    SELECT task_id, job, run, payload_hash, item_count, params, earlier_runs,
      TIMESTAMPDIFF(SECOND, '1970-01-01', accepted_at) AS accepted_at,
      TIMESTAMPDIFF(SECOND, '1970-01-01', finished_at) AS finished_at
    FROM tbl_batch
    WHERE task_id = ?";

/// Marks a submitted batch task as running, if `run` is its current run: that run's first chunk was claimed.
pub async fn start(connection: &mut Connection, task: TaskId, run: u32) -> Result<()> {
    // Correlated on purpose: the run is read after the task's row is locked.
    sqlx::query(
        "UPDATE tbl_async_task SET status = 2, run_count = run_count + 1, start_time = NOW(3), \
           modify_time = NOW(3) WHERE id = ? AND status = 1 \
           AND ? = (SELECT b.run FROM tbl_batch b WHERE b.task_id = tbl_async_task.id)",
    )
    .bind(task.get())
    .bind(run)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the current run with its result, a JSON text. The caller holds the task's lock and has seen it open. With `starts` it
/// was not started before, and is counted as started now.
pub async fn finish(
    connection: &mut Connection,
    task: TaskId,
    result: &str,
    starts: bool,
) -> Result<()> {
    sqlx::query(concat!(
        "UPDATE tbl_async_task t JOIN tbl_batch b ON b.task_id = t.id SET t.outcome = ",
        outcome_of!("?"),
        ", t.status = 3, t.result = ?, t.end_time = NOW(3), t.modify_time = NOW(3), \
             t.start_time = COALESCE(t.start_time, NOW(3)), t.run_count = t.run_count + ?, b.finished_at = NOW(3) \
         WHERE t.id = ? AND t.status <> 3"
    ))
    .bind(result)
    .bind(result)
    .bind(starts)
    .bind(task.get())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the result of a finished batch again, after one of its items changed. The caller holds the task's lock.
pub async fn set_result(connection: &mut Connection, task: TaskId, result: &str) -> Result<()> {
    sqlx::query(concat!(
        "UPDATE tbl_async_task SET outcome = ",
        outcome_of!("?"),
        ", result = ?, modify_time = NOW(3) WHERE id = ? AND status = 3"
    ))
    .bind(result)
    .bind(result)
    .bind(task.get())
    .execute(connection)
    .await?;
    Ok(())
}

/// Finds open batches after `after` that have no open chunk left, with their current run and job, by their task's key, at
/// most `limit`: the workers that should have finished them died in between.
pub async fn finishable(
    connection: &mut Connection,
    after: Option<TaskId>,
    limit: u32,
) -> Result<Vec<(TaskId, u32, String)>> {
    let rows = sqlx::query(FINISHABLE)
        .bind(after.map_or(0, TaskId::get))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                TaskId::from_row(row.try_get("task_id")?),
                row.try_get("run")?,
                text(row, "job")?,
            ))
        })
        .collect()
}

const FINISHABLE: &str = "\
    SELECT b.task_id, b.run, b.job
    FROM tbl_batch b FORCE INDEX (open_batches)
    WHERE b.finished_at IS NULL
      AND b.task_id > ?
      AND NOT EXISTS (SELECT 1
                      FROM tbl_work w
                      WHERE w.task_id = b.task_id
                        AND w.kind = 1 -- chunk
                        AND w.run = b.run)
    ORDER BY b.task_id
    LIMIT ?";
