//! Units of plain tasks whose time has come: delayed ones become ready, runs that were silent for too long are lost, tasks
//! that nobody started in time expire.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::announce::RESEND;
use super::turns::{Lane, next_turns};
use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// Makes delayed units of one queue ready whose time has come, up to `limit`; each gets its turn now. Answers how many.
///
/// Runs in a transaction.
pub async fn promote(connection: &mut Connection, queue: &str, limit: u32) -> Result<usize> {
    const DUE: &str = "
        SELECT id, queue, station_id FROM tbl_work FORCE INDEX (due)
        WHERE state = 1 AND due_at <= NOW(3) AND queue = ? AND kind = 2
        ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED";
    let rows = sqlx::query(DUE).bind(queue).bind(limit);
    let rows = rows.fetch_all(&mut *connection).await?;
    make_ready(connection, &rows).await
}

/// Makes due units of every queue ready.
pub async fn promote_due(connection: &mut Connection, limit: u32) -> Result<usize> {
    const DUE: &str = "
        SELECT id, queue, station_id FROM tbl_work FORCE INDEX (due)
        WHERE state = 1 AND due_at <= NOW(3) AND kind = 2
        ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED";
    let rows = sqlx::query(DUE).bind(limit).fetch_all(&mut *connection);
    let rows = rows.await?;
    make_ready(connection, &rows).await
}

async fn make_ready(connection: &mut Connection, rows: &[MySqlRow]) -> Result<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut lanes = HashMap::<Lane, Vec<i64>>::new();
    for row in rows {
        let lane = (
            row.try_get_unchecked("queue")?,
            row.try_get_unchecked("station_id")?,
        );
        lanes.entry(lane).or_default().push(row.try_get("id")?);
    }
    let names: Vec<_> = lanes.keys().cloned().collect();
    let turns = next_turns(connection, &names).await?;
    let mut units = Vec::with_capacity(rows.len());
    for (lane, ids) in lanes {
        let first = turns.get(&lane).copied().unwrap_or_default();
        let is_announced = u8::from(first.mode.is_announced());
        let turned = ids.into_iter().zip(first.turn..);
        units.extend(turned.map(|(id, turn)| (id, turn, is_announced)));
    }
    sqlx::query(MAKE_READY)
        .bind(json(&units)?)
        .bind(RESEND)
        .execute(connection)
        .await?;
    Ok(units.len())
}

/// A unit that nobody has announced is announced by the next sweep.
const MAKE_READY: &str = "
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS
      (id BIGINT PATH '$[0]', turn BIGINT UNSIGNED PATH '$[1]', is_announced TINYINT PATH '$[2]')) k
    STRAIGHT_JOIN tbl_work w ON w.id = k.id
    SET w.state    = 0, -- ready
        w.turn     = k.turn,
        w.ready_at = NOW(3),
        w.due_at   = LEAST(IF(k.is_announced = 1, NOW(3) + INTERVAL IF(w.announcements > 0, ?, 0) SECOND, TIMESTAMP('9999-12-31')),
                           COALESCE(w.expire_at, TIMESTAMP('9999-12-31')))";

/// A run whose lease is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Its task.
    pub task: TaskId,
    /// The run.
    pub run_count: i32,
}

/// Finds runs whose lease is over, up to `limit`; the look at renewed runs is put off to the end of their lease. A
/// lease that ends later than a run may be silent was set by a clock that has stepped back since: it is over, too.
pub async fn lost(connection: &mut Connection, limit: u32) -> Result<Vec<Lost>> {
    const RENEWED: &str = "
        UPDATE tbl_work FORCE INDEX (due) SET due_at = lease_until
        WHERE state = 3 AND due_at <= NOW(3) AND kind = 2 AND lease_until > NOW(3)
          AND lease_until <= NOW(3) + INTERVAL 2 * timeout SECOND
        LIMIT ?";
    const LOST: &str = "
        (SELECT task_id, run_count FROM tbl_work FORCE INDEX (due)
         WHERE state = 3 AND due_at <= NOW(3) AND kind = 2 AND lease_until <= NOW(3)
         ORDER BY due_at LIMIT ?)
        UNION
        (SELECT task_id, run_count FROM tbl_work FORCE INDEX (due)
         WHERE state = 3 AND kind = 2 AND lease_until > NOW(3) + INTERVAL 2 * timeout SECOND LIMIT ?)";
    sqlx::query(RENEWED)
        .bind(limit)
        .execute(&mut *connection)
        .await?;
    let rows = sqlx::query(LOST).bind(limit).bind(limit);
    let rows = rows.fetch_all(connection).await?;
    let lost = |row: &MySqlRow| {
        let run: u32 = row.try_get("run_count")?;
        Ok(Lost {
            task: TaskId::from_row(row.try_get("task_id")?),
            run_count: i32::try_from(run).unwrap_or(i32::MAX),
        })
    };
    rows.iter().map(lost).collect()
}

/// Finds tasks that nobody started before they expired, up to `limit`.
pub async fn expired(connection: &mut Connection, limit: u32) -> Result<Vec<TaskId>> {
    const EXPIRED: &str = "
        SELECT task_id FROM tbl_work FORCE INDEX (due)
        WHERE state = 0 AND due_at <= NOW(3) AND kind = 2 AND expire_at <= NOW(3)
        ORDER BY due_at LIMIT ?";
    let rows = sqlx::query(EXPIRED).bind(limit).fetch_all(connection);
    let rows = rows.await?;
    rows.iter()
        .map(|row| Ok(TaskId::from_row(row.try_get("task_id")?)))
        .collect()
}
