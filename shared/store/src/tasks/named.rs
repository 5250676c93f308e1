//! Which task a statement is about. Every id that is given goes into the statement's own condition, so that finding a
//! task and changing it are one round trip, and no other change comes between them.

use sqlx::{MySql, QueryBuilder};

use crate::ids::{StationId, TaskId, UserTaskId};

/// The task with these ids: all of them, where there are several, are of the same row.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    id: Id<'a>,
    station: Option<&'a StationId>,
}

#[derive(Debug, Clone, Copy)]
enum Id<'a> {
    Key(TaskId),
    Own(&'a UserTaskId),
    Both(TaskId, &'a UserTaskId),
}

impl<'a> Named<'a> {
    /// The task with a key, with a caller's own id, or with both; `None` without either.
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

    /// The same, if it is this station's; of any station for `None`.
    #[must_use]
    pub fn at(self, station: Option<&'a StationId>) -> Self {
        Self { station, ..self }
    }

    /// Adds ` WHERE …`.
    pub(crate) fn push(&self, sql: &mut QueryBuilder<'a, MySql>) {
        match self.id {
            Id::Key(key) => sql.push(" WHERE id = ").push_bind(key.get()),
            Id::Own(own) => sql.push(" WHERE user_task_id = ").push_bind(own.as_str()),
            Id::Both(key, own) => {
                sql.push(" WHERE id = ").push_bind(key.get());
                sql.push(" AND user_task_id = ").push_bind(own.as_str())
            }
        };
        if let Some(station) = self.station {
            sql.push(" AND station_id = ").push_bind(station.as_str());
        }
    }
}

impl From<TaskId> for Named<'_> {
    fn from(key: TaskId) -> Self {
        Self {
            id: Id::Key(key),
            station: None,
        }
    }
}

impl<'a> From<&'a UserTaskId> for Named<'a> {
    fn from(own: &'a UserTaskId) -> Self {
        Self {
            id: Id::Own(own),
            station: None,
        }
    }
}
