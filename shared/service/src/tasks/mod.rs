//! Tasks: adding one, finding one, its way from submitted to finished, and the changes a caller makes to it.

mod add;
mod field;
mod life;
mod list;
mod progress;
mod refusal;
mod update;
mod view;

use task_store::tasks::{self, Named, Task};
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
    for name in names(caller, named) {
        if let Some(task) = tasks::find(connection, name).await? {
            return Ok(task);
        }
    }
    Err(not_found())
}

/// What a reference may mean, in this order: the first one that is there is it. One, but for what the front service
/// takes for a key or else for the caller's own id.
pub(crate) fn names<'a>(
    caller: &'a Caller,
    named: &'a TaskReference,
) -> impl Iterator<Item = Named<'a>> {
    let own = named.user_task_id.as_ref();
    let as_user = named.task_id_as_user.as_ref();
    let key = named.task_id.and_then(|key| Named::new(Some(key), own));
    let other = match (own, as_user) {
        (Some(own), Some(as_user)) => (own == as_user).then(|| own.into()),
        (None, Some(as_user)) => Some(as_user.into()),
        // Both must name the same row: beside a key that names none, the caller's own id alone does not do.
        (own, None) if named.task_id.is_none() => own.map(Named::from),
        (_, None) => None,
    };
    let at = |name: Named<'a>| name.at(caller.station());
    key.into_iter().chain(other).map(at)
}

/// What a statement that changes a task names it by: the ids themselves where they have one meaning, else the key of
/// what they mean.
async fn name<'a>(connection: &mut Connection, named: &'a TaskReference) -> Result<Named<'a>> {
    let mut meanings = names(&Caller::Unbound, named);
    match (meanings.next(), meanings.next()) {
        (Some(name), None) => Ok(name),
        _ => Ok(find(connection, &Caller::Unbound, named).await?.id.into()),
    }
}

pub(crate) fn not_found() -> Error {
    Error::refused(Word::TaskNotFound, "no task has this id")
}
