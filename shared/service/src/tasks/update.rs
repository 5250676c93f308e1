//! Changing a task's own fields, at any time of its life.

use task_store::Database;
use task_store::tasks::{self, Changes, Task};

use super::{TaskReference, field, find, name, not_found, refusal};
use crate::caller::Caller;
use crate::error::{Error, Result};

/// Changes a task, also a finished one, in one atomic statement.
///
/// # Errors
/// `PATH_NOT_FOUND` when the path of a change inside the result leads nowhere, `PARAM_INVALID` when what is there
/// does not fit the operation; then nothing was changed.
pub async fn update(
    database: &Database,
    named: &TaskReference,
    changes: &Changes<'_>,
) -> Result<()> {
    check(changes)?;
    let write = async |c: &mut _| {
        let name = name(&Caller::Unbound, named)?;
        if tasks::update(c, name, changes).await? {
            return Ok(());
        }
        let task = find(c, &Caller::Unbound, named).await?;
        Err(refused(Some(&task), changes))
    };
    database.run(write).await
}

/// Refuses what is wrong about changes before any task is looked at.
pub(super) fn check(changes: &Changes<'_>) -> Result<()> {
    changes.result.as_ref().map_or(Ok(()), field::check_depth)
}

/// Why changes did not apply to a task.
pub(super) fn refused(task: Option<&Task>, changes: &Changes<'_>) -> Error {
    match (task, &changes.result) {
        (Some(task), Some(change)) => refusal::of(change, task.result.as_deref()),
        _ => not_found(),
    }
}
