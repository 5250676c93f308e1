//! Tasks: adding one, finding one, its way from submitted to finished, and the changes a caller makes to it.

mod add;
mod add_many;
mod dispatch_view;
mod field;
mod halves;
pub mod inbox;
mod life;
mod list;
mod progress;
pub mod queues;
mod refusal;
mod request;
pub mod runs;
pub mod schedules;
mod update;
mod view;

use task_store::tasks::{self, Ambiguity, Task, TaskSelector};
use task_store::{Connection, Database};

use crate::caller::Caller;
use crate::error::{Error, ErrorCode, Result};

pub use crate::caller::TaskReference;
pub use add::add;
pub use add_many::{AddedTask, add_many};
pub use dispatch_view::RunView;
pub use field::{Field, MOST_TAGS, amount, document, is_tag, op_id, path};
pub use life::{finish, start};
pub use list::{Counted, List, Page, list, page};
pub use progress::progress;
pub use request::{DispatchRequest, MOST_DELAY, TaskRequest, is_too_far};
pub(crate) use runs::cancel as cancel_run;
pub use task_store::tasks::{
    Changes, Columns, Dispatch, Filter, FoundBy, IdScope, Labels, NewTask, Operation, Part,
    ResultChange, Start,
};
pub use update::update;
pub use view::{FrontTaskView, TaskView};

/// Returns a task that the caller may see, with how far it is.
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

/// Reads a task that the caller may see; another station's is as good as missing.
pub async fn find(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<Task> {
    let name = name(caller, named)?;
    match tasks::find(connection, name).await? {
        Some(task) => Ok(task),
        None => Err(not_named(connection, name).await?),
    }
}

/// Reads a task as [`find`] does, in one statement also where it is dispatched.
pub(super) async fn find_dispatched(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<Task> {
    let name = name(caller, named)?;
    match tasks::find_dispatched(connection, name).await? {
        Some(task) => Ok(task),
        None => Err(not_named(connection, name).await?),
    }
}

/// Names a task for the store.
///
/// # Errors
/// `TASK_NOT_FOUND` when its ids contradict each other.
pub(crate) fn name<'a>(caller: &'a Caller, named: &'a TaskReference) -> Result<TaskSelector<'a>> {
    named.named(caller).ok_or_else(not_found)
}

/// Tells why a name fits no task: there is none, or there are several.
pub(crate) async fn not_named(
    connection: &mut Connection,
    name: TaskSelector<'_>,
) -> Result<Error> {
    Ok(match tasks::ambiguity(connection, name).await? {
        None => not_found(),
        Some(Ambiguity::KeyAndOwn) => Error::invalid(
            "task_id",
            "is the key of one task and the user_task_id of another: name the one meant with user_task_id",
        ),
        Some(Ambiguity::Stations) => Error::refused(
            ErrorCode::ParamMissing,
            "several stations have a task with this user_task_id: name the one meant with station_id",
        ),
    })
}

pub(crate) fn not_found() -> Error {
    Error::refused(ErrorCode::TaskNotFound, "no task has this id")
}
