//! Changing what became of a batch after it was worked: closing it, and mending single items.
//!
//! Every caller holds the task's lock, so that closing, mending, finishing and submitting again take turns.

use std::time::Duration;

use sqlx::{QueryBuilder, Row};

use crate::chunks::{ChunkKey, MAX_ITEMS};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::items::{Item, ItemStatus, item};
use crate::tasks::{TaskSelector, is_no_batch, outcome_of};

/// Cancels the open chunks of a run. A worker's commit is waited for; none that comes later is let in. The index is forced:
/// by the one on states, the chunks of every other task would be locked on the way.
pub async fn cancel_open(connection: &mut Connection, task: TaskId, run: u32) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch_chunk FORCE INDEX (chunk) SET state = 2, lease_until = NULL, deferred_for = NULL \
         WHERE task_id = ? AND run = ? AND state = 0",
    )
    .bind(task.get())
    .bind(run)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE tbl_batch_item FORCE INDEX (PRIMARY) SET status = 5 WHERE task_id = ? AND run = ? AND status = 0",
    )
    .bind(task.get())
    .bind(run)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives an item up that has failed, or notes what a person made of one that has failed or was given up; `false` when
/// it is neither (any more).
pub async fn mark(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    index: u32,
    status: ItemStatus,
    made_id: Option<i64>,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE tbl_batch_item SET status = ?, made_id = ? \
         WHERE task_id = ? AND run = ? AND item_index = ? AND (status = 2 OR status = 4 AND ? = 3)",
    )
    .bind(status as u8)
    .bind(made_id)
    .bind(task.get())
    .bind(run)
    .bind(index)
    .bind(status as u8)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes an item that failed or was given up pending with another payload, in a chunk of its own that falls due `resend` from now.
pub async fn reopen(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    index: u32,
    item: &str,
    duplicate_of: Option<u32>,
    resend: Duration,
) -> Result<ChunkKey> {
    let row =
        sqlx::query("SELECT CAST(MAX(chunk_no) + 1 AS UNSIGNED) FROM tbl_batch_chunk WHERE task_id = ? AND run = ?")
            .bind(task.get())
            .bind(run)
            .fetch_one(&mut *connection)
            .await?;
    let chunk = u32::try_from(row.try_get::<u64, _>(0)?).unwrap_or(u32::MAX);
    let done = sqlx::query(
        "INSERT INTO tbl_batch_chunk (task_id, run, chunk_no, first_index, item_count, amends, send_at, station_id, job) \
         SELECT b.task_id, ?, ?, ?, 1, 1, NOW(3) + INTERVAL ? SECOND, t.station_id, b.job \
         FROM tbl_batch b JOIN tbl_async_task t ON t.id = b.task_id WHERE b.task_id = ?",
    )
    .bind(run)
    .bind(chunk)
    .bind(index)
    .bind(resend.as_secs())
    .bind(task.get())
    .execute(&mut *connection)
    .await?;
    let chunk_id = done.last_insert_id();
    sqlx::query("INSERT INTO tbl_batch_payload (chunk_id, items, duplicates) VALUES (?, ?, ?)")
        .bind(chunk_id)
        .bind(format!("[{item}]"))
        .bind(duplicate_of.map(|first| format!("[[{index},{first}]]")))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE tbl_batch_item SET status = 0, attempts = 0, made_id = NULL, code = NULL, \
           error_count = NULL, errors = NULL, chunk_id = ? \
         WHERE task_id = ? AND run = ? AND item_index = ? AND status IN (2, 4)",
    )
    .bind(chunk_id)
    .bind(task.get())
    .bind(run)
    .bind(index)
    .execute(connection)
    .await?;
    Ok(ChunkKey { task, run, chunk })
}

/// Writes the result of a finished batch again, after one of its items changed.
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

/// Hides a task from the station's list and ends it, if it is open, as cancelled; what its result says beside that
/// stays. `false`: no such task, or an open one that has work: a batch, whose chunks would still be worked, or a dispatched
/// task, which a worker may hold; then nothing was changed.
pub async fn close<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
) -> Result<bool> {
    let mut sql = QueryBuilder::new(CLOSE);
    named.into().push(&mut sql);
    sql.push(concat!(
        " AND (status = 3 OR queue IS NULL AND ",
        is_no_batch!(),
        ")"
    ));
    let done = sql.build().execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// The same of a task whose work the caller has taken away, under its lock.
pub async fn close_without_work(connection: &mut Connection, id: TaskId) -> Result<()> {
    let mut sql = QueryBuilder::new(CLOSE);
    TaskSelector::from(id).push(&mut sql);
    sql.build().execute(connection).await?;
    Ok(())
}

/// Assignments see the ones before them: what others depend on comes last.
const CLOSE: &str = "UPDATE tbl_async_task SET \
       modify_time = IF(status = 3 AND message_show = 0, modify_time, NOW(3)), \
       end_time = IF(status = 3, end_time, NOW(3)), \
       result = IF(status = 3, result, IF(COALESCE(JSON_TYPE(result), 'NULL') = 'OBJECT', \
         JSON_SET(result, '$.outcome', 'cancelled'), \
         JSON_OBJECT('msg', '已取消', 'outcome', 'cancelled'))), \
       outcome = IF(status = 3, outcome, 'cancelled'), message_show = 0, status = 3";

/// Which item of a run something was made of: a stored outcome says so, or the id is the one reserved for an item of
/// a done chunk that has none.
pub async fn index_of_made(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    made_id: i64,
) -> Result<Option<u32>> {
    let row = sqlx::query(
        "SELECT item_index FROM tbl_batch_item WHERE task_id = ? AND run = ? AND made_id = ? \
         UNION ALL SELECT c.first_index + m.position FROM (SELECT ? DIV ? AS chunk_id, ? MOD ? AS position) m \
           STRAIGHT_JOIN tbl_batch_chunk c ON c.id = m.chunk_id \
           WHERE c.task_id = ? AND c.run = ? AND c.state = 1 AND m.position < c.item_count AND NOT EXISTS \
             (SELECT 1 FROM tbl_batch_item i WHERE i.task_id = c.task_id AND i.run = c.run \
                AND i.item_index = c.first_index + m.position) \
         LIMIT 1",
    )
    .bind(task.get())
    .bind(run)
    .bind(made_id)
    .bind(made_id)
    .bind(MAX_ITEMS)
    .bind(made_id)
    .bind(MAX_ITEMS)
    .bind(task.get())
    .bind(run)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// The chunks of a run that are still open and hold a mended item.
pub async fn open_amends(connection: &mut Connection, task: TaskId, run: u32) -> Result<Vec<i64>> {
    let rows = sqlx::query(
        "SELECT id FROM tbl_batch_chunk WHERE task_id = ? AND run = ? AND state = 0 AND amends = 1",
    )
    .bind(task.get())
    .bind(run)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The items that people made by hand, of every run of a task.
pub async fn amended_items(connection: &mut Connection, task: TaskId) -> Result<Vec<Item>> {
    let rows = sqlx::query(
        "SELECT item_index, status, made_id, errors, chunk_id, attempts, code, error_count FROM tbl_batch_item \
         FORCE INDEX (outcomes) WHERE task_id = ? AND status = 3",
    )
    .bind(task.get())
    .fetch_all(connection)
    .await?;
    rows.iter().map(item).collect()
}
