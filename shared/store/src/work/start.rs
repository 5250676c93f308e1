//! Starting the run of a named task: most are found ready, and then one statement is all.

use sqlx::QueryBuilder;

use crate::connections::Connection;
use crate::error::Result;
use crate::tasks::TaskSelector;

/// Starts the run of a dispatched task that may start at once, whose queue is neither paused nor capped; with `run` only that
/// run. `false`: nothing was changed, a claim under locks tells why.
///
/// The new numbers come from a derived table: the order of assignments over two tables is not defined. They are compared with
/// the locked row, which another call may have changed since.
pub async fn start<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
    run: Option<i32>,
) -> Result<bool> {
    let mut sql = QueryBuilder::new(
        "UPDATE (SELECT id, run_count + 1 AS run_count, attempt + 1 AS attempt FROM tbl_async_task",
    );
    named.into().push(&mut sql);
    sql.push(START);
    let started = sql.build().bind(run).execute(connection).await?;
    Ok(started.rows_affected() > 0)
}

const START: &str = " LIMIT 1) k
    STRAIGHT_JOIN tbl_async_task t ON t.id = k.id AND t.run_count + 1 = k.run_count AND t.status = 1 -- submitted
    STRAIGHT_JOIN tbl_work w FORCE INDEX (unit) ON w.task_id = t.id AND w.kind = 2 AND w.run = 0 AND w.part = 0
    STRAIGHT_JOIN tbl_task_queue q ON q.name = w.queue
    SET w.state         = 3, -- leased
        w.attempt       = k.attempt,
        w.run_count     = k.run_count,
        w.timeout       = COALESCE(t.timeout, q.timeout),
        w.lease_until   = NOW(3) + INTERVAL COALESCE(t.timeout, q.timeout) SECOND,
        w.due_at        = NOW(3) + INTERVAL COALESCE(t.timeout, q.timeout) SECOND,
        w.claim_id      = NULL,
        w.claim_no      = NULL,
        w.announcements = 0,
        w.worker        = NULL,
        t.status        = 2,
        t.run_count     = k.run_count,
        t.attempt       = k.attempt,
        t.start_time    = NOW(3),
        t.modify_time   = NOW(3)
    WHERE (w.state = 0 OR w.state = 1 AND w.due_at <= NOW(3)) -- ready, or delayed and due
      AND (w.expire_at IS NULL OR w.expire_at > NOW(3))
      AND q.paused = 0 AND q.concurrency = 0 AND q.station_concurrency = 0
      AND k.run_count = COALESCE(?, k.run_count)";
