//! Trying a delivery: claimed, told, settled. Nothing is held while a target is called.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::declared::disable;
use super::{Callback, now_ms, target};
use crate::arguments::json;
use crate::call_places::{self, Place};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// Seconds that a try may take; after them it counts as dead.
const LEASE: u32 = 60;
/// How often an announcement doubles the wait for the next, at most: 16-fold, 8 minutes.
const DOUBLED: u32 = 4;

/// A try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// The task.
    pub task: TaskId,
    /// The delivery within the task.
    pub no: u32,
    /// The number of the try, from 1: its fence.
    pub attempt: u32,
    /// Seconds since the first try became possible.
    pub age: u64,
    /// What is called.
    pub callback: Callback,
    /// `task.finished`, `batch.finished` or `batch.changed`.
    pub event: String,
    /// When it happened.
    pub happened_at: Moment,
    /// How the task had ended.
    pub outcome: String,
    /// Which run of it.
    pub run_count: i32,
    /// The counts of a batch: JSON text.
    pub counts: Option<String>,
    /// The task's own id of its caller.
    pub user_task_id: Option<String>,
    /// Whose task it is.
    pub station: StationId,
    /// What a person reads.
    pub task_name: String,
    /// The caller's number for its kind.
    pub type_id: i32,
    /// The place of its call.
    pub place: Place,
}

/// Claims a try of a delivery; `None`: it is over, not due, being tried, or its callback's calls take all their places.
///
/// Runs in a transaction.
pub async fn begin(connection: &mut Connection, task: TaskId, no: u32) -> Result<Option<Try>> {
    const FIND: &str = concat!(
        "SELECT queue FROM tbl_work FORCE INDEX (unit)
         WHERE task_id = ? AND kind = 3 AND run = 0 AND part = ? AND turn <= ",
        now_ms!(),
        " FOR UPDATE SKIP LOCKED"
    );
    const BEGIN: &str = concat!(
        "UPDATE tbl_work FORCE INDEX (unit)
         SET attempt       = attempt + 1,
             turn          = ",
        now_ms!(),
        " + ? * 1000,
             due_at        = NOW(3) + INTERVAL ? SECOND,
             announcements = 0
         WHERE task_id = ? AND kind = 3 AND run = 0 AND part = ?"
    );
    let row = sqlx::query(FIND).bind(task.get()).bind(no);
    let Some(row) = row.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let target = text(&row, "queue")?;
    let Some(place) = call_places::take(connection, &target, LEASE).await? else {
        return Ok(None);
    };
    sqlx::query(BEGIN)
        .bind(LEASE)
        .bind(LEASE)
        .bind(task.get())
        .bind(no)
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query(TRY).bind(task.get()).bind(no);
    let row = row.fetch_optional(connection).await?;
    row.map(|row| attempt(&row, place)).transpose()
}

/// Reads the first due delivery of each callback that has a place for a call, the one that has waited longest first: its task
/// and number.
pub async fn next_due(connection: &mut Connection) -> Result<Vec<(TaskId, u32)>> {
    const NEXT: &str = concat!(
        "SELECT w.task_id, w.part
         FROM tbl_callback c
         STRAIGHT_JOIN tbl_work w ON w.id =
           (SELECT x.id FROM tbl_work x FORCE INDEX (turn)
            WHERE x.queue = CONCAT('@', c.name) AND x.state = 4 AND x.turn <= ",
        now_ms!(),
        " ORDER BY x.turn LIMIT 1)
         WHERE EXISTS (SELECT 1 FROM tbl_call_place p WHERE p.target = CONCAT('@', c.name) AND p.until <= NOW(3))
         ORDER BY w.turn"
    );
    let rows = sqlx::query(NEXT).fetch_all(connection).await?;
    let due = |row: &MySqlRow| {
        let task = TaskId::from_row(row.try_get("task_id")?);
        Ok((task, row.try_get("part")?))
    };
    rows.iter().map(due).collect()
}

const TRY: &str = "
    SELECT w.attempt, CAST(GREATEST(TIMESTAMPDIFF(SECOND, d.opened_at, NOW(3)), 0) AS UNSIGNED) AS age,
      c.name, c.url, c.secret, c.events, c.disabled_reason, TIMESTAMPDIFF(SECOND, '1970-01-01', c.disabled_at) AS disabled_at,
      d.task_id, d.no, d.event, d.outcome, d.run_count, d.counts, TIMESTAMPDIFF(SECOND, '1970-01-01', d.creat_time) AS happened_at,
      t.user_task_id, t.station_id, t.name AS task_name, t.type
    FROM tbl_work w FORCE INDEX (unit)
    STRAIGHT_JOIN tbl_callback_delivery d ON d.task_id = w.task_id AND d.no = w.part
    STRAIGHT_JOIN tbl_callback c ON c.name = d.callback
    STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
    WHERE w.task_id = ? AND w.kind = 3 AND w.run = 0 AND w.part = ?";

fn attempt(row: &MySqlRow, place: Place) -> Result<Try> {
    Ok(Try {
        task: TaskId::from_row(row.try_get("task_id")?),
        no: row.try_get("no")?,
        attempt: row.try_get("attempt")?,
        age: row.try_get("age")?,
        callback: Callback {
            name: text(row, "name")?,
            url: text(row, "url")?,
            secret: text(row, "secret")?,
            events: text(row, "events")?,
            disabled_at: Moment::from_row(row, "disabled_at")?,
            disabled_reason: optional_text(row, "disabled_reason")?,
        },
        event: text(row, "event")?,
        happened_at: Moment::from_row(row, "happened_at")?.unwrap_or(Moment::EPOCH),
        outcome: text(row, "outcome")?,
        run_count: row.try_get("run_count")?,
        counts: optional_text(row, "counts")?,
        user_task_id: optional_text(row, "user_task_id")?,
        station: StationId::from_row(text(row, "station_id")?),
        task_name: text(row, "task_name")?,
        type_id: row.try_get("type")?,
        place,
    })
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The target has it.
    Delivered,
    /// It is tried again after some milliseconds.
    PutOff(u64),
    /// It is not tried any more.
    GivenUp,
    /// Its callback is disabled.
    HeldBack,
    /// The target wants nothing more: its callback is disabled, for this reason.
    Disabled(String),
}

/// Writes what came of a try, unless another one has begun since; answers whether it was written. Gives its place back.
///
/// Runs in a transaction.
pub async fn settle(
    connection: &mut Connection,
    tried: &Try,
    settled: &Settled,
    status: Option<u16>,
    error: Option<&str>,
) -> Result<bool> {
    const PUT_OFF: &str = concat!(
        "UPDATE tbl_work FORCE INDEX (unit)
         SET turn     = ",
        now_ms!(),
        " + ?,
             ready_at = NOW(3) + INTERVAL ? * 1000 MICROSECOND,
             due_at   = NOW(3) + INTERVAL ? * 1000 MICROSECOND
         WHERE task_id = ? AND kind = 3 AND run = 0 AND part = ? AND attempt = ?"
    );
    const END: &str = "DELETE FROM tbl_work WHERE task_id = ? AND kind = 3 AND run = 0 AND part = ? AND attempt = ?";
    call_places::give_back(connection, &target(&tried.callback.name), tried.place).await?;
    let unit = match settled {
        Settled::PutOff(wait_ms) => sqlx::query(PUT_OFF)
            .bind(*wait_ms)
            .bind(*wait_ms)
            .bind(*wait_ms),
        _ => sqlx::query(END),
    };
    let unit = unit
        .bind(tried.task.get())
        .bind(tried.no)
        .bind(tried.attempt);
    if unit.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(SETTLE)
        .bind(settled.state())
        .bind(tried.attempt)
        .bind(status)
        .bind(error)
        .bind(tried.task.get())
        .bind(tried.no)
        .execute(&mut *connection)
        .await?;
    if let Settled::Disabled(reason) = settled {
        let called = (tried.callback.name.as_str(), tried.callback.url.as_str());
        disable(connection, called, reason).await?;
    }
    Ok(true)
}

const SETTLE: &str = "
    UPDATE tbl_callback_delivery
    SET state = ?, tries = ?, http_status = ?, last_error = LEFT(?, 300), try_time = NOW(3)
    WHERE task_id = ? AND no = ?";

impl Settled {
    const fn state(&self) -> u8 {
        match self {
            Self::PutOff(_) => 0,
            Self::Delivered => 1,
            Self::GivenUp => 2,
            Self::HeldBack | Self::Disabled(_) => 3,
        }
    }
}

/// A delivery that must be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The task.
    pub task: TaskId,
    /// The delivery within the task.
    pub no: u32,
    /// Its callback.
    pub callback: String,
}

/// Takes deliveries whose time has come or whose message was lost, up to `limit`, and puts off their next announcement.
///
/// Runs in a transaction; two sweepers at once take different ones.
pub async fn due(connection: &mut Connection, limit: u32) -> Result<Vec<Due>> {
    const DUE: &str = "
        SELECT w.id, w.task_id, w.part, d.callback
        FROM tbl_work w FORCE INDEX (due)
        STRAIGHT_JOIN tbl_callback_delivery d ON d.task_id = w.task_id AND d.no = w.part
        WHERE w.state = 4 AND w.due_at <= NOW(3) AND w.kind = 3
        ORDER BY w.due_at LIMIT ? FOR UPDATE SKIP LOCKED";
    const POSTPONE: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_work w ON w.id = k.id
        SET w.due_at        = NOW(3) + INTERVAL (? << LEAST(w.announcements, ?)) SECOND,
            w.announcements = w.announcements + 1";
    let rows = sqlx::query(DUE).bind(limit);
    let rows = rows.fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let id = |row: &MySqlRow| row.try_get("id");
    let ids = rows.iter().map(id).collect::<sqlx::Result<Vec<i64>>>()?;
    sqlx::query(POSTPONE)
        .bind(json(&ids)?)
        .bind(super::ended::RESEND)
        .bind(DOUBLED)
        .execute(connection)
        .await?;
    let due = |row: &MySqlRow| {
        Ok(Due {
            task: TaskId::from_row(row.try_get("task_id")?),
            no: row.try_get("part")?,
            callback: text(row, "callback")?,
        })
    };
    rows.iter().map(due).collect()
}

/// Leaves deliveries to the next sweep that could not be announced.
pub async fn leave_unannounced(connection: &mut Connection, unsent: &[&Due]) -> Result<()> {
    const LEAVE: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]', no INT UNSIGNED PATH '$[1]')) k
        STRAIGHT_JOIN tbl_work w FORCE INDEX (unit) ON w.task_id = k.id AND w.kind = 3 AND w.run = 0 AND w.part = k.no
        SET w.due_at        = NOW(3),
            w.announcements = GREATEST(w.announcements, 1) - 1
        WHERE w.state = 4 -- callback";
    let keys: Vec<_> = unsent.iter().map(|due| (due.task.get(), due.no)).collect();
    let left = sqlx::query(LEAVE).bind(json(&keys)?);
    left.execute(connection).await?;
    Ok(())
}
