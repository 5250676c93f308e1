//! Ending chunks: their units of work leave `tbl_work`, and the chunks keep how they ended.

use sqlx::Row;

use super::Claimed;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// Ends the unit of work of a claimed chunk, if the claim still holds: `false` means that it was lost to another attempt or
/// the task was closed, and everything the transaction wrote must be undone.
///
/// Must be the transaction's first statement: it is the lock that a close of the task waits for.
pub async fn end_unit(connection: &mut Connection, claim: &Claimed) -> Result<bool> {
    let done = sqlx::query("DELETE FROM tbl_work WHERE id = ? AND attempt = ?")
        .bind(claim.unit)
        .bind(claim.attempt)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes a chunk as done, with its attempts and the counts of its items' outcomes, which are stored by then. Its unit of
/// work has ended in the same transaction. The index is forced: by the one on statuses, the items of the whole run are read.
pub async fn complete(connection: &mut Connection, claim: &Claimed) -> Result<()> {
    let (key, end) = (claim.key, claim.first_index + claim.item_count);
    let mut query = sqlx::query(COMPLETE).bind(claim.attempt);
    for _ in 0..2 {
        query = query
            .bind(key.task.get())
            .bind(key.run)
            .bind(claim.first_index)
            .bind(end)
            .bind(claim.id);
    }
    query.bind(claim.id).execute(connection).await?;
    Ok(())
}

/// Bounds that are columns of another table would make no range of the index.
const COMPLETE: &str = "\
    UPDATE tbl_batch_chunk c
    SET c.state         = 1, -- done
        c.attempts      = ?,
        c.failed_count  = (SELECT COUNT(*)
                           FROM tbl_batch_item i FORCE INDEX (PRIMARY)
                           WHERE i.task_id = ?
                             AND i.run = ?
                             AND i.item_index >= ?
                             AND i.item_index < ?
                             AND i.chunk_id = ?
                             AND i.status = 2), -- failed
        c.success_count = c.item_count
                        - (SELECT COUNT(*)
                           FROM tbl_batch_item i FORCE INDEX (PRIMARY)
                           WHERE i.task_id = ?
                             AND i.run = ?
                             AND i.item_index >= ?
                             AND i.item_index < ?
                             AND NOT (i.chunk_id = ? AND i.status IN (1, 3))) -- success, amended
    WHERE c.id = ?";

/// Notes why a chunk was given up.
pub async fn note_cause(connection: &mut Connection, claim: &Claimed, cause: &str) -> Result<()> {
    sqlx::query("UPDATE tbl_batch_chunk SET cause = LEFT(?, 255) WHERE id = ?")
        .bind(cause)
        .bind(claim.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Cancels the open chunks of a run. A worker's commit is waited for; none that comes later is let in. The caller holds the
/// task's lock. The indexes are forced: by others, rows of other tasks would be locked on the way.
pub async fn cancel_open(connection: &mut Connection, task: TaskId, run: u32) -> Result<()> {
    for sql in [CANCEL_UNITS, CANCEL_CHUNKS, CANCEL_ITEMS] {
        sqlx::query(sql)
            .bind(task.get())
            .bind(run)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const CANCEL_UNITS: &str = "\
    DELETE w
    FROM tbl_work w FORCE INDEX (unit)
    WHERE w.task_id = ?
      AND w.kind = 1 -- chunk
      AND w.run = ?";

const CANCEL_CHUNKS: &str = "\
    UPDATE tbl_batch_chunk FORCE INDEX (chunk)
    SET state = 2 -- cancelled
    WHERE task_id = ?
      AND run = ?
      AND state = 0 -- open";

const CANCEL_ITEMS: &str = "\
    UPDATE tbl_batch_item FORCE INDEX (PRIMARY)
    SET status = 5 -- cancelled
    WHERE task_id = ?
      AND run = ?
      AND status = 0 -- pending";

/// Tells whether a run of a task still has an open chunk.
pub async fn any_open(connection: &mut Connection, task: TaskId, run: u32) -> Result<bool> {
    let row = sqlx::query(ANY_OPEN)
        .bind(task.get())
        .bind(run)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get::<i64, _>("any_open")? == 1)
}

const ANY_OPEN: &str = "\
    SELECT EXISTS (SELECT 1
                   FROM tbl_work
                   WHERE task_id = ?
                     AND kind = 1 -- chunk
                     AND run = ?) AS any_open";
