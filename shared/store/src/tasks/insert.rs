//! Storing new tasks.

use sqlx::mysql::MySqlArguments;
use sqlx::query::Query;
use sqlx::{Executor as _, MySql};

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId, UserTaskId};

/// What a new task is stored with.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// The caller's own id; unique within its station.
    pub user_task_id: Option<&'a UserTaskId>,
    /// Whose task it is.
    pub station_id: &'a StationId,
    /// What a person reads, at most 64 characters.
    pub name: &'a str,
    /// What the caller gave it to work on, any text.
    pub input: &'a str,
    /// The caller's number for its kind.
    pub type_id: i32,
    /// It may run again once it is finished.
    pub repeat: bool,
    /// It is listed to the station's staff.
    pub message_show: bool,
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

/// Stores a submitted task; `None` when another station uses its id, where that must not be. An id that the station itself
/// uses already is a duplicate-key error.
pub async fn insert_in_scope(
    connection: &mut Connection,
    new: &NewTask<'_>,
    scope: IdScope,
) -> Result<Option<TaskId>> {
    match (scope, new.user_task_id) {
        (IdScope::Everywhere, Some(_)) => insert_for_all(connection, new).await,
        _ => insert(connection, new).await.map(Some),
    }
}

/// The columns of a new task, and what they are inserted from.
macro_rules! insert_from {
    ($source:literal) => {
        concat!(
            "INSERT INTO tbl_async_task \
               (user_task_id, station_id, name, input, type, `repeat`, message_show, id_scope) ",
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
    }
}

/// Stores a submitted task. A `user_task_id` that the station uses already is a duplicate-key error; other stations may
/// use it, too.
pub async fn insert(connection: &mut Connection, new: &NewTask<'_>) -> Result<TaskId> {
    let sql = new
        .bind(insert_from!("VALUES (?, ?, ?, ?, ?, ?, ?, ?)"))
        .bind(new.station_id.as_str());
    key(connection.execute(sql).await?.last_insert_id())
}

/// Stores a submitted task whose `user_task_id` no other station may use; `None` when another station uses it. An id that
/// the station itself uses already, or that another station takes at this moment, is a duplicate-key error.
pub async fn insert_for_all(
    connection: &mut Connection,
    new: &NewTask<'_>,
) -> Result<Option<TaskId>> {
    let sql = new
        .bind(insert_from!(
            "SELECT ?, ?, ?, ?, ?, ?, ?, '' FROM (SELECT 1) once WHERE NOT EXISTS \
               (SELECT 1 FROM tbl_async_task taken WHERE taken.user_task_id = ? AND taken.station_id <> ?)"
        ))
        .bind(new.user_task_id.map(UserTaskId::as_str))
        .bind(new.station_id.as_str());
    let done = connection.execute(sql).await?;
    match done.rows_affected() {
        0 => Ok(None),
        _ => key(done.last_insert_id()).map(Some),
    }
}

fn key(id: u64) -> Result<TaskId> {
    i64::try_from(id)
        .map(TaskId::from_row)
        .map_err(|_| StoreError::Unreadable("id"))
}
