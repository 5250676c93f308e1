//! Tasks that new ones may be the same as.

use std::collections::HashSet;

use sqlx::{QueryBuilder, Row as _};

use super::row::{and_batch, light_columns, task};
use super::{Columns, NewTask, Task};
use crate::connections::Connection;
use crate::error::Result;

/// Reads the tasks of any station that have the id of a new task, in no order. A task comes with its input only where a new task of the same
/// station and id has an input of the same length: so no more is read than was sent.
pub async fn with_ids_of(connection: &mut Connection, news: &[NewTask<'_>]) -> Result<Vec<Task>> {
    let ids: HashSet<_> = news.iter().filter_map(|new| new.user_task_id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new(concat!(
        "SELECT ",
        light_columns!(),
        ", NULL AS input, NULL AS result, LENGTH(input) AS input_length FROM tbl_async_task FORCE INDEX (user_task_id)",
        and_batch!(),
        " WHERE user_task_id IN ("
    ));
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    sql.push(")");
    let query = sql.build().persistent(false);
    let rows = query.fetch_all(&mut *connection).await?;
    let shapes = news
        .iter()
        .map(|new| (new.user_task_id, new.station_id, new.input.len()));
    let shapes: HashSet<_> = shapes.collect();
    let mut alike = Vec::new();
    let mut tasks = Vec::with_capacity(rows.len());
    for row in &rows {
        let found = task(row)?;
        let length: Option<i64> = row.try_get_unchecked("input_length")?;
        let length = length.and_then(|length| usize::try_from(length).ok());
        let own_id = found.user_task_id.as_ref();
        if length.is_some_and(|length| shapes.contains(&(own_id, &found.station_id, length))) {
            alike.push(found.id);
        }
        tasks.push(found);
    }
    let input = Columns {
        input: true,
        result: false,
    };
    input.read_large(connection, &alike, &mut tasks).await?;
    Ok(tasks)
}
