//! Closing a task.

use sqlx::QueryBuilder;

use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::tasks::{TaskSelector, is_no_batch};

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
