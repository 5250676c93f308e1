//! `tbl_task_inbox`: tasks that callers add by SQL, in transactions of their own.

use sqlx::mysql::MySqlRow;
use sqlx::{QueryBuilder, Row as _};

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::time::Moment;

/// How many rows are adopted together.
const MOST: u32 = 200;
/// Up to how many bytes of input.
const MOST_BYTES: u64 = 4_000_000;
/// The most bytes of an input that is read: no task has more, and a process may have less room than a row.
pub const MOST_INPUT: u64 = 1_000_000;

/// A row as its caller wrote it; nothing of it was checked.
#[derive(Debug, Clone)]
pub struct InboxRow {
    /// Its key.
    pub id: i64,
    /// Whose task it is.
    pub station_id: String,
    /// The task's name for people.
    pub task_name: String,
    /// The task's input; empty where it has more bytes than [`MOST_INPUT`].
    pub input: String,
    /// The bytes of the input.
    pub input_bytes: u64,
    /// The caller's own id.
    pub user_task_id: Option<String>,
    /// The caller's number for its kind.
    pub type_id: i32,
    /// It may run again once it is finished.
    pub repeat: bool,
    /// It is listed to the station's staff.
    pub message_show: bool,
    /// Who adds it.
    pub created_by: Option<String>,
    /// What it is found by, a JSON array of texts.
    pub tags: Option<String>,
    /// To which queue's workers it is dispatched.
    pub queue: Option<String>,
    /// Seconds until it may run.
    pub delay: Option<u32>,
    /// When it may run.
    pub run_at: Option<Moment>,
    /// Until when it may be started.
    pub expire_at: Option<Moment>,
    /// Seconds a run may be silent.
    pub timeout: Option<u32>,
    /// Runs before it ends as failed.
    pub max_attempts: Option<u32>,
}

/// Takes the oldest rows that nobody else is adopting, as many as a transaction should hold; locked until it ends.
pub async fn take(connection: &mut Connection) -> Result<Vec<InboxRow>> {
    const LOCK: &str = "
        SELECT id, OCTET_LENGTH(input) AS bytes FROM tbl_task_inbox FORCE INDEX (waiting)
        WHERE refused_at IS NULL ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED";
    let rows = sqlx::query(LOCK).bind(MOST).fetch_all(&mut *connection);
    let (mut ids, mut left) = (Vec::new(), MOST_BYTES);
    for row in rows.await? {
        let bytes = row.try_get::<i64, _>("bytes")?.unsigned_abs();
        let bytes = if bytes > MOST_INPUT { 0 } else { bytes };
        if bytes > left {
            break;
        }
        left = left.saturating_sub(bytes);
        ids.push(row.try_get::<i64, _>("id")?);
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new(
        "SELECT id, station_id, task_name, OCTET_LENGTH(input) AS input_bytes, type_id, `repeat`, message_show, created_by, tags,
           queue, delay, user_task_id,
           -- The calendar here ends some hours before the database's.
           TIMESTAMPDIFF(SECOND, '1970-01-01', LEAST(run_at, TIMESTAMP('9999-12-30'))) AS run_at,
           TIMESTAMPDIFF(SECOND, '1970-01-01', LEAST(expire_at, TIMESTAMP('9999-12-30'))) AS expire_at,
           timeout, max_attempts, IF(OCTET_LENGTH(input) > ",
    );
    sql.push_bind(MOST_INPUT);
    sql.push(", '', input) AS input FROM tbl_task_inbox WHERE id IN (");
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    sql.push(") ORDER BY id");
    let rows = sql.build().persistent(false).fetch_all(connection).await?;
    rows.iter().map(row).collect()
}

fn row(row: &MySqlRow) -> Result<InboxRow> {
    let text = |column| Ok::<_, StoreError>(row.try_get_unchecked::<Option<String>, _>(column)?);
    let required = |column| Ok::<_, StoreError>(row.try_get_unchecked::<String, _>(column)?);
    Ok(InboxRow {
        id: row.try_get("id")?,
        station_id: required("station_id")?,
        task_name: required("task_name")?,
        input: required("input")?,
        input_bytes: row.try_get::<i64, _>("input_bytes")?.unsigned_abs(),
        user_task_id: text("user_task_id")?,
        type_id: row.try_get("type_id")?,
        repeat: row.try_get("repeat")?,
        message_show: row.try_get("message_show")?,
        created_by: text("created_by")?,
        tags: text("tags")?,
        queue: text("queue")?,
        delay: row.try_get("delay")?,
        run_at: Moment::from_row(row, "run_at")?,
        expire_at: Moment::from_row(row, "expire_at")?,
        timeout: row.try_get("timeout")?,
        max_attempts: row.try_get("max_attempts")?,
    })
}

/// Deletes rows whose tasks were added.
pub async fn delete(connection: &mut Connection, ids: &[i64]) -> Result<()> {
    const DELETE: &str = "
        DELETE i FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_task_inbox i ON i.id = k.id";
    sqlx::query(DELETE)
        .bind(json(ids)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps why rows cannot be used.
pub async fn refuse(connection: &mut Connection, refusals: &[(i64, String)]) -> Result<()> {
    const REFUSE: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]', refusal LONGTEXT PATH '$[1]')) k
        STRAIGHT_JOIN tbl_task_inbox i ON i.id = k.id
        SET i.refused_at = NOW(3), i.refusal = LEFT(k.refusal, 1000)";
    if refusals.is_empty() {
        return Ok(());
    }
    let refused = sqlx::query(REFUSE).bind(json(refusals)?);
    refused.execute(connection).await?;
    Ok(())
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RefusedRow {
    /// Its key.
    pub id: i64,
    /// Whose task it should have been.
    pub station_id: String,
    /// Why it was refused.
    pub refusal: String,
}

/// Reads the newest rows that cannot be used.
pub async fn refused(connection: &mut Connection, limit: u32) -> Result<Vec<RefusedRow>> {
    const REFUSED: &str = "
        SELECT id, station_id, refusal FROM tbl_task_inbox FORCE INDEX (waiting)
        WHERE refused_at IS NOT NULL ORDER BY refused_at DESC, id DESC LIMIT ?";
    let rows = sqlx::query(REFUSED).bind(limit).fetch_all(connection);
    let refused = |row: &MySqlRow| {
        Ok(RefusedRow {
            id: row.try_get("id")?,
            station_id: row.try_get_unchecked("station_id")?,
            refusal: row.try_get_unchecked("refusal")?,
        })
    };
    rows.await?.iter().map(refused).collect()
}
