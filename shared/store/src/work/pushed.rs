//! Runs of tasks whose queue is in mode `push`.

use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::row::text;
use crate::task_queues::{Policy, QueueTarget, policy, policy_columns, queue_target};

/// Reads the queue of a task that waits for a run, and its target; `None`: it does not wait, or its queue is not in mode `push`, or
/// paused.
pub async fn pushed_queue(
    connection: &mut Connection,
    task: TaskId,
) -> Result<Option<(String, QueueTarget)>> {
    const QUEUE: &str = "
        SELECT p.queue, p.url, p.secret
        FROM tbl_work w FORCE INDEX (unit)
        STRAIGHT_JOIN tbl_task_queue q ON q.name = w.queue AND q.mode = 'push' AND q.paused = 0
        STRAIGHT_JOIN tbl_task_target p ON p.queue = q.name
        WHERE w.task_id = ? AND w.kind = 2 AND w.run = 0 AND w.part = 0
          AND w.state IN (0, 1) -- ready, delayed";
    let row = sqlx::query(QUEUE).bind(task.get());
    let row = row.fetch_optional(connection).await?;
    row.map(|row| Ok((text(&row, "queue")?, queue_target(&row)?)))
        .transpose()
}

/// Reads the queues in mode `push` that are not paused, have a place for a call and a task that is ready, with their targets; the
/// queue whose first task has been ready longest comes first.
pub async fn pushable(connection: &mut Connection) -> Result<Vec<(Policy, QueueTarget)>> {
    const PUSHABLE: &str = concat!(
        "SELECT ",
        policy_columns!(),
        ", p.url, p.secret
         FROM (SELECT q.name AS pushed, w.ready_at
               FROM tbl_task_queue q
               STRAIGHT_JOIN tbl_work w ON w.id =
                 (SELECT x.id FROM tbl_work x FORCE INDEX (turn)
                  WHERE x.queue = q.name AND x.state = 0 -- ready
                    AND x.kind = 2 AND (x.expire_at IS NULL OR x.expire_at > NOW(3))
                  ORDER BY x.turn, x.id LIMIT 1)
               WHERE q.mode = 'push' AND q.paused = 0
                 AND EXISTS (SELECT 1 FROM tbl_call_place c WHERE c.target = q.name AND c.until <= NOW(3))) k
         STRAIGHT_JOIN tbl_task_queue ON name = k.pushed
         STRAIGHT_JOIN tbl_task_target p ON p.queue = k.pushed
         ORDER BY k.ready_at"
    );
    let rows = sqlx::query(PUSHABLE).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((policy(row)?, queue_target(row)?)))
        .collect()
}

/// Takes back the attempt of a run that was not the task's fault.
pub async fn give_back(connection: &mut Connection, task: TaskId) -> Result<()> {
    const GIVE_BACK: &str =
        "UPDATE tbl_async_task SET attempt = attempt - 1 WHERE id = ? AND attempt > 0";
    let given = sqlx::query(GIVE_BACK).bind(task.get());
    given.execute(connection).await?;
    Ok(())
}
