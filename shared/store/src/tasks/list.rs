//! A station's tasks, newest first.
//!
//! A filter becomes one range of an index for each combination of its values, each read backwards and stopped
//! early; only the rows of the page itself are looked up. The index is named in the statement: left alone, the
//! optimizer may walk the whole table for `ORDER BY id DESC LIMIT`.

use sqlx::{MySql, QueryBuilder, Row};

use super::TaskStatus;
use super::row::and_batch;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId};

pub(super) type Sql<'a> = QueryBuilder<'a, MySql>;

/// Which of a station's tasks.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// Whose.
    pub station: &'a StationId,
    /// In one of these statuses; in any when empty.
    pub statuses: &'a [TaskStatus],
    /// Of this kind.
    pub type_id: Option<i32>,
    /// Only tasks that are listed to the station's staff.
    pub only_shown: bool,
    /// What else they are found by; no index serves it.
    pub found_by: FoundBy<'a>,
}

/// What tasks are found by beside the columns of an index: of the newest 2,000 that the rest of a filter finds, a page answers
/// those that fit.
#[derive(Debug, Clone, Copy, Default)]
pub struct FoundBy<'a> {
    /// Their queue.
    pub queue: Option<&'a str>,
    /// One of their tags.
    pub tag: Option<&'a str>,
}

impl FoundBy<'_> {
    /// Whether every task fits.
    #[must_use]
    pub const fn is_anything(&self) -> bool {
        self.queue.is_none() && self.tag.is_none()
    }
}

/// How many tasks are looked through for those that are found by more than an index.
const SCANNED: u64 = 2_000;

/// Which part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The most rows.
    pub limit: u64,
    /// How many rows come before.
    pub skip: u64,
    /// Only rows with a smaller key.
    pub after: Option<i64>,
}

/// A range of an index: the status and the visibility of its tasks; `None` means any.
type Range = (Option<TaskStatus>, Option<bool>);

impl<'a> Filter<'a> {
    /// Returns the ranges that together hold the filtered tasks. Newest first needs a value for every column before the
    /// key; a count does not.
    fn ranges(&self, newest_first: bool) -> Vec<Range> {
        const ANY: [TaskStatus; 3] = [
            TaskStatus::Submitted,
            TaskStatus::Running,
            TaskStatus::Finished,
        ];
        let wanted =
            |status: &TaskStatus| self.statuses.is_empty() || self.statuses.contains(status);
        let statuses: Vec<_> = ANY.into_iter().filter(wanted).map(Some).collect();
        let any_status = statuses.len() == ANY.len() && !self.only_shown;
        let shown: &[_] = match () {
            () if self.only_shown => &[Some(true)],
            () if newest_first => &[Some(true), Some(false)],
            () => &[None],
        };
        if any_status && (self.type_id.is_none() || !newest_first) {
            return vec![(None, None)];
        }
        let each = |status| shown.iter().map(move |shown| (status, *shown));
        statuses.into_iter().flat_map(each).collect()
    }

    /// Adds `FROM … WHERE …`: one range of an index, and the table that its rows are joined with.
    fn push_range(&self, sql: &mut Sql<'a>, joined: &str, range: Range) {
        let index = match (range, self.type_id) {
            (_, Some(_)) => "newest_by_type",
            ((None, _), None) => "newest_of_station",
            _ => "newest_by_status",
        };
        sql.push(" FROM tbl_async_task FORCE INDEX (").push(index);
        sql.push(")").push(joined).push(" WHERE station_id = ");
        sql.push_bind(self.station.as_str());
        if let Some(type_id) = self.type_id {
            sql.push(" AND type = ").push_bind(type_id);
        }
        if let Some(status) = range.0 {
            sql.push(" AND status = ").push_bind(status.number());
        }
        if let Some(shown) = range.1 {
            sql.push(" AND message_show = ").push_bind(shown);
        }
    }

    /// Adds the keys of a part: the newest of each range, and of these the newest.
    fn push_keys(&self, sql: &mut Sql<'a>, ranges: &[Range], part: Part) {
        const KEYS: &str = "SELECT id AS key_id";
        if let [range] = ranges {
            sql.push(KEYS);
            return self.push_newest(sql, "", *range, part);
        }
        let from_start = Part {
            limit: part.skip.saturating_add(part.limit),
            skip: 0,
            ..part
        };
        let mut between = "SELECT key_id FROM (";
        for range in ranges {
            sql.push(between).push("(").push(KEYS);
            self.push_newest(sql, "", *range, from_start);
            sql.push(")");
            between = " UNION ALL ";
        }
        sql.push(") ranges ORDER BY key_id DESC");
        push_limit(sql, part);
    }

    /// The rows of a page that are found by more than an index.
    fn push_found(&self, sql: &mut Sql<'a>, ranges: &[Range], part: Part) {
        sql.push(" FROM (SELECT key_id FROM (");
        self.push_keys(sql, ranges, scanned(part));
        sql.push(") scanned JOIN tbl_async_task looked ON looked.id = key_id WHERE TRUE");
        if let Some(queue) = self.found_by.queue {
            sql.push(" AND looked.queue = ").push_bind(queue);
        }
        if let Some(tag) = self.found_by.tag {
            sql.push(" AND JSON_CONTAINS(looked.tags, ")
                .push_bind(serde_json::Value::from(tag).to_string())
                .push(")");
        }
        sql.push(" ORDER BY key_id DESC LIMIT ")
            .push_bind(part.limit);
        sql.push(concat!(
            ") page JOIN tbl_async_task ON id = key_id",
            and_batch!(),
            " ORDER BY id DESC"
        ));
    }

    fn push_newest(&self, sql: &mut Sql<'a>, joined: &str, range: Range, part: Part) {
        self.push_range(sql, joined, range);
        if let Some(after) = part.after {
            sql.push(" AND id < ").push_bind(after);
        }
        sql.push(" ORDER BY id DESC");
        push_limit(sql, part);
    }
}

/// The tasks that are looked through for a part.
const fn scanned(part: Part) -> Part {
    Part {
        limit: SCANNED,
        skip: 0,
        ..part
    }
}

/// The key of the last task that was looked through for a part; `None`: there were no more.
pub(super) async fn scanned_to(
    connection: &mut Connection,
    filter: &Filter<'_>,
    part: Part,
) -> Result<Option<i64>> {
    let mut sql = QueryBuilder::new("SELECT MIN(key_id), COUNT(*) FROM (");
    filter.push_keys(&mut sql, &filter.ranges(true), scanned(part));
    sql.push(") scanned");
    let row = sql.build().fetch_one(connection).await?;
    let count: i64 = row.try_get(1)?;
    let is_full = u64::try_from(count) == Ok(SCANNED);
    Ok(row.try_get::<Option<i64>, _>(0)?.filter(|_| is_full))
}

fn push_limit(sql: &mut Sql<'_>, part: Part) {
    sql.push(" LIMIT ").push_bind(part.limit);
    sql.push(" OFFSET ").push_bind(part.skip);
}

/// Adds the rows behind the columns of a page. One range that is read from its start is read once; else only the keys
/// are, which costs less for every row that is skipped or belongs to another range, and the page's rows by them.
pub(super) fn push_page<'a>(sql: &mut Sql<'a>, filter: &Filter<'a>, part: Part) {
    match filter.ranges(true).as_slice() {
        ranges if !filter.found_by.is_anything() => filter.push_found(sql, ranges, part),
        [range] if part.skip == 0 => filter.push_newest(sql, and_batch!(), *range, part),
        ranges => {
            sql.push(" FROM (");
            filter.push_keys(sql, ranges, part);
            sql.push(concat!(
                ") page JOIN tbl_async_task ON id = key_id",
                and_batch!(),
                " ORDER BY id DESC"
            ));
        }
    }
}

/// Counts the tasks that a filter finds; counting stops at `most` (on MariaDB: at `most` of each range, of which there are
/// three at most).
pub async fn count(connection: &mut Connection, filter: &Filter<'_>, most: u32) -> Result<u32> {
    let mut sql = QueryBuilder::new("SELECT COUNT(*) AS tasks FROM (");
    let mut between = "";
    for range in filter.ranges(false) {
        sql.push(between).push("(SELECT 1");
        filter.push_range(&mut sql, "", range);
        sql.push(" LIMIT ").push_bind(most).push(")");
        between = " UNION ALL ";
    }
    sql.push(" LIMIT ").push_bind(most).push(") found");
    let row = sql.build().fetch_one(connection).await?;
    let count: i64 = row.try_get("tasks")?;
    u32::try_from(count).map_err(|_| StoreError::Unreadable("a count"))
}

/// Counts the items of the batches among these tasks in their current run, and the settled ones:
/// (task, settled, all).
pub async fn batch_progress(
    connection: &mut Connection,
    tasks: &[TaskId],
) -> Result<Vec<(TaskId, u64, u64)>> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new(
        "SELECT b.task_id, CAST(COALESCE((SELECT SUM(c.item_count) FROM tbl_batch_chunk c \
           WHERE c.task_id = b.task_id AND c.run = b.run AND c.state <> 0 AND c.is_rework = 0), 0) AS UNSIGNED) AS settled, \
           CAST(b.item_count AS UNSIGNED) AS items FROM tbl_batch b WHERE b.task_id IN (",
    );
    let mut ids = sql.separated(", ");
    for task in tasks {
        ids.push_bind(task.get());
    }
    sql.push(")");
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok((
                TaskId::from_row(row.try_get("task_id")?),
                row.try_get("settled")?,
                row.try_get("items")?,
            ))
        })
        .collect()
}
