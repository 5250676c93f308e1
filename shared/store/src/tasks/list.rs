//! Tasks, newest first, or in the order of a column that they are found by.
//!
//! A filter becomes one range of an index for each combination of its values, each read backwards and stopped
//! early; only the rows of the page itself are looked up. The index is named in the statement: left alone, the
//! optimizer may walk the whole table for `ORDER BY id DESC LIMIT`.

use sqlx::{QueryBuilder, Row};

use super::filter::{Filter, Source};
use super::keys::{Anchor, Part, Sql, push_checks, push_keys, push_newest, push_range};
use super::row::and_batch;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::TaskId;

/// How many tasks are looked through for those that are found by more than an index.
const SCANNED: u64 = 2_000;

/// Returns the part that is looked through for a part of a page.
const fn scanned(part: Part) -> Part {
    Part {
        limit: SCANNED,
        skip: 0,
        ..part
    }
}

/// Returns the key of the last task that was looked through for a part; `None`: there were no more.
pub(super) async fn scanned_to(
    connection: &mut Connection,
    filter: &Filter<'_>,
    part: Part,
    anchor: &Anchor,
) -> Result<Option<i64>> {
    let last = Part {
        limit: 1,
        skip: SCANNED - 1,
        ..part
    };
    let mut sql = QueryBuilder::new("");
    push_keys(&mut sql, &filter.source(true), last, anchor);
    let row = sql.build().fetch_optional(connection).await?;
    row.map_or(Ok(None), |row| Ok(Some(row.try_get("key_id")?)))
}

/// Adds the rows behind the columns of a page. One range that is read from its start is read once; else only the keys
/// are, which costs less for every row that is skipped or belongs to another range, and the page's rows by them.
pub(super) fn push_page<'a>(sql: &mut Sql<'a>, filter: &Filter<'a>, part: Part, anchor: &Anchor) {
    let source = filter.source(true);
    if !filter.is_looked_through()
        && let Source::Station(station, type_id, ranges) = &source
        && let [range] = ranges.as_slice()
        && part.skip == 0
    {
        push_range(sql, and_batch!(), station, *type_id, *range);
        return push_newest(sql, "id DESC", part);
    }
    sql.push(" FROM (");
    if filter.is_looked_through() {
        sql.push("SELECT key_id, sort_key FROM (");
        push_keys(sql, &source, scanned(part), anchor);
        sql.push(") scanned JOIN tbl_async_task looked ON looked.id = key_id WHERE TRUE");
        push_checks(sql, filter);
        sql.push(" ORDER BY sort_key DESC, key_id DESC LIMIT ")
            .push_bind(part.limit);
    } else {
        push_keys(sql, &source, part, anchor);
    }
    sql.push(concat!(
        ") page JOIN tbl_async_task ON id = key_id",
        and_batch!(),
        " ORDER BY sort_key DESC, id DESC"
    ));
}

/// Counts the tasks that a filter finds; counting stops at `most` (on MariaDB: at `most` of each range, of which there are
/// four at most).
pub async fn count(connection: &mut Connection, filter: &Filter<'_>, most: u32) -> Result<u32> {
    let Source::Station(station, type_id, ranges) = filter.source(false) else {
        return Ok(0);
    };
    if ranges.is_empty() {
        return Ok(0);
    }
    let mut sql = QueryBuilder::new("SELECT COUNT(*) AS tasks FROM (");
    let mut between = "";
    for range in ranges {
        sql.push(between).push("(SELECT 1");
        push_range(&mut sql, "", station, type_id, range);
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
