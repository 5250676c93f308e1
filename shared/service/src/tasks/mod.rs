//! Tasks: adding one, finding one, its way from submitted to finished, and the changes a caller makes to it.

mod add;
mod field;
mod life;
mod list;
mod progress;
mod refusal;
mod update;
mod view;

use task_store::tasks::{self, Task};
use task_store::{Connection, Database};

use crate::caller::Caller;
use crate::error::{Error, Result, Word};

pub use crate::caller::TaskReference;
pub use add::add;
pub use field::{Field, amount, document, path};
pub use life::{finish, start};
pub use list::{List, MOST_COUNTED, Pagination, list, page};
pub use progress::progress;
pub use task_store::tasks::{Changes, Columns, Filter, NewTask, Operation, Part, ResultChange};
pub use update::update;
pub use view::{FrontTaskView, TaskView};

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
    let meant = |task: &Task| {
        let agrees = named.user_task_id.is_none() || task.user_task_id == named.user_task_id;
        agrees && caller.may_access(&task.station_id)
    };
    let found = match (&named.task_id, &named.user_task_id) {
        (Some(id), _) => tasks::by_id(connection, *id).await?,
        (None, Some(id)) => tasks::by_user_task_id(connection, id).await?,
        (None, None) => None,
    };
    // Another station's key must not hide the caller's own id that happens to be the same number.
    let found = match (found.filter(meant), &named.task_id_as_user) {
        (None, Some(id)) => tasks::by_user_task_id(connection, id).await?.filter(meant),
        (found, _) => found,
    };
    found.ok_or_else(not_found)
}

pub(crate) fn not_found() -> Error {
    Error::refused(Word::TaskNotFound, "no task has this id")
}
