//! Tasks: adding one and reading one.

mod view;

use task_store::batches;
use task_store::tasks::{self, Task, TaskStatus};
use task_store::{Connection, Database, TaskId, UserTaskId, chunks};

use crate::caller::Caller;
use crate::error::{Error, Result, Word};

pub use task_store::tasks::NewTask;
pub use view::{FrontTaskView, TaskView};

/// How a call names a task: by its key, by the caller's own id, or by both when both are the same task's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskReference {
    /// `task_id` read as the key.
    pub task_id: Option<TaskId>,
    /// `user_task_id`.
    pub user_task_id: Option<UserTaskId>,
    /// `task_id` read as the caller's own id, where a route allows that: tried when no task has that key.
    pub task_id_as_user: Option<UserTaskId>,
}

/// Stores a submitted task, or finds the same one stored before: a request that is sent again is harmless.
///
/// A `user_task_id` that is taken by a finished, repeatable task submits that one again with the new input; one
/// that is taken otherwise is `TASK_CONFLICT`.
pub async fn add(database: &Database, new: &NewTask<'_>) -> Result<TaskId> {
    loop {
        let Some(id) = new.user_task_id else {
            return Ok(database.run(async |c| tasks::insert(c, new).await).await?);
        };
        match database
            .transaction(async |c| add_named(c, new, id).await)
            .await
        {
            // Somebody else stored the same id between our look and our insert: look again.
            Err(Error::Store(fault)) if fault.is_duplicate_key() => {}
            end => return end,
        }
    }
}

async fn add_named(
    connection: &mut Connection,
    new: &NewTask<'_>,
    id: &UserTaskId,
) -> Result<TaskId> {
    let Some(found) = tasks::by_user_task_id(connection, id).await? else {
        return Ok(tasks::insert(connection, new).await?);
    };
    let conflict = || {
        let message = format!("user_task_id {id} is taken by a task with other content");
        Err(Error::refused(Word::TaskConflict, message))
    };
    let same_kind = found.station_id == *new.station_id
        && found.name == new.name
        && found.type_id == new.type_id;
    match (same_kind, found.input.as_deref() == Some(new.input)) {
        (true, true) => Ok(found.id),
        _ if found.station_id != *new.station_id => conflict(),
        _ => match tasks::resubmit(connection, found.id, new).await? {
            true => Ok(found.id),
            false => conflict(),
        },
    }
}

/// A task that the caller may see, with how far it is.
pub async fn get(
    database: &Database,
    caller: &Caller,
    named: &TaskReference,
) -> Result<(Task, u8)> {
    let read = async |c: &mut _| {
        let task = find(c, caller, named).await?;
        let progress = progress(c, &task).await?;
        Ok((task, progress))
    };
    database.run(read).await
}

/// A task that the caller may see; another station's is as good as missing.
pub async fn find(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<Task> {
    let mut found = match (&named.task_id, &named.user_task_id) {
        (Some(id), _) => tasks::by_id(connection, *id).await?,
        (None, Some(id)) => tasks::by_user_task_id(connection, id).await?,
        (None, None) => None,
    };
    if let (None, Some(id)) = (&found, &named.task_id_as_user) {
        found = tasks::by_user_task_id(connection, id).await?;
    }
    let meant = |task: &Task| {
        let agrees = named.user_task_id.is_none() || task.user_task_id == named.user_task_id;
        agrees && caller.may_access(&task.station_id)
    };
    found
        .filter(meant)
        .ok_or_else(|| Error::refused(Word::TaskNotFound, "no task has this id"))
}

/// How far a task is, 0 to 100: 100 only once it is finished. It never goes down within a run.
pub async fn progress(connection: &mut Connection, task: &Task) -> Result<u8> {
    match task.status {
        TaskStatus::Submitted => Ok(0),
        TaskStatus::Finished => Ok(100),
        TaskStatus::Running => {
            let Some(batch) = batches::by_task(connection, task.id).await? else {
                return Ok(0);
            };
            let settled = chunks::settled_items(connection, task.id, batch.run).await?;
            let percent = u64::from(settled) * 100 / u64::from(batch.item_count.max(1));
            Ok(u8::try_from(percent).unwrap_or(u8::MAX).min(99))
        }
    }
}
