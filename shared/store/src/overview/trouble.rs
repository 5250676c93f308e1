//! Open units that fail, or are held by workers that are silent.

use sqlx::{MySql, QueryBuilder, Row as _};

use super::{OpenUnit, unit, unit_columns, unit_tables};
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::StationId;

/// How many units of a state are looked at; of a station: of a kind and state.
const LOOKED_AT: u32 = 1_000;
/// Ready, delayed, waiting for the cap of their station, leased.
const STATES: [u8; 4] = [0, 1, 2, 3];
/// How many units are answered.
const MOST: u32 = 200;

/// What is wrong with an open unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Its worker is silent, and its lease has been over for some time: the sweeper should have taken it away.
    LeaseOver,
    /// Attempts on the chunk ended neither with an outcome nor with a fault of the database.
    Stalled,
    /// Its last run failed; it runs again.
    FailedRun,
}

impl Trouble {
    fn from_number(number: i64) -> Result<Self> {
        match number {
            1 => Ok(Self::LeaseOver),
            2 => Ok(Self::Stalled),
            3 => Ok(Self::FailedRun),
            _ => Err(StoreError::Unreadable("a unit's trouble")),
        }
    }
}

/// Reads units of work that are in trouble, the oldest first. Of each state it looks at the [`LOOKED_AT`] that are due first.
pub async fn trouble(
    connection: &mut Connection,
    station: Option<&StationId>,
) -> Result<Vec<(Trouble, OpenUnit)>> {
    const WITH: &str = ",
        CASE WHEN w.state = 3 AND w.lease_until < NOW(3) - INTERVAL 120 SECOND THEN 1
             WHEN w.kind = 1 AND w.stalls > 0 THEN 2
             ELSE 3 END AS trouble,
        TIMESTAMPDIFF(SECOND, '1970-01-01', COALESCE(w.lease_until, b.accepted_at, t.start_time)) AS since,
        GREATEST(COALESCE(TIMESTAMPDIFF(SECOND, COALESCE(w.lease_until, b.accepted_at, t.start_time), NOW(3)), 0), 0) AS seconds
        FROM (";
    let mut sql = QueryBuilder::new(concat!("SELECT ", unit_columns!()));
    sql.push(WITH);
    match station {
        None => look_everywhere(&mut sql),
        Some(station) => look_at(&mut sql, station),
    }
    sql.push(concat!(
        ") looked STRAIGHT_JOIN tbl_work w ON w.id = looked.id",
        unit_tables!(),
        " WHERE (w.state = 3 AND w.lease_until < NOW(3) - INTERVAL 120 SECOND)
             OR (w.kind = 1 AND w.stalls > 0)
             OR w.last_error IS NOT NULL
          ORDER BY w.id LIMIT "
    ));
    sql.push(MOST);
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((Trouble::from_number(row.try_get("trouble")?)?, unit(row)?)))
        .collect()
}

/// Adds the units of all stations: those that are due first, so that no station hides another's.
fn look_everywhere(sql: &mut QueryBuilder<'_, MySql>) {
    let mut between = "";
    for state in STATES {
        sql.push(between)
            .push("(SELECT id FROM tbl_work FORCE INDEX (due) WHERE state = ");
        sql.push(state).push(" ORDER BY due_at LIMIT ");
        sql.push(LOOKED_AT).push(")");
        between = " UNION ALL ";
    }
}

/// Adds the units of a station.
fn look_at<'a>(sql: &mut QueryBuilder<'a, MySql>, station: &'a StationId) {
    let mut between = "";
    for (kind, state) in super::KINDS_AND_STATES {
        sql.push(between)
            .push("(SELECT id FROM tbl_work FORCE INDEX (chunk_due) WHERE kind = ");
        sql.push(kind).push(" AND state = ").push(state);
        sql.push(" AND station_id = ").push_bind(station.as_str());
        sql.push(" LIMIT ").push(LOOKED_AT).push(")");
        between = " UNION ALL ";
    }
}
