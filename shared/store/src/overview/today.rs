//! Tasks that ended today, by hour and outcome.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::StationId;
use crate::row::text;
use crate::time::Moment;

/// The most ended tasks that are counted, of all stations: the last ones.
pub const MOST_ENDED: u32 = 50_000;

/// How many tasks ended in an hour with an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Hours since the day began.
    pub hour: u32,
    /// How they ended.
    pub outcome: String,
    /// How many they are.
    pub tasks: u32,
}

/// Counts the tasks that have ended since `midnight`; whether the count reached [`MOST_ENDED`] stands beside it.
pub async fn today(
    connection: &mut Connection,
    station: Option<&StationId>,
    midnight: Moment,
) -> Result<(Vec<Ended>, bool)> {
    let station = station.map(StationId::as_str);
    let rows = sqlx::query(TODAY)
        .bind(midnight.seconds())
        .bind(station)
        .bind(midnight.seconds())
        .bind(MOST_ENDED)
        .fetch_all(connection)
        .await?;
    let number = |row: &MySqlRow, column: &str| {
        let number: i64 = row.try_get(column)?;
        u32::try_from(number).map_err(|_| StoreError::Unreadable("a count"))
    };
    let (mut ended, mut counted) = (Vec::new(), 0);
    for row in &rows {
        let tasks = number(row, "tasks")?;
        counted += tasks;
        if row.try_get::<i64, _>("is_asked_for")? == 1 {
            let (hour, outcome) = (number(row, "hour_no")?, text(row, "outcome")?);
            ended.push(Ended {
                hour,
                outcome,
                tasks,
            });
        }
    }
    Ok((ended, counted >= MOST_ENDED))
}

/// A task that was finished before outcomes were kept counts as a success.
const TODAY: &str = "\
    SELECT hour_no, outcome, is_asked_for, COUNT(*) AS tasks
    FROM (SELECT TIMESTAMPDIFF(HOUR, TIMESTAMP('1970-01-01') + INTERVAL ? SECOND, end_time) AS hour_no,
                 COALESCE(outcome, 'success') AS outcome,
                 COALESCE(station_id = ?, 1) AS is_asked_for
          FROM tbl_async_task FORCE INDEX (ended)
          WHERE end_time >= TIMESTAMP('1970-01-01') + INTERVAL ? SECOND
          ORDER BY end_time DESC
          LIMIT ?) ended
    GROUP BY hour_no, outcome, is_asked_for
    ORDER BY hour_no, outcome";
