//! Ended tasks of a queue, found by how they ended.

use sqlx::{QueryBuilder, Row as _};

use super::row::{light_columns, task};
use super::{Task, TaskStatus};
use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::StationId;
use crate::time::Moment;

/// Which ended tasks.
#[derive(Debug, Clone, Copy)]
pub struct EndedFilter<'a> {
    /// Of this queue.
    pub queue: &'a str,
    /// That ended like this.
    pub outcome: &'a str,
    /// Of this station.
    pub station: Option<&'a StationId>,
    /// Added at this time or later.
    pub created_from: Option<Moment>,
    /// Added before this time.
    pub created_to: Option<Moment>,
    /// With a larger key.
    pub after_id: i64,
}

/// How many entries of the index are read, at most.
const MOST_READ: u32 = 2_000;

/// Finds ended tasks and locks them, those with the smallest keys first, `most` of them; without input and result. The key
/// says where to go on, unless there are no more.
///
/// Runs in a transaction.
pub async fn ended(
    connection: &mut Connection,
    filter: &EndedFilter<'_>,
    most: u32,
) -> Result<(Vec<Task>, Option<i64>)> {
    const READ: &str = "
        SELECT id FROM tbl_async_task FORCE INDEX (of_queue)
        WHERE queue = ? AND outcome = ? AND id > ? ORDER BY id LIMIT ?";
    let rows = sqlx::query(READ)
        .bind(filter.queue)
        .bind(filter.outcome)
        .bind(filter.after_id)
        .bind(MOST_READ)
        .fetch_all(&mut *connection)
        .await?;
    let read = rows
        .iter()
        .map(|row| Ok(row.try_get::<i64, _>("id")?))
        .collect::<Result<Vec<_>>>()?;
    let found = filter.lock(connection, &read, most).await?;
    let is_full = found.len() == most as usize;
    let next = match found.last() {
        Some(last) if is_full => Some(last.id.get()),
        _ if read.len() == MOST_READ as usize => read.last().copied(),
        _ => None,
    };
    Ok((found, next))
}

impl EndedFilter<'_> {
    async fn lock(&self, connection: &mut Connection, ids: &[i64], most: u32) -> Result<Vec<Task>> {
        let mut sql = QueryBuilder::new(concat!(
            "SELECT ",
            light_columns!("FALSE"),
            ", NULL AS input, NULL AS result FROM tbl_async_task FORCE INDEX (PRIMARY) \
             WHERE id IN (SELECT k.id FROM JSON_TABLE("
        ));
        sql.push_bind(json(ids)?);
        sql.push(", '$[*]' COLUMNS (id BIGINT PATH '$')) k) AND queue = ");
        sql.push_bind(self.queue);
        sql.push(" AND outcome = ").push_bind(self.outcome);
        sql.push(" AND status = ")
            .push_bind(TaskStatus::Finished.number());
        if let Some(station) = self.station {
            sql.push(" AND station_id = ").push_bind(station.as_str());
        }
        for (moment, condition) in [
            (self.created_from, " AND creat_time >= "),
            (self.created_to, " AND creat_time < "),
        ] {
            if let Some(moment) = moment {
                sql.push(condition)
                    .push("TIMESTAMP('1970-01-01') + INTERVAL ");
                sql.push_bind(moment.seconds()).push(" SECOND");
            }
        }
        sql.push(" ORDER BY id LIMIT ").push_bind(most);
        sql.push(" FOR UPDATE");
        let rows = sql.build().fetch_all(connection).await?;
        rows.iter().map(task).collect()
    }
}

/// Gives ended tasks that are dispatched a new life; those that were cancelled are listed again, for their close has hidden
/// them. The caller holds the locks of their rows, and stores their units.
///
/// What was cancelled comes from the rows as they were locked: the order of assignments over two tables is not defined.
pub async fn revive(connection: &mut Connection, ended: &[Task]) -> Result<()> {
    const REVIVE: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]', is_cancelled TINYINT PATH '$[1]')) k
        STRAIGHT_JOIN tbl_async_task t ON t.id = k.id
        SET t.status       = 1,
            t.outcome      = NULL,
            t.result       = NULL,
            t.op_ids       = NULL,
            t.progress     = 0,
            t.attempt      = 0,
            t.message_show = GREATEST(t.message_show, k.is_cancelled),
            t.start_time   = NULL,
            t.end_time     = NULL,
            t.modify_time  = NOW(3)";
    let ended: Vec<_> = ended
        .iter()
        .map(|task| (task.id, u8::from(task.is_cancelled())))
        .collect();
    let revived = sqlx::query(REVIVE).bind(json(&ended)?);
    revived.execute(connection).await?;
    Ok(())
}
