//! Adding a task, once however often the request is sent.

use task_store::tasks::{self, Dispatch, IdScope, NewTask, Task, TaskSelector};
use task_store::work::{self, Announcer, NewUnit};
use task_store::{Connection, Database, StationId, StoreError, TaskId, UserTaskId, keep, purge};

use super::field;
use super::queues::undeclared;
use crate::callbacks;
use crate::error::{Error, ErrorCode, Result};

/// Stores a submitted task, or finds the same one stored before: a request that is sent again is harmless.
///
/// A `user_task_id` that is taken by a finished, repeatable task of the station submits that task again with the new
/// name, input, type and visibility; it stays repeatable. One that is taken otherwise is `TASK_CONFLICT`, and so is
/// a batch's: a batch runs again when it is submitted again.
pub async fn add(database: &Database, new: &NewTask<'_>, scope: IdScope) -> Result<TaskId> {
    field::check_input("input", new.input)?;
    if let Some(callback) = new.labels.callback {
        database
            .read(async |c| callbacks::check_named(c, callback).await)
            .await?;
    }
    let write = async |c: &mut _| loop {
        // Most ids are new: the unique keys are what looks whether this one is.
        match (insert(c, new, scope).await, new.user_task_id) {
            (Err(Error::Store(fault)), Some(id)) if fault.is_duplicate_key() => {
                if let Some(found) = own(c, new, id).await? {
                    return resubmit(c, new, id, &found).await;
                }
            }
            (Ok(None), Some(id)) => {
                return match own(c, new, id).await? {
                    Some(found) => resubmit(c, new, id, &found).await,
                    None if purge::among(c, &[id]).await?.is_empty() => {
                        Err(taken_elsewhere(id.as_str()))
                    }
                    None => Err(purged(id)),
                };
            }
            (Ok(inserted), _) => {
                let missing = StoreError::Unreadable("an id");
                return Ok(Added::New(inserted.ok_or(missing)?));
            }
            (Err(fault), _) => return Err(fault),
        }
    };
    if new.dispatch.is_none() && new.labels.keep_days.is_none() {
        return Ok(database.run(write).await?.id());
    }
    let both = async |c: &mut _| {
        let added = write(c).await?;
        if let Added::New(id) = added {
            if let Some(dispatch) = &new.dispatch {
                store_unit(c, id, new.station_id, dispatch).await?;
            }
            if let Some(days) = new.labels.keep_days {
                keep::set(c, &[(id, days)]).await?;
            }
        }
        Ok(added.id())
    };
    database.transaction(both).await
}

/// The outcome of an add.
#[derive(Debug, Clone, Copy)]
pub(super) enum Added {
    /// A task begins a life: its unit must be stored.
    New(TaskId),
    /// The same request was carried out before.
    Same(TaskId),
}

impl Added {
    pub(super) const fn id(self) -> TaskId {
        match self {
            Self::New(id) | Self::Same(id) => id,
        }
    }
}

/// Stores the unit of a task that is dispatched.
///
/// # Errors
/// `PARAM_INVALID` when its queue is not declared.
async fn store_unit(
    connection: &mut Connection,
    task: TaskId,
    station: &StationId,
    dispatch: &Dispatch<'_>,
) -> Result<()> {
    let unit = NewUnit {
        task,
        station,
        dispatch,
    };
    match work::insert(connection, &[unit], Announcer::Caller).await? {
        0 => Err(undeclared(dispatch.queue.as_str())),
        _ => Ok(()),
    }
}

/// Reads the station's own task with an id.
async fn own(
    connection: &mut Connection,
    new: &NewTask<'_>,
    id: &UserTaskId,
) -> Result<Option<Task>> {
    let named = TaskSelector::from(id).at(Some(new.station_id));
    Ok(tasks::find(connection, named).await?)
}

/// Stores a submitted task; `None` when its id is taken by a purged task, or elsewhere.
async fn insert(
    connection: &mut Connection,
    new: &NewTask<'_>,
    scope: IdScope,
) -> Result<Option<TaskId>> {
    Ok(tasks::insert_in_scope(connection, new, scope).await?)
}

/// Returns the refusal of an id whose task was purged.
pub(super) fn purged(id: &UserTaskId) -> Error {
    let message = format!(
        "user_task_id {id} was that of a task which has ended and was purged: nothing is made twice, choose another id"
    );
    Error::refused(ErrorCode::TaskConflict, message)
}

pub(super) fn taken_elsewhere(id: &str) -> Error {
    let message =
        format!("user_task_id {id} is taken by a task of another station: choose another id");
    Error::refused(ErrorCode::TaskConflict, message)
}

/// Decides what an existing task with the same id means for the request.
pub(super) async fn resubmit(
    connection: &mut Connection,
    new: &NewTask<'_>,
    id: &UserTaskId,
    found: &Task,
) -> Result<Added> {
    if is_same(found, new) {
        return Ok(Added::Same(found.id));
    }
    if tasks::resubmit(connection, found.id, new).await? {
        return Ok(Added::New(found.id));
    }
    // The same request, sent twice at once, may have submitted it between our look and our update.
    match tasks::by_id(connection, found.id).await? {
        Some(now) if is_same(&now, new) => Ok(Added::Same(now.id)),
        _ => Err(conflict(id)),
    }
}

pub(super) fn conflict(id: &UserTaskId) -> Error {
    let message = format!("user_task_id {id} is taken by a task with other content");
    Error::refused(ErrorCode::TaskConflict, message)
}

pub(super) fn is_same(task: &Task, new: &NewTask<'_>) -> bool {
    let queue = new.dispatch.map(|dispatch| dispatch.queue.as_str());
    task.name == new.name
        && task.type_id == new.type_id
        && task.input.as_deref() == Some(new.input)
        && task.queue.as_deref() == queue
}

/// Tells whether two requests with one id ask for the same task.
pub(super) fn is_alike(one: &NewTask<'_>, other: &NewTask<'_>) -> bool {
    let queue = |new: &NewTask<'_>| new.dispatch.map(|dispatch| dispatch.queue.clone());
    one.name == other.name
        && one.type_id == other.type_id
        && one.input == other.input
        && queue(one) == queue(other)
}
