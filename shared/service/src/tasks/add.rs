//! Adding a task, once however often the request is sent.

use task_store::tasks::{self, IdScope, NewTask, Task, TaskSelector};
use task_store::{Connection, Database, TaskId, UserTaskId};

use super::field;
use crate::error::{Error, ErrorCode, Result};

/// Stores a submitted task, or finds the same one stored before: a request that is sent again is harmless.
///
/// A `user_task_id` that is taken by a finished, repeatable task of the station submits that one again with the new
/// name, input, type and visibility; it stays repeatable. One that is taken otherwise is `TASK_CONFLICT`, and so is
/// a batch's: that one runs again when its batch is submitted again.
pub async fn add(database: &Database, new: &NewTask<'_>, scope: IdScope) -> Result<TaskId> {
    field::check_input("input", new.input)?;
    let write = async |c: &mut _| loop {
        // Most ids are new: the unique keys are what looks whether this one is.
        match (insert(c, new, scope).await, new.user_task_id) {
            (Err(Error::Store(fault)), Some(id)) if fault.is_duplicate_key() => {
                let named = TaskSelector::from(id).at(Some(new.station_id));
                if let Some(found) = tasks::find(c, named).await? {
                    return resubmit(c, new, id, &found).await;
                }
            }
            (end, _) => return end,
        }
    };
    database.run(write).await
}

/// Stores a submitted task.
///
/// # Errors
/// `TASK_CONFLICT` when another station uses its id, where that must not be.
async fn insert(connection: &mut Connection, new: &NewTask<'_>, scope: IdScope) -> Result<TaskId> {
    let inserted = tasks::insert_in_scope(connection, new, scope).await?;
    inserted.ok_or_else(|| {
        let id = new
            .user_task_id
            .map(ToString::to_string)
            .unwrap_or_default();
        let message =
            format!("user_task_id {id} is taken by a task of another station: choose another id");
        Error::refused(ErrorCode::TaskConflict, message)
    })
}

/// What the task that has this id already means for the request.
async fn resubmit(
    connection: &mut Connection,
    new: &NewTask<'_>,
    id: &UserTaskId,
    found: &Task,
) -> Result<TaskId> {
    if is_same(found, new) {
        return Ok(found.id);
    }
    if tasks::resubmit(connection, found.id, new).await? {
        return Ok(found.id);
    }
    // The same request, sent twice at once, may have submitted it between our look and our update.
    match tasks::by_id(connection, found.id).await? {
        Some(now) if is_same(&now, new) => Ok(now.id),
        _ => {
            let message = format!("user_task_id {id} is taken by a task with other content");
            Err(Error::refused(ErrorCode::TaskConflict, message))
        }
    }
}

fn is_same(task: &Task, new: &NewTask<'_>) -> bool {
    task.name == new.name && task.type_id == new.type_id && task.input.as_deref() == Some(new.input)
}
