//! A page of tasks, cut by the bytes of an answer: columns that do not fit are not read.

use sqlx::{QueryBuilder, Row as _};

use super::filter::Filter;
use super::keys::{Anchor, Part, Sql, anchor};
use super::list::{push_page, scanned_to};
use super::row::{and_batch, own_columns, task};
use super::{Task, dispatch};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;
use crate::row::optional_text;

/// Which of the two columns that may be large are read; a column that is not reads as NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// The task's input.
    pub input: bool,
    /// The task's result.
    pub result: bool,
}

impl Columns {
    /// Both.
    pub const ALL: Self = Self {
        input: true,
        result: true,
    };
}

/// A page of tasks, as many as fit an answer.
#[derive(Debug)]
pub struct Page {
    /// The tasks, newest first.
    pub tasks: Vec<Task>,
    /// Further tasks of the page did not fit.
    pub is_cut: bool,
    /// Fewer tasks than asked for were found among those that were looked through: from this key it goes on.
    pub scanned_to: Option<i64>,
}

/// Reads a part of the tasks of a filter, newest first or in the order of the column that they are found by: as many as
/// fit `budget` bytes, at least one. A batch's result comes without its `failed`. Columns of more than a few KiB are read
/// in a second statement, once it is known which of them fit, and the dispatch of those that have a queue in a third. `None`:
/// the task that the part comes after does not exist.
pub async fn list(
    connection: &mut Connection,
    filter: &Filter<'_>,
    part: Part,
    columns: Columns,
    budget: u64,
) -> Result<Option<Page>> {
    let behind = match (filter.station, filter.found_by.ordered, part.after) {
        (Some(station), Some(ordered), Some(after)) => {
            let behind = anchor(&mut *connection, station, ordered, after).await?;
            if behind.is_none() {
                return Ok(None);
            }
            behind
        }
        _ => None,
    };
    page(connection, filter, part, (columns, budget), &behind)
        .await
        .map(Some)
}

async fn page(
    connection: &mut Connection,
    filter: &Filter<'_>,
    part: Part,
    (columns, budget): (Columns, u64),
    behind: &Anchor,
) -> Result<Page> {
    let mut sql = QueryBuilder::new(concat!(
        "SELECT ",
        own_columns!("task_id IS NOT NULL"),
        ", ",
        dispatch::undispatched_columns!()
    ));
    columns.push_small(&mut sql);
    push_page(&mut sql, filter, part, behind);
    let rows = sql.build().fetch_all(&mut *connection).await?;
    let (mut tasks, mut large, mut left) = (Vec::with_capacity(rows.len()), Vec::new(), budget);
    for row in &rows {
        let task = task(row)?;
        let bytes: u64 = row.try_get("large_bytes")?;
        let whole = bytes.saturating_add(light_bytes(&task));
        if whole > left && !tasks.is_empty() {
            break;
        }
        left = left.saturating_sub(whole);
        if bytes > SMALL {
            large.push(task.id);
        }
        tasks.push(task);
    }
    let is_cut = tasks.len() < rows.len();
    columns
        .read_large(&mut *connection, &large, &mut tasks)
        .await?;
    dispatch::read_all(&mut *connection, &mut tasks).await?;
    let is_full = u64::try_from(rows.len()) == Ok(part.limit);
    let scanned_to = match !filter.is_looked_through() || is_full {
        true => None,
        false => scanned_to(connection, filter, part, behind).await?,
    };
    Ok(Page {
        tasks,
        is_cut,
        scanned_to,
    })
}

/// The most bytes of a task's large columns that are read with the page; larger ones are read afterwards.
const SMALL: u64 = 4_096;

/// Bounds the bytes of a task in an answer without its two large columns.
fn light_bytes(task: &Task) -> u64 {
    // The name twice; a byte of any text is escaped as six at most.
    let error = task.last_error.as_ref().map_or(0, String::len) * 6;
    let labels =
        [&task.tags, &task.created_by].map(|text| text.as_ref().map_or(0, String::len) * 6);
    let texts = task.name.len() * 12 + task.station_id.as_str().len() * 6;
    let all = texts + error + labels[0] + labels[1];
    u64::try_from(all).unwrap_or(u64::MAX / 2) + 1_024
}

/// A result as a list shows it.
macro_rules! listed_result {
    () => {
        "CAST(IF(task_id IS NULL, result, JSON_REMOVE(result, '$.failed')) AS CHAR)"
    };
}

/// The bytes of a result in a list. The result of a large batch is measured without `failed`.
macro_rules! result_bytes {
    () => {
        concat!(
            "COALESCE(IF(task_id IS NULL OR result_bytes <= 4096, result_bytes, OCTET_LENGTH(",
            listed_result!(),
            ")), 0)"
        )
    };
}

impl Columns {
    /// Returns the SQL that sums the bytes of the columns.
    const fn bytes(self) -> &'static str {
        match (self.input, self.result) {
            (true, true) => concat!("COALESCE(input_bytes, 0) + ", result_bytes!()),
            (true, false) => "COALESCE(input_bytes, 0)",
            (false, true) => result_bytes!(),
            (false, false) => "0",
        }
    }

    /// Adds the two columns where they are small, and the sum of their bytes.
    fn push_small(self, sql: &mut Sql<'_>) {
        let columns = [
            (self.input, "input", "input"),
            (self.result, listed_result!(), "result"),
        ];
        for (is_read, column, name) in columns {
            if is_read {
                sql.push(", IF(")
                    .push(self.bytes())
                    .push(" <= ")
                    .push(SMALL);
                sql.push(", ").push(column).push(", NULL)");
            } else {
                sql.push(", NULL");
            }
            sql.push(" AS ").push(name);
        }
        sql.push(", CAST(")
            .push(self.bytes())
            .push(" AS UNSIGNED) AS large_bytes");
    }

    /// Reads the columns of some of these tasks.
    pub(super) async fn read_large(
        self,
        connection: &mut Connection,
        large: &[TaskId],
        tasks: &mut [Task],
    ) -> Result<()> {
        if large.is_empty() {
            return Ok(());
        }
        let mut sql = QueryBuilder::new("SELECT id, ");
        sql.push(if self.input { "input" } else { "NULL" });
        sql.push(" AS input, ");
        sql.push(if self.result {
            listed_result!()
        } else {
            "NULL"
        });
        sql.push(concat!(
            " AS result FROM tbl_async_task",
            and_batch!(),
            " WHERE id IN ("
        ));
        let mut ids = sql.separated(", ");
        for id in large {
            ids.push_bind(id.get());
        }
        sql.push(")");
        for row in sql.build().fetch_all(connection).await? {
            let id = TaskId::from_row(row.try_get("id")?);
            if let Some(task) = tasks.iter_mut().find(|task| task.id == id) {
                task.input = optional_text(&row, "input")?;
                task.result = optional_text(&row, "result")?;
            }
        }
        Ok(())
    }
}
