//! Closing tasks: a finished one is only hidden, an open one is cancelled and hidden.

use std::collections::BTreeSet;

use task_store::tasks::{self, TaskStatus};
use task_store::{Connection, Database, TaskId, amends, batches};

use crate::batch;
use crate::caller::{Caller, TaskReference};
use crate::error::{Error, Result};
use crate::failpoints::{Failpoint, reach};
use crate::jobs;
use crate::tasks::{find, not_found};

/// Closes tasks, all of them or, when one of them is missing, none; answers how many there are. Closing again is
/// harmless.
///
/// Of an open batch, orders that are made stay made; none is started once this is answered.
pub async fn close(database: &Database, caller: &Caller, named: &[TaskReference]) -> Result<usize> {
    let close = async |c: &mut _| {
        let mut ids = BTreeSet::new();
        for task in named {
            ids.insert(find(c, caller, task).await?.id);
        }
        // In the order of their keys, so that two closes of the same tasks do not wait for each other.
        for id in &ids {
            close_one(c, *id).await?;
        }
        reach(Failpoint::CloseWritten).await?;
        Ok::<_, Error>(ids.len())
    };
    let closed = database.transaction(close).await?;
    reach(Failpoint::CloseCommitted).await?;
    Ok(closed)
}

async fn close_one(connection: &mut Connection, id: TaskId) -> Result<()> {
    let task = tasks::lock(connection, id).await?.ok_or_else(not_found)?;
    if task.status != TaskStatus::Finished {
        match batches::by_task(connection, id).await? {
            Some(batch) => batch::cancel(connection, jobs::kind_of(&batch)?, &task, &batch).await?,
            None => amends::cancel_plain(connection, id).await?,
        }
    }
    Ok(amends::hide(connection, id).await?)
}
