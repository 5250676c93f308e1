//! How many tasks of a queue wait, run and failed: bounded, read from indexes alone.

use sqlx::{QueryBuilder, Row as _};

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::row::text;
use crate::time::Moment;

/// The highest count: counting stops there.
pub const MOST_COUNTED: u32 = 10_000;

/// The tasks of a queue; each count stops at [`MOST_COUNTED`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// May be claimed now.
    pub waiting: u32,
    /// May be claimed later: delayed, or waiting for their next run.
    pub delayed: u32,
    /// Held by a worker.
    pub running: u32,
    /// Seconds since the task that is claimed next became ready; 0 where none waits.
    pub oldest_seconds: u64,
    /// Ended as failed since the day began.
    pub failed_today: u32,
}

/// Reads the counts of queues, in the order of `names`; the day began at `midnight`.
pub async fn counts(
    connection: &mut Connection,
    names: &[&str],
    midnight: Moment,
) -> Result<Vec<Counts>> {
    let Some((first, others)) = names.split_first() else {
        return Ok(Vec::new());
    };
    let mut sql = QueryBuilder::new("");
    push(&mut sql, 0, first, midnight);
    for (no, name) in (1..).zip(others) {
        sql.push(" UNION ALL ");
        push(&mut sql, no, name, midnight);
    }
    sql.push(" ORDER BY no");
    let rows = sql.build().persistent(false).fetch_all(connection).await?;
    let number = |row: &sqlx::mysql::MySqlRow, column| {
        let number: i64 = row.try_get(column)?;
        u32::try_from(number).map_err(|_| StoreError::Unreadable("a count"))
    };
    let counts = rows.iter().map(|row| {
        Ok(Counts {
            waiting: number(row, "waiting")?,
            delayed: number(row, "later")?,
            running: number(row, "running")?,
            oldest_seconds: row.try_get::<u64, _>("oldest_seconds")?,
            failed_today: number(row, "failed_today")?,
        })
    });
    counts.collect()
}

/// Reads how many seconds the ready task that is claimed next has waited, of the queue where that is longest, and the queue;
/// `None`: nothing waits. Paused queues do not count.
pub async fn longest_wait(connection: &mut Connection) -> Result<Option<(String, u64)>> {
    const WAITS: &str = "
        SELECT name, CAST(waited AS UNSIGNED) AS waited FROM
          (SELECT q.name, (SELECT GREATEST(TIMESTAMPDIFF(SECOND, w.ready_at, NOW(3)), 0)
             FROM tbl_work w FORCE INDEX (turn)
             WHERE w.queue = q.name AND w.state = 0 -- ready
             ORDER BY w.queue, w.state, w.turn LIMIT 1) AS waited -- else MySQL sorts the backlog
           FROM tbl_task_queue q WHERE q.paused = 0) waits
        WHERE waited IS NOT NULL ORDER BY waited DESC LIMIT 1";
    let row = sqlx::query(WAITS).fetch_optional(connection).await?;
    row.map(|row| Ok((text(&row, "name")?, row.try_get("waited")?)))
        .transpose()
}

/// Adds the counts of one queue, each a range of an index that is read up to a limit.
fn push<'a>(sql: &mut QueryBuilder<'a, sqlx::MySql>, no: u32, name: &'a str, midnight: Moment) {
    sql.push("(SELECT ").push_bind(no).push(" AS no");
    for (state, column) in [(0, "waiting"), (1, "later"), (3, "running")] {
        sql.push(
            ", (SELECT COUNT(*) FROM (SELECT 1 FROM tbl_work FORCE INDEX (turn) WHERE queue = ",
        );
        sql.push_bind(name).push(" AND state = ").push_bind(state);
        sql.push(" LIMIT ").push_bind(MOST_COUNTED);
        sql.push(") units) AS ").push(column);
    }
    sql.push(
        ", CAST(COALESCE((SELECT GREATEST(TIMESTAMPDIFF(SECOND, ready_at, NOW(3)), 0) \
           FROM tbl_work FORCE INDEX (turn) WHERE queue = ",
    );
    sql.push_bind(name);
    sql.push(" AND state = 0 ORDER BY turn LIMIT 1), 0) AS UNSIGNED) AS oldest_seconds");
    sql.push(
        ", (SELECT COUNT(*) FROM (SELECT 1 FROM tbl_async_task FORCE INDEX (ended_of_queue) WHERE queue = ",
    );
    sql.push_bind(name);
    sql.push(" AND outcome = 'failed' AND end_time >= TIMESTAMP('1970-01-01') + INTERVAL ");
    sql.push_bind(midnight.seconds()).push(" SECOND LIMIT ");
    sql.push_bind(MOST_COUNTED)
        .push(") ended) AS failed_today)");
}
