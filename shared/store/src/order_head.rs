//! An order by its id or by the caller's number: whose it is, and the batch that made it.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::connections::Connection;
use crate::error::Result;
use crate::ids::StationId;
use crate::row::{optional_text, text};
use crate::time::Moment;

/// The parts of an order beside its content.
#[derive(Debug, Clone)]
pub struct OrderHead {
    /// The order's id.
    pub id: i64,
    /// Whose order it is.
    pub station_id: String,
    /// Its operating cycle.
    pub time_config_id: String,
    /// When it was made.
    pub created_at: Option<Moment>,
    /// The key of the task that made it.
    pub task_id: i64,
    /// The task, where it is still there: the caller's own id, name, status and outcome.
    pub task: Option<(Option<String>, String, u8, Option<String>)>,
    /// The run of the batch that made it.
    pub run: Option<u32>,
}

macro_rules! head {
    ($condition:literal) => {
        concat!(
            "SELECT o.id, o.station_id, o.time_config_id, TIMESTAMPDIFF(SECOND, '1970-01-01', o.creat_time) AS creat_time, o.task_id,
               t.user_task_id, t.name, CAST(t.status AS SIGNED) AS status, t.outcome, c.run
             FROM tbl_order o
             LEFT JOIN tbl_async_task t ON t.id = o.task_id
             LEFT JOIN tbl_batch_chunk c ON c.id = o.id DIV 1000
             WHERE ",
            $condition
        )
    };
}

/// Reads the order with an id; `None`: it does not exist, or is not the station's.
pub async fn by_id(
    connection: &mut Connection,
    id: i64,
    station: Option<&StationId>,
) -> Result<Option<OrderHead>> {
    const BY_ID: &str = head!("o.id = ? AND o.station_id = COALESCE(?, o.station_id)");
    let row = sqlx::query(BY_ID)
        .bind(id)
        .bind(station.map(StationId::as_str));
    row.fetch_optional(connection)
        .await?
        .as_ref()
        .map(head)
        .transpose()
}

/// Reads the station's order with the caller's number.
pub async fn by_out_order_no(
    connection: &mut Connection,
    station: &StationId,
    number: &str,
) -> Result<Option<OrderHead>> {
    const BY_NUMBER: &str = head!("o.station_id = ? AND o.out_order_no = ?");
    let row = sqlx::query(BY_NUMBER).bind(station.as_str()).bind(number);
    row.fetch_optional(connection)
        .await?
        .as_ref()
        .map(head)
        .transpose()
}

fn head(row: &MySqlRow) -> Result<OrderHead> {
    let status = row.try_get::<Option<i64>, _>("status")?;
    let status = status.and_then(|status| u8::try_from(status).ok());
    let task = match (optional_text(row, "name")?, status) {
        (Some(name), Some(status)) => {
            let (own, outcome) = (
                optional_text(row, "user_task_id")?,
                optional_text(row, "outcome")?,
            );
            Some((own, name, status, outcome))
        }
        _ => None,
    };
    Ok(OrderHead {
        id: row.try_get("id")?,
        station_id: text(row, "station_id")?,
        time_config_id: text(row, "time_config_id")?,
        created_at: Moment::from_row(row, "creat_time")?,
        task_id: row.try_get("task_id")?,
        task,
        run: row.try_get("run")?,
    })
}
