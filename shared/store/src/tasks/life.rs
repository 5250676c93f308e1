//! The changes of status that a caller asks for, each one guarded statement.

use sqlx::QueryBuilder;

use super::NewTask;
use super::row::is_no_batch;
use super::selector::TaskSelector;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// Starts a task that is not dispatched, or counts one more start of a running one; a finished, repeatable task starts a
/// new run without result and end. `false`: no such task, or it is finished and not repeatable, or was cancelled (a late
/// worker must not revive it; adding it again does), or a finished batch (a batch runs again when it is submitted again:
/// without open chunks nobody would ever finish it).
pub async fn start<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
) -> Result<bool> {
    // Assignments see the ones before them: the status comes last.
    let mut sql = QueryBuilder::new(
        "UPDATE tbl_async_task SET run_count = run_count + 1, \
           start_time = IF(status = 2, COALESCE(start_time, NOW(3)), NOW(3)), \
           end_time = IF(status = 3, NULL, end_time), result = IF(status = 3, NULL, result), \
           outcome = NULL, op_ids = IF(status = 3, NULL, op_ids), progress = IF(status = 3, 0, progress), \
           modify_time = NOW(3), status = 2",
    );
    named.into().push(&mut sql);
    sql.push(concat!(
        " AND queue IS NULL AND (status <> 3 OR (`repeat` = 1 AND COALESCE(outcome, '') <> 'cancelled' AND ",
        is_no_batch!(),
        "))"
    ));
    let done = sql.build().execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Submits a finished, repeatable task again with a new input, also one that was cancelled; `false` when it is not finished
/// or not repeatable, or is a batch.
pub async fn resubmit(connection: &mut Connection, id: TaskId, new: &NewTask<'_>) -> Result<bool> {
    let done = sqlx::query(concat!(
        "UPDATE tbl_async_task SET status = 1, name = ?, input = ?, type = ?, message_show = ?, \
           tags = ?, created_by = ?, callback = ?, queue = ?, timeout = ?, max_attempts = ?, attempt = 0, last_error = NULL, \
           result = NULL, outcome = NULL, op_ids = NULL, progress = 0, start_time = NULL, end_time = NULL, modify_time = NOW(3) \
         WHERE id = ? AND status = 3 AND `repeat` = 1 AND ",
        is_no_batch!()
    ))
    .bind(new.name)
    .bind(new.input)
    .bind(new.type_id)
    .bind(new.message_show)
    .bind(new.labels.tags)
    .bind(new.labels.created_by)
    .bind(new.labels.callback)
    .bind(new.dispatch.map(|dispatch| dispatch.queue.as_str()))
    .bind(new.dispatch.and_then(|dispatch| dispatch.timeout))
    .bind(new.dispatch.and_then(|dispatch| dispatch.max_attempts))
    .bind(id.get())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a dispatched task that runs wait for its next run, after its unit was put off.
pub async fn wait_again(connection: &mut Connection, id: TaskId, error: &str) -> Result<()> {
    const WAIT: &str = "
        UPDATE tbl_async_task SET status = 1, last_error = ?, modify_time = NOW(3) WHERE id = ?";
    sqlx::query(WAIT)
        .bind(error)
        .bind(id.get())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a task as failed; its result stays as it is. The caller holds the lock of its row.
pub async fn fail(connection: &mut Connection, id: TaskId, error: &str) -> Result<()> {
    const FAIL: &str = "
        UPDATE tbl_async_task
        SET status = 3, outcome = 'failed', last_error = ?, end_time = NOW(3), modify_time = NOW(3)
        WHERE id = ?";
    sqlx::query(FAIL)
        .bind(error)
        .bind(id.get())
        .execute(connection)
        .await?;
    Ok(())
}
