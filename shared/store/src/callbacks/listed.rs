//! Deliveries as they are shown, and sent again.

use sqlx::mysql::MySqlRow;
use sqlx::{QueryBuilder, Row as _};

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::invocation::{self, OpenedUnit};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried.
    Open,
    /// The target has it.
    Delivered,
    /// It was tried for too long.
    GivenUp,
    /// Its callback is disabled.
    HeldBack,
}

impl DeliveryState {
    /// Every state, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Open, Self::Delivered, Self::GivenUp, Self::HeldBack];

    /// Returns the word it is shown as.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
            Self::HeldBack => "held_back",
        }
    }

    const fn number(self) -> u8 {
        self as u8
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its key.
    pub id: i64,
    /// The task.
    pub task: TaskId,
    /// The delivery within the task.
    pub no: u32,
    /// Whose task it is.
    pub station: StationId,
    /// The name of the task.
    pub task_name: String,
    /// To whom.
    pub callback: String,
    /// What is told.
    pub event: String,
    /// How the task had ended.
    pub outcome: String,
    /// Where it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// The status of the last answer.
    pub http_status: Option<u16>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When the task ended.
    pub created_at: Option<Moment>,
    /// When it was tried last.
    pub tried_at: Option<Moment>,
    /// When it is tried next.
    pub next_at: Option<Moment>,
}

/// Selects deliveries.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryFilter<'a> {
    /// To this callback.
    pub callback: Option<&'a str>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of this task.
    pub task: Option<TaskId>,
    /// Of this station's tasks.
    pub station: Option<&'a StationId>,
    /// With a smaller key.
    pub before: Option<i64>,
}

impl DeliveryFilter<'_> {
    /// Names the index whose entries are the deliveries, or nearly so. The statistics of a small table would lead to another.
    const fn index(&self) -> &'static str {
        match (self.task, self.station, self.callback, self.state) {
            (Some(_), ..) => "of_task",
            (None, Some(_), ..) => "newest_of_station",
            (None, None, Some(_), Some(_)) => "newest_by_state",
            (None, None, Some(_), None) => "newest_of_callback",
            (None, None, None, Some(_)) => "newest_of_all_by_state",
            (None, None, None, None) => "PRIMARY",
        }
    }
}

/// Reads deliveries, the newest first.
pub async fn deliveries(
    connection: &mut Connection,
    filter: &DeliveryFilter<'_>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let mut sql = QueryBuilder::new(DELIVERIES);
    sql.push(" FROM (SELECT d.id FROM tbl_callback_delivery d FORCE INDEX (");
    sql.push(filter.index()).push(") WHERE TRUE");
    if let Some(task) = filter.task {
        sql.push(" AND d.task_id = ").push_bind(task.get());
    }
    if let Some(station) = filter.station {
        sql.push(" AND d.station_id = ").push_bind(station.as_str());
    }
    if let Some(callback) = filter.callback {
        sql.push(" AND d.callback = ").push_bind(callback);
    }
    if let Some(state) = filter.state {
        sql.push(" AND d.state = ").push_bind(state.number());
    }
    if let Some(before) = filter.before {
        sql.push(" AND d.id < ").push_bind(before);
    }
    sql.push(" ORDER BY d.id DESC LIMIT ").push_bind(limit);
    sql.push(TABLES);
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter().map(delivery).collect()
}

const DELIVERIES: &str = "
    SELECT d.id, d.task_id, d.no, d.station_id, d.callback, d.event, d.outcome, d.state, d.tries, d.http_status, d.last_error,
      t.name AS task_name,
      TIMESTAMPDIFF(SECOND, '1970-01-01', d.creat_time) AS created_at,
      TIMESTAMPDIFF(SECOND, '1970-01-01', d.try_time) AS tried_at,
      TIMESTAMPDIFF(SECOND, '1970-01-01', w.ready_at) AS next_at";

const TABLES: &str = ") page
    STRAIGHT_JOIN tbl_callback_delivery d ON d.id = page.id
    STRAIGHT_JOIN tbl_async_task t ON t.id = d.task_id
    LEFT JOIN tbl_work w ON w.task_id = d.task_id AND w.kind = 3 AND w.run = 0 AND w.part = d.no
    ORDER BY d.id DESC";

fn delivery(row: &MySqlRow) -> Result<Delivery> {
    let state: u8 = row.try_get("state")?;
    let known = DeliveryState::ALL.get(usize::from(state));
    Ok(Delivery {
        id: row.try_get("id")?,
        task: TaskId::from_row(row.try_get("task_id")?),
        no: row.try_get("no")?,
        station: StationId::from_row(text(row, "station_id")?),
        task_name: text(row, "task_name")?,
        callback: text(row, "callback")?,
        event: text(row, "event")?,
        outcome: text(row, "outcome")?,
        state: known.copied().unwrap_or(DeliveryState::Open),
        tries: row.try_get("tries")?,
        http_status: row.try_get("http_status")?,
        last_error: optional_text(row, "last_error")?,
        created_at: Moment::from_row(row, "created_at")?,
        tried_at: Moment::from_row(row, "tried_at")?,
        next_at: Moment::from_row(row, "next_at")?,
    })
}

/// A delivery that may be sent again: its key, its task, its number, its callback.
pub type Resendable = (i64, TaskId, u32, String);

/// Selects deliveries to send again.
#[derive(Debug, Clone, Copy)]
pub enum ToResend<'a> {
    /// Those with these keys; with a station, only those of its tasks.
    Keys(&'a [i64], Option<&'a StationId>),
    /// Those of a callback in a state, the oldest first.
    Of(&'a str, DeliveryState),
}

/// Finds deliveries that are not open and whose callback is enabled, and locks their tasks.
///
/// Runs in a transaction.
pub async fn resendable(
    connection: &mut Connection,
    which: ToResend<'_>,
    limit: u32,
) -> Result<Vec<Resendable>> {
    let mut sql = QueryBuilder::new(
        "SELECT d.id, d.task_id, d.no, d.callback FROM tbl_callback_delivery d \
         STRAIGHT_JOIN tbl_callback c ON c.name = d.callback AND c.disabled_at IS NULL \
         STRAIGHT_JOIN tbl_async_task t ON t.id = d.task_id WHERE ",
    );
    match which {
        ToResend::Of(callback, state) => {
            sql.push("d.callback = ").push_bind(callback);
            sql.push(" AND d.state = ").push_bind(state.number());
        }
        ToResend::Keys(keys, station) => {
            sql.push("d.state <> 0 AND d.id IN (SELECT k.id FROM JSON_TABLE(");
            sql.push_bind(json(keys)?);
            sql.push(", '$[*]' COLUMNS (id BIGINT PATH '$')) k)");
            if let Some(station) = station {
                sql.push(" AND d.station_id = ").push_bind(station.as_str());
            }
        }
    }
    sql.push(" ORDER BY d.id LIMIT ").push_bind(limit);
    sql.push(" FOR UPDATE");
    let rows = sql.build().fetch_all(connection).await?;
    let found = |row: &MySqlRow| {
        let task = TaskId::from_row(row.try_get("task_id")?);
        Ok((
            row.try_get("id")?,
            task,
            row.try_get("no")?,
            text(row, "callback")?,
        ))
    };
    rows.iter().map(found).collect()
}

/// Opens deliveries again, each with a unit of work and all its tries.
///
/// Runs in the transaction that has found them.
pub async fn reopen(connection: &mut Connection, found: &[Resendable]) -> Result<()> {
    const OPEN: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]')) k
        STRAIGHT_JOIN tbl_callback_delivery d ON d.id = k.id
        SET d.state = 0, d.tries = 0, d.opened_at = NOW(3)";
    if found.is_empty() {
        return Ok(());
    }
    let list = json(found)?;
    sqlx::query(OPEN)
        .bind(&list)
        .execute(&mut *connection)
        .await?;
    let told = found
        .iter()
        .map(|(_, task, no, callback)| (task, no, callback, "", 0));
    super::ended::open(connection, &json(&told.collect::<Vec<_>>())?).await?;
    for (_, task, no, callback) in found {
        let (task, no, callback) = (*task, *no, callback.clone());
        let _ = invocation::note_opened(OpenedUnit::Callback { task, no, callback });
    }
    Ok(())
}
