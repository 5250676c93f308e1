//! The units that have waited longest.

use sqlx::QueryBuilder;

use super::{OpenUnit, unit, unit_columns, unit_tables};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::StationId;

/// Reads, of each job of batches and of each queue that is not paused, the unit that is claimed next: those that have waited
/// longest first. Of a chunk that is since its run was accepted.
pub async fn oldest_of_queues(
    connection: &mut Connection,
    station: Option<&StationId>,
    jobs: &[&str],
) -> Result<Vec<OpenUnit>> {
    const SINCE: &str = "TIMESTAMPDIFF(SECOND, '1970-01-01', COALESCE(w.ready_at, b.accepted_at)) AS since,
        GREATEST(COALESCE(TIMESTAMPDIFF(SECOND, COALESCE(w.ready_at, b.accepted_at), NOW(3)), 0), 0) AS seconds";
    const LANES: &str = " FROM (SELECT (SELECT u.id FROM tbl_work u FORCE INDEX (";
    let mut sql = QueryBuilder::new(concat!("SELECT ", unit_columns!(), ", "));
    sql.push(SINCE).push(LANES);
    // Every column of the index, or the units are sorted: MySQL takes no column of another table for a constant.
    match station {
        None => sql.push(
            "turn) WHERE u.queue = lanes.name AND u.state = 0 ORDER BY u.queue, u.state, u.turn",
        ),
        Some(station) => sql
            .push("lane) WHERE u.queue = lanes.name AND u.state = 0 AND u.station_id = ")
            .push_bind(station.as_str())
            .push(" ORDER BY u.queue, u.state, u.station_id, u.is_rework, u.turn"),
    };
    sql.push(" LIMIT 1) AS unit_id FROM (SELECT name FROM tbl_task_queue WHERE paused = 0");
    // The LIMIT is for MariaDB: it would merge the lanes into the join, where the inner query does not see them.
    for job in jobs {
        sql.push(" UNION ALL SELECT ").push_bind(*job);
    }
    sql.push(concat!(
        ") lanes LIMIT 10000) next_units STRAIGHT_JOIN tbl_work w ON w.id = next_units.unit_id",
        unit_tables!(),
        " ORDER BY seconds DESC, w.id"
    ));
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter().map(unit).collect()
}
