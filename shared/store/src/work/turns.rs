//! The order of claims.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row as _};

use crate::connections::Connection;
use crate::error::Result;
use crate::task_queues::Mode;

/// A queue and a station.
pub(super) type Lane = (String, String);

/// The next place of a lane.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NextTurn {
    pub(super) turn: u64,
    /// The mode of the queue.
    pub(super) mode: Mode,
}

/// Finds the place of a station's next unit in the order of claims, for each lane: behind the station's last unit, and not
/// before the first of the queue. So stations take turns, however many units one of them has. Each lane costs one entry of
/// each index: with every value given, the smallest and the largest are looked up. Reads the mode of the queue on the way.
pub(super) async fn next_turns(
    connection: &mut Connection,
    lanes: &[Lane],
) -> Result<HashMap<Lane, NextTurn>> {
    let mut sql = QueryBuilder::new("");
    for (no, (queue, station)) in lanes.iter().enumerate() {
        sql.push(if no == 0 { "(" } else { " UNION ALL (" });
        sql.push("SELECT CAST(GREATEST(COALESCE((SELECT MAX(turn) + 1 FROM tbl_work FORCE INDEX (lane) WHERE queue = ");
        sql.push_bind(queue)
            .push(" AND state = 0 AND station_id = ");
        sql.push_bind(station).push(" AND is_rework = 0), 0), COALESCE((SELECT MIN(turn) FROM tbl_work FORCE INDEX (turn) WHERE queue = ");
        sql.push_bind(queue)
            .push(" AND state = 0), 0)) AS UNSIGNED) AS turn, COALESCE((SELECT mode FROM tbl_task_queue WHERE name = ");
        sql.push_bind(queue).push("), 'pull') AS mode, ");
        sql.push_bind(i64::try_from(no).unwrap_or(i64::MAX))
            .push(" AS no)");
    }
    let rows = sql
        .build()
        .persistent(lanes.len() == 1)
        .fetch_all(connection)
        .await?;
    let mut turns = HashMap::with_capacity(lanes.len());
    for row in rows {
        let no = usize::try_from(row.try_get::<i64, _>("no")?).unwrap_or(usize::MAX);
        if let Some(lane) = lanes.get(no) {
            let next = NextTurn {
                turn: row.try_get("turn")?,
                mode: Mode::from_row(&row)?,
            };
            turns.insert(lane.clone(), next);
        }
    }
    Ok(turns)
}
