//! Closing tasks: a finished one is only hidden, an open one is cancelled and hidden.

use std::collections::BTreeSet;

use task_engine::failpoints::{Failpoint, reach};
use task_engine::{JobKinds, cancel, tell};
use task_store::callbacks::Event;
use task_store::tasks::{self, TaskStatus};
use task_store::{Connection, Database, TaskId, batches};

use crate::caller::{Caller, TaskReference};
use crate::error::{Error, Result};
use crate::tasks::{cancel_run, name, not_found, not_named};

/// Closes tasks, all of them or, when one of them is missing, none; answers how many there are. Closing again is
/// harmless.
///
/// Of an open batch, orders that are made stay made; none is started once this is answered.
pub async fn close(
    database: &Database,
    kinds: JobKinds,
    caller: &Caller,
    named: &[TaskReference],
) -> Result<usize> {
    if let [one] = named
        && database
            .run(async |c| close_here(c, caller, one).await)
            .await?
    {
        reach(Failpoint::CloseCommitted).await?;
        return Ok(1);
    }
    let close = async |c: &mut _| {
        let mut keys = BTreeSet::new();
        for task in named {
            keys.insert(key(c, caller, task).await?);
        }
        // In the order of their keys, so that two closes of the same tasks do not wait for each other.
        for key in &keys {
            close_one(c, kinds, *key).await?;
        }
        reach(Failpoint::CloseWritten).await?;
        Ok::<_, Error>(keys.len())
    };
    let closed = database.transaction(close).await?;
    reach(Failpoint::CloseCommitted).await?;
    Ok(closed)
}

/// Closes a task that one statement can close: a finished task, or an open task without work.
async fn close_here(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<bool> {
    Ok(tasks::close(connection, name(caller, named)?).await?)
}

/// Reads the key of a task that the caller may see. Nothing else of it is read: of a hundred tasks that would be a lot.
pub(super) async fn key(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<TaskId> {
    let name = name(caller, named)?;
    match tasks::key(connection, name).await? {
        Some(key) => Ok(key),
        None => Err(not_named(connection, name).await?),
    }
}

async fn close_one(connection: &mut Connection, kinds: JobKinds, id: TaskId) -> Result<()> {
    if tasks::close(connection, id).await? {
        return Ok(());
    }
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    if task.status == TaskStatus::Finished {
        // It has ended since the statement that closes looked at it.
        tasks::close(connection, id).await?;
        return Ok(());
    }
    if task.is_batch {
        let batch = batches::by_task(connection, id).await?;
        let batch = batch.ok_or_else(not_found)?;
        cancel(connection, kinds.of(&batch)?, &task, &batch).await?;
        tasks::close(connection, id).await?;
    } else {
        if task.queue.is_some() {
            cancel_run(connection, &task).await?;
        }
        tasks::close_without_work(connection, id).await?;
    }
    Ok(tell(connection, &task, Event::Ended).await?)
}
