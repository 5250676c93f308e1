//! Trying the failed items of a finished batch again, without its items being sent once more.

use task_store::batches::{self, NewRun, PayloadHash};
use task_store::chunks::{self, ChunkKey};
use task_store::outbox::Announcement;
use task_store::tasks::{self, TaskStatus};
use task_store::{Connection, Result, StoreError, TaskId};

use super::resubmit::{Chunks, retry};
use crate::announce::announce;
use crate::queue::Queue;
use crate::read::ItemStatuses;
use crate::settings::{Dispatcher, Settings};

/// Opens a run that works the failed items of a finished batch again, and nothing else, and wakes the workers. `false`: the
/// batch is open, was closed, or has no failed item.
///
/// # Errors
/// The database's.
pub async fn retry_failed<Q: Queue>(dispatcher: &Dispatcher<Q>, task: TaskId) -> Result<bool> {
    let settings = &dispatcher.settings;
    let store = async |c: &mut _| store(c, settings, task).await;
    let due = dispatcher.database.transaction(store).await?;
    let Some(due) = due else {
        return Ok(false);
    };
    announce(dispatcher, &due).await;
    Ok(true)
}

async fn store(
    connection: &mut Connection,
    settings: &Settings,
    id: TaskId,
) -> Result<Option<Vec<Announcement>>> {
    let task = tasks::lock(connection, id).await?;
    let batch = batches::by_task(connection, id).await?;
    let (Some(task), Some(batch)) = (task, batch) else {
        return Ok(None);
    };
    let statuses = ItemStatuses::read(connection, &batch).await?;
    if task.status != TaskStatus::Finished || !statuses.counts().may_be_retried() {
        return Ok(None);
    }
    let hash = PayloadHash::try_from(batch.payload_hash.as_slice());
    let hash = hash.map_err(|_| StoreError::Unreadable("payload_hash"))?;
    let new = NewRun {
        job: &batch.job,
        payload_hash: &hash,
        item_count: batch.item_count,
        params: &batch.params,
        callback: None,
    };
    let stored = chunks::of_run(connection, id, batch.run).await?.len();
    let stored = Chunks::Stored(u32::try_from(stored).unwrap_or(u32::MAX));
    let (run, open) = retry(connection, settings, stored, (&batch, &statuses), &new).await?;
    let due = |chunk| Announcement {
        key: ChunkKey {
            task: id,
            run,
            chunk,
        },
        station: task.station_id.clone(),
        job: batch.job.clone(),
    };
    Ok(Some(open.into_iter().map(due).collect()))
}
