//! Which task a statement is about. Every id that is given goes into the statement's own condition, so that finding a
//! task and changing it are one round trip, and no other change comes between them.

use sqlx::{MySql, QueryBuilder, Row as _};

use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId, UserTaskId};

/// Names one task. Where its ids fit several tasks it names none of them.
#[derive(Debug, Clone, Copy)]
pub struct TaskSelector<'a> {
    id: Id<'a>,
    station: Option<&'a StationId>,
}

#[derive(Debug, Clone, Copy)]
enum Id<'a> {
    /// The key.
    Key(TaskId),
    /// The caller's own id.
    Own(&'a UserTaskId),
    /// The key and the own id of the same row.
    Both(TaskId, &'a UserTaskId),
    /// One number that may be the key of a task or the own id of a task.
    Either(TaskId, &'a UserTaskId),
}

const KEY: &str = "SELECT id FROM tbl_async_task WHERE id = ";
const KEYS_OF_OWN: &str = "SELECT id FROM tbl_async_task WHERE user_task_id = ";

impl<'a> TaskSelector<'a> {
    /// Names the task with a key, with a caller's own id, or with both; `None` without either.
    #[must_use]
    pub fn new(key: Option<TaskId>, own: Option<&'a UserTaskId>) -> Option<Self> {
        let id = match (key, own) {
            (Some(key), None) => Id::Key(key),
            (None, Some(own)) => Id::Own(own),
            (Some(key), Some(own)) => Id::Both(key, own),
            (None, None) => return None,
        };
        Some(Self { id, station: None })
    }

    /// Names the task that a number fits as its key or as its own id.
    #[must_use]
    pub const fn either(key: TaskId, own: &'a UserTaskId) -> Self {
        Self {
            id: Id::Either(key, own),
            station: None,
        }
    }

    /// Narrows the name to tasks of one station; `None` leaves it as it is.
    #[must_use]
    pub fn at(self, station: Option<&'a StationId>) -> Self {
        Self {
            station: station.or(self.station),
            ..self
        }
    }

    /// Adds ` WHERE …`.
    pub(crate) fn push(&self, sql: &mut QueryBuilder<'a, MySql>) {
        match (self.id, self.station) {
            (Id::Key(key), _) => {
                sql.push(" WHERE id = ").push_bind(key.get());
            }
            (Id::Own(own), Some(_)) => {
                sql.push(" WHERE user_task_id = ").push_bind(own.as_str());
            }
            (Id::Both(key, own), _) => {
                sql.push(" WHERE id = ").push_bind(key.get());
                sql.push(" AND user_task_id = ").push_bind(own.as_str());
            }
            (Id::Own(_), None) | (Id::Either(..), _) => self.push_only_key(sql),
        }
        self.push_station(sql);
    }

    /// Adds `head` and the condition of the rows that fit, two rows at most. It is for reads: both ids of an
    /// [`Id::Either`] are looked up in one statement, and the same row may come twice.
    pub(crate) fn push_rows(&self, sql: &mut QueryBuilder<'a, MySql>, head: &str) {
        sql.push(head);
        match (self.id, self.station) {
            (Id::Own(own), None) => {
                sql.push(" WHERE user_task_id = ").push_bind(own.as_str());
                sql.push(" LIMIT 2");
            }
            (Id::Either(key, own), _) => {
                sql.push(" WHERE id = ").push_bind(key.get());
                self.push_station(sql);
                sql.push(" UNION ALL (").push(head);
                sql.push(" WHERE user_task_id = ").push_bind(own.as_str());
                self.push_station(sql);
                sql.push(" LIMIT 2)");
            }
            _ => self.push(sql),
        }
    }

    /// Adds ` WHERE id = ` and the only key that fits. The derived table is read before any row is locked, and the
    /// row is then changed by its key: two tasks are never touched.
    fn push_only_key(&self, sql: &mut QueryBuilder<'a, MySql>) {
        sql.push(" WHERE id = (SELECT MIN(id) FROM (");
        self.push_keys(sql);
        sql.push(") fitting HAVING COUNT(*) = 1)");
    }

    /// Adds a query of the keys that fit, two at most.
    fn push_keys(&self, sql: &mut QueryBuilder<'a, MySql>) {
        let (key, own) = match self.id {
            Id::Key(key) => (Some(key), None),
            Id::Own(own) => (None, Some(own)),
            Id::Both(key, own) | Id::Either(key, own) => (Some(key), Some(own)),
        };
        if let Some(key) = key {
            sql.push(KEY).push_bind(key.get());
            self.push_station(sql);
        }
        if key.is_some() && own.is_some() {
            sql.push(" UNION ");
        }
        if let Some(own) = own {
            sql.push(KEYS_OF_OWN).push_bind(own.as_str());
            self.push_station(sql);
        }
        sql.push(" LIMIT 2");
    }

    fn push_station(&self, sql: &mut QueryBuilder<'a, MySql>) {
        if let Some(station) = self.station {
            sql.push(" AND station_id = ").push_bind(station.as_str());
        }
    }
}

/// Why a name fits several tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguity {
    /// A number is the key of one task and the own id of another.
    KeyAndOwn,
    /// Several stations have a task with this own id.
    Stations,
}

/// Tells whether a name fits several tasks, and why.
pub async fn ambiguity(
    connection: &mut Connection,
    named: TaskSelector<'_>,
) -> Result<Option<Ambiguity>> {
    let why = match (named.id, named.station) {
        (Id::Either(..), _) => Ambiguity::KeyAndOwn,
        (Id::Own(_), None) => Ambiguity::Stations,
        _ => return Ok(None),
    };
    let mut sql = QueryBuilder::new("SELECT COUNT(*) AS tasks FROM (");
    named.push_keys(&mut sql);
    sql.push(") fitting");
    let row = sql.build().fetch_one(connection).await?;
    let several = row.try_get::<i64, _>("tasks")? > 1;
    Ok(several.then_some(why))
}

impl From<TaskId> for TaskSelector<'_> {
    fn from(key: TaskId) -> Self {
        Self {
            id: Id::Key(key),
            station: None,
        }
    }
}

impl<'a> From<&'a UserTaskId> for TaskSelector<'a> {
    fn from(own: &'a UserTaskId) -> Self {
        Self {
            id: Id::Own(own),
            station: None,
        }
    }
}
