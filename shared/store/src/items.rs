//! `tbl_batch_item`: the outcomes of a batch's items that their chunk's state does not tell.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::chunks::Claimed;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::TaskId;
use crate::row::optional_text;

/// The most bytes of outcomes in one statement, well under every server's packet limit.
const STATEMENT_BYTES: usize = 2 << 20;

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemStatus {
    /// No outcome yet.
    Pending = 0,
    /// Something was made of it.
    Success = 1,
    /// It was refused, with its reasons.
    Failed = 2,
    /// A person made it by hand.
    Amended = 3,
    /// A person gave it up.
    Dropped = 4,
    /// Its batch was closed before it was worked.
    Cancelled = 5,
}

impl ItemStatus {
    /// Every status, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Success,
        Self::Failed,
        Self::Amended,
        Self::Dropped,
        Self::Cancelled,
    ];

    /// The word it is answered as.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Amended => "amended",
            Self::Dropped => "dropped",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    fn from_number(number: i64) -> Result<Self> {
        let at = usize::try_from(number).ok();
        at.and_then(|at| Self::ALL.get(at).copied())
            .ok_or(StoreError::Unreadable("item status"))
    }
}

/// The outcome of one item, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The item's index in its batch.
    pub index: u32,
    /// What became of it.
    pub status: ItemStatus,
    /// What was made of it.
    pub made_id: Option<i64>,
    /// The code of its first error; of an item that was made: of the notice it carries.
    pub code: Option<String>,
    /// How many errors it has, of which `errors` holds the first.
    pub error_count: Option<u32>,
    /// Why it was refused: a JSON array.
    pub errors: Option<String>,
}

impl Outcome {
    /// The outcome of an item of which something was made.
    #[must_use]
    pub const fn made(index: u32, id: i64) -> Self {
        Self {
            index,
            status: ItemStatus::Success,
            made_id: Some(id),
            code: None,
            error_count: None,
            errors: None,
        }
    }
}

/// A stored outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What became of it.
    pub outcome: Outcome,
    /// The chunk whose payload holds it.
    pub chunk_id: i64,
    /// How often it was tried by itself.
    pub attempts: u32,
}

/// Stores the outcomes of a claimed chunk's items; one that has an outcome, or was corrected and is worked in
/// another chunk, keeps its own.
pub async fn settle(
    connection: &mut Connection,
    claim: &Claimed,
    outcomes: &[Outcome],
) -> Result<()> {
    let mut rest = outcomes;
    while !rest.is_empty() {
        let (part, later) = rest.split_at(fitting(rest));
        settle_part(connection, claim, part).await?;
        rest = later;
    }
    Ok(())
}

/// Counts outcomes from the front that fit one statement; at least one.
fn fitting(outcomes: &[Outcome]) -> usize {
    let mut bytes = 0;
    let fits = outcomes.iter().take_while(|outcome| {
        // An escape or two a byte: the errors are JSON inside JSON.
        bytes += 64 + outcome.errors.as_ref().map_or(0, |errors| errors.len() * 2);
        bytes <= STATEMENT_BYTES
    });
    fits.count().max(1)
}

async fn settle_part(
    connection: &mut Connection,
    claim: &Claimed,
    outcomes: &[Outcome],
) -> Result<()> {
    let rows: Vec<_> = outcomes
        .iter()
        .map(|o| {
            let (code, errors) = (o.code.as_deref(), o.errors.as_deref());
            (
                o.index,
                o.status as u8,
                o.made_id,
                o.error_count,
                code,
                errors,
            )
        })
        .collect();
    sqlx::query(
        "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id, error_count, code, errors) \
         SELECT ?, ?, o.item_index, ?, o.status, o.made_id, o.error_count, o.code, o.errors \
         FROM JSON_TABLE(?, '$[*]' COLUMNS \
           (item_index INT PATH '$[0]', status TINYINT PATH '$[1]', made_id BIGINT PATH '$[2]', \
            error_count INT PATH '$[3]', code VARCHAR(255) PATH '$[4]', errors LONGTEXT PATH '$[5]')) o \
         ON DUPLICATE KEY UPDATE made_id = IF(tbl_batch_item.status = 0 AND tbl_batch_item.chunk_id = VALUES(chunk_id), VALUES(made_id), tbl_batch_item.made_id), \
           error_count = IF(tbl_batch_item.status = 0 AND tbl_batch_item.chunk_id = VALUES(chunk_id), VALUES(error_count), tbl_batch_item.error_count), \
           code = IF(tbl_batch_item.status = 0 AND tbl_batch_item.chunk_id = VALUES(chunk_id), VALUES(code), tbl_batch_item.code), \
           errors = IF(tbl_batch_item.status = 0 AND tbl_batch_item.chunk_id = VALUES(chunk_id), VALUES(errors), tbl_batch_item.errors), \
           status = IF(tbl_batch_item.status = 0 AND tbl_batch_item.chunk_id = VALUES(chunk_id), VALUES(status), tbl_batch_item.status)",
    )
    .bind(claim.key.task.get())
    .bind(claim.key.run)
    .bind(claim.id)
    .bind(json(&rows)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts one more try of an item that is worked by itself, before the try, if the claim still holds; `false` when it does
/// not, and nothing is counted. The chunk's row is locked meanwhile: a close comes before or after it.
pub async fn count_try(connection: &mut Connection, claim: &Claimed, index: u32) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, attempts) \
         SELECT c.task_id, c.run, ?, c.id, 0, 1 FROM tbl_batch_chunk c \
           WHERE c.id = ? AND c.attempts = ? AND c.state = 0 FOR UPDATE \
         ON DUPLICATE KEY UPDATE attempts = tbl_batch_item.attempts + (tbl_batch_item.status = 0)",
    )
    .bind(index)
    .bind(claim.id)
    .bind(claim.attempt)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes back the count of a try that ended for no fault of the item, if the claim still holds.
pub async fn forget_try(connection: &mut Connection, claim: &Claimed, index: u32) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch_chunk c STRAIGHT_JOIN tbl_batch_item i \
           ON i.task_id = c.task_id AND i.run = c.run AND i.item_index = ? \
         SET i.attempts = i.attempts - 1 \
         WHERE c.id = ? AND c.attempts = ? AND c.state = 0 AND i.status = 0 AND i.attempts > 0",
    )
    .bind(index)
    .bind(claim.id)
    .bind(claim.attempt)
    .execute(connection)
    .await?;
    Ok(())
}

/// A page of the outcomes of a run with one status, in input order.
pub async fn page(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    status: ItemStatus,
    limit: u32,
    skip: u64,
) -> Result<Vec<Item>> {
    let rows = sqlx::query(
        "SELECT item_index, status, made_id, errors, chunk_id, attempts, code, error_count FROM tbl_batch_item \
         WHERE task_id = ? AND run = ? AND status = ? ORDER BY item_index LIMIT ? OFFSET ?",
    )
    .bind(task.get())
    .bind(run)
    .bind(status as u8)
    .bind(limit)
    .bind(skip)
    .fetch_all(connection)
    .await?;
    rows.iter().map(item).collect()
}

/// The stored status of every item of a run that has one, in input order.
pub async fn statuses(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
) -> Result<Vec<(u32, ItemStatus)>> {
    let rows = sqlx::query(
        "SELECT item_index, status FROM tbl_batch_item WHERE task_id = ? AND run = ? ORDER BY item_index",
    )
    .bind(task.get())
    .bind(run)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, ItemStatus::from_number(row.try_get(1)?)?)))
        .collect()
}

/// The stored outcomes of some items of a run, in input order.
pub async fn at(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    indexes: &[u32],
) -> Result<Vec<Item>> {
    let rows = sqlx::query(
        "SELECT i.item_index, i.status, i.made_id, i.errors, i.chunk_id, i.attempts, i.code, i.error_count \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (n INT PATH '$')) k STRAIGHT_JOIN tbl_batch_item i \
           ON i.task_id = ? AND i.run = ? AND i.item_index = k.n ORDER BY i.item_index",
    )
    .bind(json(indexes)?)
    .bind(task.get())
    .bind(run)
    .fetch_all(connection)
    .await?;
    rows.iter().map(item).collect()
}

pub(crate) fn item(row: &MySqlRow) -> Result<Item> {
    let outcome = Outcome {
        index: row.try_get(0)?,
        status: ItemStatus::from_number(row.try_get(1)?)?,
        made_id: row.try_get(2)?,
        code: optional_text(row, 6)?,
        error_count: row.try_get(7)?,
        errors: optional_text(row, 3)?,
    };
    Ok(Item {
        outcome,
        chunk_id: row.try_get(4)?,
        attempts: row.try_get::<u32, _>(5)?,
    })
}
