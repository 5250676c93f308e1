//! The keys of a page of tasks, as one statement's part.
//!
//! Every part selects `key_id` and `sort_key`: tasks come in the order of the second, then of the first, backwards.

use sqlx::{MySql, QueryBuilder};

use super::filter::{Filter, OfOutcome, Ordered, Range, Source};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::StationId;
use crate::row::optional_text;
use crate::time::Moment;

pub(super) type Sql<'a> = QueryBuilder<'a, MySql>;

/// Which part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The most rows.
    pub limit: u64,
    /// How many rows come before.
    pub skip: u64,
    /// Only rows that come after the row with this key.
    pub after: Option<i64>,
}

/// The value of the ordering column in the row that a page comes after; nothing where tasks are ordered by their keys.
pub(super) type Anchor = Option<String>;

/// Reads the value of the ordering column of the task `after`; `None`: the station has no such task.
pub(super) async fn anchor(
    connection: &mut Connection,
    station: &StationId,
    ordered: Ordered<'_>,
    after: i64,
) -> Result<Anchor> {
    let sql = match ordered {
        Ordered::Name(_) => {
            "SELECT name AS value FROM tbl_async_task WHERE id = ? AND station_id = ?"
        }
        Ordered::UserTaskId(_) => {
            "SELECT user_task_id AS value FROM tbl_async_task WHERE id = ? AND station_id = ?"
        }
        Ordered::Created(..) => {
            "SELECT CAST(creat_time AS CHAR) AS value FROM tbl_async_task WHERE id = ? AND station_id = ?"
        }
    };
    let row = sqlx::query(sql).bind(after).bind(station.as_str());
    let row = row.fetch_optional(connection).await?;
    row.map_or(Ok(None), |row| optional_text(&row, "value"))
}

/// Adds the keys of a part: the newest of each range, and of these the newest.
pub(super) fn push_keys<'a>(sql: &mut Sql<'a>, source: &Source<'a>, part: Part, anchor: &Anchor) {
    match source {
        Source::All => {
            sql.push(KEYS)
                .push(" FROM tbl_async_task FORCE INDEX (PRIMARY) WHERE TRUE");
            push_newest(sql, "id DESC", part);
        }
        Source::Station(station, type_id, ranges) => push_union(sql, ranges, part, |sql, range| {
            push_range(sql, "", station, *type_id, range);
        }),
        Source::Queue(queue, ranges) => push_union(sql, ranges, part, |sql, range| {
            sql.push(" FROM tbl_async_task FORCE INDEX (of_queue) WHERE queue = ");
            sql.push_bind(*queue);
            push_outcome(sql, range);
        }),
        Source::Ordered(station, ordered) => match (anchor, part.after) {
            (Some(anchor), Some(after)) => {
                push_behind(sql, station, *ordered, part, (anchor, after));
            }
            _ => push_ordered(sql, station, *ordered, part),
        },
    }
}

const KEYS: &str = "SELECT id AS key_id, 0 AS sort_key";

/// Adds the newest keys of several ranges, each of which `push_from` adds `FROM … WHERE …` for.
fn push_union<'a>(
    sql: &mut Sql<'a>,
    ranges: &[Range],
    part: Part,
    push_from: impl Fn(&mut Sql<'a>, Range),
) {
    match ranges {
        [] => {
            sql.push(KEYS).push(" FROM tbl_async_task WHERE FALSE");
        }
        [range] => {
            sql.push(KEYS);
            push_from(sql, *range);
            push_newest(sql, "id DESC", part);
        }
        ranges => {
            let from_start = Part {
                limit: part.skip.saturating_add(part.limit),
                skip: 0,
                ..part
            };
            let mut between = "SELECT key_id, sort_key FROM (";
            for range in ranges {
                sql.push(between).push("(").push(KEYS);
                push_from(sql, *range);
                push_newest(sql, "id DESC", from_start);
                sql.push(")");
                between = " UNION ALL ";
            }
            sql.push(") ranges ORDER BY key_id DESC");
            push_limit(sql, part);
        }
    }
}

/// Adds `FROM … WHERE …`: one range of an index of a station's tasks, and the table that its rows are joined with.
pub(super) fn push_range<'a>(
    sql: &mut Sql<'a>,
    joined: &str,
    station: &'a StationId,
    type_id: Option<i32>,
    range: Range,
) {
    let index = match (range.status, type_id) {
        (_, Some(_)) => "newest_by_type",
        (None, None) => "newest_of_station",
        _ => "newest_by_status",
    };
    sql.push(" FROM tbl_async_task FORCE INDEX (").push(index);
    sql.push(")").push(joined).push(" WHERE station_id = ");
    sql.push_bind(station.as_str());
    if let Some(type_id) = type_id {
        sql.push(" AND type = ").push_bind(type_id);
    }
    if let Some(status) = range.status {
        sql.push(" AND status = ").push_bind(status.number());
    }
    push_outcome(sql, range);
    if let Some(shown) = range.shown {
        sql.push(" AND message_show = ").push_bind(shown);
    }
}

fn push_outcome(sql: &mut Sql<'_>, range: Range) {
    match range.outcome {
        OfOutcome::Ended(outcome) => sql.push(" AND outcome = ").push_bind(outcome),
        OfOutcome::None => sql.push(" AND outcome IS NULL"),
        OfOutcome::Any => sql,
    };
}

/// Adds the bound, the order and the length of one range in the order of keys.
pub(super) fn push_newest(sql: &mut Sql<'_>, order: &str, part: Part) {
    if let Some(after) = part.after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY ").push(order);
    push_limit(sql, part);
}

/// Adds the first keys of a range of a column.
fn push_ordered<'a>(sql: &mut Sql<'a>, station: &'a StationId, ordered: Ordered<'a>, part: Part) {
    push_column(sql, station, ordered);
    push_in_order(sql, ordered, part);
}

/// Adds the keys of a range of a column that come after a row: the rest with the row's own value, then the smaller values.
fn push_behind<'a>(
    sql: &mut Sql<'a>,
    station: &'a StationId,
    ordered: Ordered<'a>,
    part: Part,
    (anchor, after): (&str, i64),
) {
    let (_, column) = ordered.index();
    let from_start = Part {
        limit: part.skip.saturating_add(part.limit),
        skip: 0,
        after: None,
    };
    sql.push("SELECT key_id, sort_key FROM ((");
    push_column(sql, station, ordered);
    sql.push(" AND ")
        .push(column)
        .push(" = ")
        .push_bind(anchor.to_owned());
    sql.push(" AND id < ").push_bind(after);
    push_in_order(sql, ordered, from_start);
    sql.push(") UNION ALL (");
    push_column(sql, station, ordered);
    sql.push(" AND ")
        .push(column)
        .push(" < ")
        .push_bind(anchor.to_owned());
    push_in_order(sql, ordered, from_start);
    sql.push(")) ranges ORDER BY sort_key DESC, key_id DESC");
    push_limit(sql, part);
}

/// Adds the range of a column.
fn push_column<'a>(sql: &mut Sql<'a>, station: &'a StationId, ordered: Ordered<'a>) {
    let (index, column) = ordered.index();
    sql.push("SELECT id AS key_id, ").push(column);
    sql.push(" AS sort_key FROM tbl_async_task FORCE INDEX (")
        .push(index);
    sql.push(") WHERE station_id = ")
        .push_bind(station.as_str());
    match ordered {
        Ordered::Name(prefix) | Ordered::UserTaskId(prefix) => {
            sql.push(" AND ").push(column).push(" LIKE ");
            sql.push_bind(beginning_with(prefix)).push(" ESCAPE '!'");
        }
        Ordered::Created(from, to) => {
            push_time(sql, " AND creat_time >= ", from);
            push_time(sql, " AND creat_time < ", to);
        }
    }
}

fn push_in_order(sql: &mut Sql<'_>, ordered: Ordered<'_>, part: Part) {
    let (_, column) = ordered.index();
    sql.push(" ORDER BY ").push(column).push(" DESC");
    // MariaDB does not take the key for a part of a unique index.
    if !matches!(ordered, Ordered::UserTaskId(_)) {
        sql.push(", id DESC");
    }
    push_limit(sql, part);
}

fn push_time(sql: &mut Sql<'_>, condition: &str, moment: Option<Moment>) {
    if let Some(moment) = moment {
        sql.push(condition)
            .push("TIMESTAMP('1970-01-01') + INTERVAL ");
        sql.push_bind(moment.seconds()).push(" SECOND");
    }
}

/// Returns the pattern of texts that begin with a text.
fn beginning_with(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for c in prefix.chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Adds every condition of a filter on the row `looked`.
pub(super) fn push_checks<'a>(sql: &mut Sql<'a>, filter: &Filter<'a>) {
    let by = &filter.found_by;
    if !filter.statuses.is_empty() {
        sql.push(" AND looked.status IN (");
        let mut list = sql.separated(", ");
        for status in filter.statuses {
            list.push_bind(status.number());
        }
        sql.push(")");
    }
    if !by.outcomes.is_empty() {
        sql.push(" AND looked.outcome IN (");
        let mut list = sql.separated(", ");
        for outcome in by.outcomes {
            list.push_bind(*outcome);
        }
        sql.push(")");
    }
    if let Some(type_id) = filter.type_id {
        sql.push(" AND looked.type = ").push_bind(type_id);
    }
    if filter.only_shown {
        sql.push(" AND looked.message_show = 1");
    }
    if let Some(queue) = by.queue {
        sql.push(" AND looked.queue = ").push_bind(queue);
    }
    if let Some(tag) = by.tag {
        sql.push(" AND JSON_CONTAINS(looked.tags, ");
        sql.push_bind(serde_json::Value::from(tag).to_string())
            .push(")");
    }
}

pub(super) fn push_limit(sql: &mut Sql<'_>, part: Part) {
    sql.push(" LIMIT ").push_bind(part.limit);
    sql.push(" OFFSET ").push_bind(part.skip);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_taken_as_it_is_written() {
        assert_eq!(beginning_with("a_b%!"), "a!_b!%!!%");
    }
}
