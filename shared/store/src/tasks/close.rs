//! Closing a task.

use sqlx::QueryBuilder;

use super::{TaskSelector, is_no_batch};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// Hides a task from the station's list and, if it is open, ends it as cancelled; the rest of its result stays.
///
/// Answers `false` and changes nothing when there is no such task, or an open one that has work: the chunks of a batch
/// would still be worked, and a worker may hold a dispatched task.
pub async fn close<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
) -> Result<bool> {
    let mut sql = QueryBuilder::new(CLOSE);
    named.into().push(&mut sql);
    sql.push(concat!(
        " AND (status = 3 OR queue IS NULL AND callback IS NULL AND ",
        is_no_batch!(),
        ")"
    ));
    let done = sql.build().execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Closes a task whose work the caller has taken away, under the task's lock.
pub async fn close_without_work(connection: &mut Connection, id: TaskId) -> Result<()> {
    let mut sql = QueryBuilder::new(CLOSE);
    TaskSelector::from(id).push(&mut sql);
    sql.build().execute(connection).await?;
    Ok(())
}

/// Assignments see the ones before them: `status`, which the others read, comes last.
const CLOSE: &str = "\
    UPDATE tbl_async_task
    SET modify_time = IF(status = 3 AND message_show = 0, modify_time, NOW(3)),
        end_time = IF(status = 3, end_time, NOW(3)),
        result = IF(status = 3,
                    result,
                    CASE COALESCE(JSON_TYPE(result), 'NULL')
                      WHEN 'OBJECT' THEN JSON_SET(result, '$.outcome', 'cancelled')
                      WHEN 'NULL' THEN JSON_OBJECT('msg', '已取消', 'outcome', 'cancelled')
                      ELSE result
                    END),
        outcome = IF(status = 3, outcome, 'cancelled'),
        message_show = 0,
        status = 3";
