//! Trying again: ended tasks of queues run again, failed items of finished batches are worked again.

use jiff::tz::TimeZone;
use task_engine::{Dispatcher, ItemStatuses, Queue, retry_failed};
use task_store::batches::{self, Batch};
use task_store::{Connection, TaskId};

use super::close::key;
use crate::caller::{Caller, TaskReference};
use crate::error::{Error, Result};
use crate::orders;
use crate::tasks::runs::{self, Retried};

/// Tries ended tasks again. Every task is looked at first: when one is missing, or cannot be tried again, none is. An open
/// task stays as it is, and so does a batch without failed items, or one that was closed.
///
/// # Errors
/// `TASK_NOT_FOUND`; `PARAM_INVALID` for a task that has no queue and is no batch; `CYCLE_CLOSED`, and `CYCLE_NOT_FOUND`, for
/// a batch with failed orders whose operating cycle takes none now, or is gone.
pub async fn retry<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    caller: &Caller,
    named: &[TaskReference],
    zone: &TimeZone,
) -> Result<Retried> {
    let database = &dispatcher.database;
    let read = async |c: &mut _| {
        let (mut of_queues, mut of_batches) = (Vec::new(), Vec::new());
        for reference in named {
            let id = key(c, caller, reference).await?;
            match batches::by_task(c, id).await? {
                Some(batch) => of_batches.extend(open_to_retry(c, &batch, zone).await?),
                None => of_queues.push(by_key(id)),
            }
        }
        Ok::<_, Error>((of_queues, of_batches))
    };
    let (of_queues, mut of_batches) = database.read(read).await?;
    let mut retried = match of_queues.is_empty() {
        true => Retried::default(),
        false => runs::retry(database, &of_queues).await?,
    };
    of_batches.sort_unstable();
    of_batches.dedup();
    for task in of_batches {
        retried.retried += usize::from(retry_failed(dispatcher, task).await?);
    }
    Ok(retried)
}

fn by_key(task: TaskId) -> TaskReference {
    TaskReference {
        task_id: Some(task),
        ..TaskReference::default()
    }
}

/// Returns the key of a batch that may be tried again now; `None`: there is nothing to try again, because it is open, was
/// closed, or has no failed item.
async fn open_to_retry(
    connection: &mut Connection,
    batch: &Batch,
    zone: &TimeZone,
) -> Result<Option<TaskId>> {
    if batch.finished_at.is_none() {
        return Ok(None);
    }
    let statuses = ItemStatuses::read(connection, batch).await?;
    if !statuses.counts().may_be_retried() {
        return Ok(None);
    }
    orders::check_open(connection, batch, zone).await?;
    Ok(Some(batch.task_id))
}
