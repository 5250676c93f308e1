//! `tbl_batch_item`: the outcomes of a batch's items that their chunk's state does not tell.

mod settle;

use std::ops::Range;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::TaskId;
use crate::row::optional_text;

pub use settle::{count_try, forget_try, settle};

/// The status of an item.
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

    /// Returns its word in answers.
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

    /// Returns the status of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    pub(crate) fn from_number(number: i64) -> Result<Self> {
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
    /// The status of the item.
    pub status: ItemStatus,
    /// The id of the thing that was made of the item.
    pub made_id: Option<i64>,
    /// The code of its first error; of an item that was made: of the notice it carries.
    pub code: Option<String>,
    /// How many errors it has, of which `errors` holds the first.
    pub error_count: Option<u32>,
    /// Why it was refused: a JSON array.
    pub errors: Option<String>,
}

impl Outcome {
    /// Returns the outcome of an item of which something was made.
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
    /// The status of the item.
    pub outcome: Outcome,
    /// The chunk whose payload holds it.
    pub chunk_id: i64,
    /// How often it was tried by itself.
    pub attempts: u32,
}

/// Reads a page of the outcomes of a run with one status, in input order.
pub async fn page(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    status: ItemStatus,
    limit: u32,
    skip: u64,
) -> Result<Vec<Item>> {
    let rows = sqlx::query(PAGE)
        .bind(task.get())
        .bind(run)
        .bind(status as u8)
        .bind(limit)
        .bind(skip)
        .fetch_all(connection)
        .await?;
    rows.iter().map(item).collect()
}

const PAGE: &str = "\
    SELECT item_index, status, made_id, errors, chunk_id, attempts, code, error_count
    FROM tbl_batch_item
    WHERE task_id = ?
      AND run = ?
      AND status = ?
    ORDER BY item_index
    LIMIT ? OFFSET ?";

/// The status of an item that has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredStatus {
    /// The item's index.
    pub index: u32,
    /// Its status.
    pub status: ItemStatus,
    /// The code of its first error is the code that was asked for.
    pub has_code: bool,
}

/// Reads the stored statuses of a run's items within a range of indexes, in input order.
pub async fn between(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    indexes: Range<u32>,
    code: Option<&str>,
) -> Result<Vec<StoredStatus>> {
    let rows = sqlx::query(BETWEEN)
        .bind(code)
        .bind(task.get())
        .bind(run)
        .bind(indexes.start)
        .bind(indexes.end)
        .fetch_all(connection)
        .await?;
    let stored = |row: &MySqlRow| {
        Ok(StoredStatus {
            index: row.try_get("item_index")?,
            status: ItemStatus::from_number(row.try_get("status")?)?,
            has_code: row.try_get::<i64, _>("has_code")? == 1,
        })
    };
    rows.iter().map(stored).collect()
}

const BETWEEN: &str = "\
    SELECT item_index, status, CAST(COALESCE(code = ?, 0) AS SIGNED) AS has_code
    FROM tbl_batch_item FORCE INDEX (PRIMARY)
    WHERE task_id = ?
      AND run = ?
      AND item_index >= ?
      AND item_index < ?
    ORDER BY item_index";

/// Counts the stored outcomes of a run in parts of `width` items: index of the part's first item, status, number of its items with
/// this status.
pub async fn counts(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    width: u32,
) -> Result<Vec<(u32, ItemStatus, u32)>> {
    let rows = sqlx::query(COUNTS)
        .bind(width)
        .bind(task.get())
        .bind(run)
        .fetch_all(connection)
        .await?;
    let count = |row: &MySqlRow| {
        let number: u64 = row.try_get("n")?;
        let part: u64 = row.try_get("part")?;
        let first = part * u64::from(width);
        Ok((
            u32::try_from(first).unwrap_or(u32::MAX),
            ItemStatus::from_number(row.try_get("status")?)?,
            u32::try_from(number).unwrap_or(u32::MAX),
        ))
    };
    rows.iter().map(count).collect()
}

/// Every status is named, so that the index alone answers for one run.
const COUNTS: &str = "\
    SELECT CAST(item_index DIV ? AS UNSIGNED) AS part, status, CAST(COUNT(*) AS UNSIGNED) AS n
    FROM tbl_batch_item FORCE INDEX (outcomes)
    WHERE task_id = ?
      AND status IN (0, 1, 2, 3, 4, 5)
      AND run = ?
    GROUP BY part, status";

/// Reads the stored outcomes of some items of a run, in input order.
pub async fn at(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    indexes: &[u32],
) -> Result<Vec<Item>> {
    let rows = sqlx::query(AT)
        .bind(json(indexes)?)
        .bind(task.get())
        .bind(run)
        .fetch_all(connection)
        .await?;
    rows.iter().map(item).collect()
}

const AT: &str = "\
    SELECT i.item_index, i.status, i.made_id, i.errors, i.chunk_id, i.attempts, i.code, i.error_count
    FROM JSON_TABLE(?, '$[*]' COLUMNS (n INT PATH '$')) k
    STRAIGHT_JOIN tbl_batch_item i ON i.task_id = ? AND i.run = ? AND i.item_index = k.n
    ORDER BY i.item_index";

/// Reads a stored outcome from its row.
pub(crate) fn item(row: &MySqlRow) -> Result<Item> {
    let outcome = Outcome {
        index: row.try_get("item_index")?,
        status: ItemStatus::from_number(row.try_get("status")?)?,
        made_id: row.try_get("made_id")?,
        code: optional_text(row, "code")?,
        error_count: row.try_get("error_count")?,
        errors: optional_text(row, "errors")?,
    };
    Ok(Item {
        outcome,
        chunk_id: row.try_get("chunk_id")?,
        attempts: row.try_get::<u32, _>("attempts")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_word_of_its_own() {
        for status in ItemStatus::ALL {
            assert_eq!(ItemStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(ItemStatus::parse("Pending"), None);
    }
}
