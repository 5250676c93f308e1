//! Storing new tasks.

use sqlx::mysql::MySqlArguments;
use sqlx::query::Query;
use sqlx::{Connection as _, Executor as _, MySql, QueryBuilder, Row as _};

use super::dispatch::{Dispatch, Labels};
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId, UserTaskId};
use crate::parts::Part;

/// The values of a new task.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// The caller's own id; unique within its station.
    pub user_task_id: Option<&'a UserTaskId>,
    /// Whose task it is.
    pub station_id: &'a StationId,
    /// The task's name for people, at most 64 characters.
    pub name: &'a str,
    /// The task's input, any text.
    pub input: &'a str,
    /// The caller's number for its kind.
    pub type_id: i32,
    /// It may run again once it is finished.
    pub repeat: bool,
    /// It is listed to the station's staff.
    pub message_show: bool,
    /// The labels that it is found by.
    pub labels: Labels<'a>,
    /// How it is dispatched; `None`: nobody is woken, and only calls end it.
    pub dispatch: Option<Dispatch<'a>>,
}

/// Where a `user_task_id` is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdScope {
    /// Within its station.
    #[default]
    Station,
    /// Among all stations: calls may name a task without its station.
    Everywhere,
}

/// Stores a submitted task; `None` when its id is that of a purged task, or another station uses it where that must not be. An id
/// that the station itself uses already is a duplicate-key error, or `None` while its task is marked to be purged.
pub async fn insert_in_scope(
    connection: &mut Connection,
    new: &NewTask<'_>,
    scope: IdScope,
) -> Result<Option<TaskId>> {
    match (scope, new.user_task_id) {
        (IdScope::Everywhere, Some(_)) => insert_for_all(connection, new).await,
        (IdScope::Station, Some(id)) => insert_unpurged(connection, new, id).await,
        (_, None) => insert(connection, new).await.map(Some),
    }
}

/// The columns of a new task, and the source that they are inserted from.
macro_rules! insert_from {
    ($source:literal) => {
        concat!(
            "INSERT INTO tbl_async_task \
               (user_task_id, station_id, name, input, type, `repeat`, message_show, \
                tags, created_by, callback, queue, timeout, max_attempts, id_scope) ",
            $source
        )
    };
}

impl<'a> NewTask<'a> {
    /// Starts a statement of [`insert_from`], all its columns but the scope bound.
    fn bind(&self, sql: &'static str) -> Query<'a, MySql, MySqlArguments> {
        sqlx::query(sql)
            .bind(self.user_task_id.map(UserTaskId::as_str))
            .bind(self.station_id.as_str())
            .bind(self.name)
            .bind(self.input)
            .bind(self.type_id)
            .bind(self.repeat)
            .bind(self.message_show)
            .bind(self.labels.tags)
            .bind(self.labels.created_by)
            .bind(self.labels.callback)
            .bind(self.dispatch.map(|dispatch| dispatch.queue.as_str()))
            .bind(self.dispatch.and_then(|dispatch| dispatch.timeout))
            .bind(self.dispatch.and_then(|dispatch| dispatch.max_attempts))
    }
}

/// Stores a submitted task. A `user_task_id` that the station uses already is a duplicate-key error; other stations may
/// use it, too.
pub async fn insert(connection: &mut Connection, new: &NewTask<'_>) -> Result<TaskId> {
    let sql = new
        .bind(insert_from!(
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ))
        .bind(new.station_id.as_str());
    key(connection.execute(sql).await?.last_insert_id())
}

/// Stores a submitted task; `None` when the station has had a task of its id, which is marked or purged.
async fn insert_unpurged(
    connection: &mut Connection,
    new: &NewTask<'_>,
    id: &UserTaskId,
) -> Result<Option<TaskId>> {
    let sql = new
        .bind(insert_from!(
            "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM DUAL WHERE NOT EXISTS \
               (SELECT 1 FROM tbl_purged gone WHERE gone.station_id = ? AND gone.user_task_id = ?)"
        ))
        .bind(new.station_id.as_str())
        .bind(new.station_id.as_str())
        .bind(id.as_str());
    stored(&connection.execute(sql).await?)
}

/// Stores a submitted task whose `user_task_id` no other station may use; `None` when another station uses it, or a
/// purged task had it. An id that the station itself uses already, or that another station takes at this moment, is a
/// duplicate-key error.
pub async fn insert_for_all(
    connection: &mut Connection,
    new: &NewTask<'_>,
) -> Result<Option<TaskId>> {
    let sql = new
        .bind(insert_from!(
            "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '' FROM DUAL WHERE NOT EXISTS \
               (SELECT 1 FROM tbl_async_task taken WHERE taken.user_task_id = ? AND taken.station_id <> ?) \
             AND NOT EXISTS (SELECT 1 FROM tbl_purged gone WHERE gone.user_task_id = ?)"
        ))
        .bind(new.user_task_id.map(UserTaskId::as_str))
        .bind(new.station_id.as_str())
        .bind(new.user_task_id.map(UserTaskId::as_str));
    stored(&connection.execute(sql).await?)
}

/// Returns the key of the task that a statement has stored, if it has.
fn stored(done: &sqlx::mysql::MySqlQueryResult) -> Result<Option<TaskId>> {
    match done.rows_affected() {
        0 => Ok(None),
        _ => key(done.last_insert_id()).map(Some),
    }
}

/// The most bytes of inputs or results in one statement, well under every server's packet limit, also when each is escaped.
pub(super) const STATEMENT_BYTES: usize = 4 << 20;

/// Stores submitted tasks with a statement for every [`STATEMENT_BYTES`]; answers their keys in the same order. With `for_all` no
/// station may use the id of another's task: the caller has looked. A duplicate key stores none of them.
///
/// Runs in a transaction.
pub async fn insert_all(
    connection: &mut Connection,
    news: &[&NewTask<'_>],
    for_all: bool,
) -> Result<Vec<TaskId>> {
    if news.is_empty() {
        return Ok(Vec::new());
    }
    let step = "SELECT CAST(@@auto_increment_increment AS UNSIGNED) AS step";
    let step: u64 = connection.fetch_one(step).await?.try_get("step")?;
    if fitting(news) == news.len() {
        return insert_part(connection, news, for_all, step).await;
    }
    Part::Tasks.begin(connection).await?;
    let keys = insert_parts(connection, news, for_all, step).await;
    if keys.as_ref().is_err_and(StoreError::is_duplicate_key) {
        Part::Tasks.undo(connection).await?;
    }
    // Statements of megabytes leave a buffer of their size behind.
    connection.shrink_buffers();
    keys
}

async fn insert_parts(
    connection: &mut Connection,
    news: &[&NewTask<'_>],
    for_all: bool,
    step: u64,
) -> Result<Vec<TaskId>> {
    let mut keys = Vec::with_capacity(news.len());
    let mut rest = news;
    while !rest.is_empty() {
        let (part, later) = rest.split_at(fitting(rest));
        keys.extend(insert_part(connection, part, for_all, step).await?);
        rest = later;
    }
    Ok(keys)
}

/// Counts tasks from the front that fit one statement; at least one.
fn fitting(news: &[&NewTask<'_>]) -> usize {
    let mut bytes = 0;
    let fits = news.iter().take_while(|new| {
        bytes += new.input.len();
        bytes <= STATEMENT_BYTES
    });
    fits.count().max(1)
}

/// Stores tasks with one statement; their keys are `step` apart.
async fn insert_part(
    connection: &mut Connection,
    news: &[&NewTask<'_>],
    for_all: bool,
    step: u64,
) -> Result<Vec<TaskId>> {
    let mut sql = QueryBuilder::new(insert_from!(""));
    sql.push_values(news, |mut row, new| {
        row.push_bind(new.user_task_id.map(UserTaskId::as_str))
            .push_bind(new.station_id.as_str())
            .push_bind(new.name)
            .push_bind(new.input)
            .push_bind(new.type_id)
            .push_bind(new.repeat)
            .push_bind(new.message_show)
            .push_bind(new.labels.tags)
            .push_bind(new.labels.created_by)
            .push_bind(new.labels.callback)
            .push_bind(new.dispatch.map(|dispatch| dispatch.queue.as_str()))
            .push_bind(new.dispatch.and_then(|dispatch| dispatch.timeout))
            .push_bind(new.dispatch.and_then(|dispatch| dispatch.max_attempts))
            .push_bind(if for_all { "" } else { new.station_id.as_str() });
    });
    // A statement of its own for every length: not worth its place among the prepared ones.
    let done = sql.build().persistent(false).execute(connection).await?;
    // Rows of one VALUES list get keys in a row, whatever else is inserted meanwhile.
    let first = done.last_insert_id();
    (0..)
        .take(news.len())
        .map(|no: u64| key(first + no * step))
        .collect()
}

fn key(id: u64) -> Result<TaskId> {
    i64::try_from(id)
        .map(TaskId::from_row)
        .map_err(|_| StoreError::Unreadable("id"))
}
