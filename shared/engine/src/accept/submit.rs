//! Submitting a batch: one transaction makes it durable; its chunks are announced while the database commits it.

use task_store::batches::{self, NewRun};
use task_store::chunks::{self, ChunkKey, Dispatch};
use task_store::items::Item;
use task_store::keep;
use task_store::outbox::Announcement;
use task_store::payloads;
use task_store::purge;
use task_store::rework;
use task_store::tasks::{self, NewTask, TaskSelector};
use task_store::{Connection, StoreError, TaskId};
use tokio::sync::mpsc;

use super::resubmit::{Again, Chunks, again, insert_next_run, retry};
use super::submission::{Submission, SubmitError};
use crate::announce::make_due;
use crate::failpoints::{Failpoint, reach};
use crate::job::{BatchJob, JobKind};
use crate::queue::Queue;
use crate::read::{portions, sent_as};
use crate::settings::{Dispatcher, Settings};

type Result<T> = std::result::Result<T, SubmitError>;

/// Stores a batch durably and wakes the workers, or finds that it is stored already. `Ok` means that every item will
/// get its outcome.
///
/// A new id is a new task. The id of a batch in flight with the same payload is a retried request; with another
/// it is [`SubmitError::InFlight`]. The id of a finished batch runs it again with this payload.
pub async fn submit<J: BatchJob, Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    submission: &Submission<'_>,
) -> Result<()> {
    let settings = &dispatcher.settings;
    check_size(submission.payload.item_count, settings)?;
    // Most ids are new: the unique keys are what looks whether this one is. A closed submission may only be one that
    // was stored before.
    let mut is_new = submission.closed.is_none();
    loop {
        match store_announcing::<J, Q>(dispatcher, submission, is_new).await {
            Err(SubmitError::Store(fault)) if fault.is_duplicate_key() => is_new = false,
            // Another station has the id; this one may have it, too. So it may while its task is only marked to be purged.
            Err(SubmitError::IdTakenElsewhere(_) | SubmitError::IdPurged(_)) if is_new => {
                is_new = false;
            }
            Err(fault) => return Err(fault),
            Ok(()) => return Ok(reach(Failpoint::SubmitAnnounced).await?),
        }
    }
}

/// Stores a submission, and announces its chunks while the database commits them. A worker that receives its message before the
/// commit waits for the commit; if the commit fails, the worker finds no chunk.
async fn store_announcing<J: BatchJob, Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    submission: &Submission<'_>,
    is_new: bool,
) -> Result<()> {
    let (stored, mut to_announce) = mpsc::unbounded_channel();
    let storing = async move {
        let store = async |c: &mut _| {
            let due = store::<J>(c, &dispatcher.settings, submission, is_new).await?;
            // Its receiver lives until this has ended.
            stored.send(due).ok();
            Ok::<_, SubmitError>(())
        };
        dispatcher.database.transaction(store).await?;
        Ok::<_, SubmitError>(reach(Failpoint::SubmitStored).await?)
    };
    let announcing = async {
        let mut unsent = Vec::new();
        // A transaction that is tried again stores other chunks: the last ones count.
        while let Some(due) = to_announce.recv().await {
            unsent = dispatcher.queue.send(&due).await;
        }
        unsent
    };
    let (end, unsent) = tokio::join!(storing, announcing);
    end?;
    make_due(dispatcher, &unsent).await;
    Ok(())
}

fn check_size(count: u32, settings: &Settings) -> Result<()> {
    let limit = settings.max_items;
    match count {
        0 => Err(SubmitError::Empty),
        _ if count <= limit => Ok(()),
        _ => Err(SubmitError::TooLarge { count, limit }),
    }
}

/// Stores a submission, or finds the batch that has its id; answers the chunks to announce, none where there is nothing to do
/// again. With `is_new` nothing is looked for: an id that is taken is a duplicate-key error.
async fn store<J: BatchJob>(
    connection: &mut Connection,
    settings: &Settings,
    submission: &Submission<'_>,
    is_new: bool,
) -> Result<Vec<Announcement>> {
    let payload = submission.payload;
    let new = NewRun {
        job: J::KIND.name,
        payload_hash: &payload.hash,
        item_count: payload.item_count,
        params: submission.params,
        callback: submission.labels.callback,
    };
    let named = TaskSelector::from(submission.user_task_id).at(Some(submission.station));
    let found = match is_new {
        true => None,
        false => tasks::key(connection, named).await?,
    };
    let again = match found {
        Some(found) => Some(again::<J>(connection, submission, &new, found).await?),
        None => None,
    };
    if let Some(Again::Nothing) = again {
        return Ok(Vec::new());
    }
    if let Some(reason) = submission.closed {
        return Err(SubmitError::Closed(reason.to_owned()));
    }
    let (task, run) = match again {
        Some(Again::Failed(before, statuses)) => {
            let before = (&before, &statuses);
            let chunks = Chunks::Sent(&payload.chunks);
            let (run, open) = retry(connection, settings, chunks, before, &new).await?;
            keep_for(connection, before.0.task_id, submission).await?;
            return Ok(announced::<J>(submission, before.0.task_id, run, open));
        }
        Some(Again::Whole(before, statuses)) => {
            let run = insert_next_run(connection, &before, &statuses, &new).await?;
            (before.task_id, run)
        }
        _ => (
            insert_first_run::<J>(connection, submission, &new).await?,
            1,
        ),
    };
    keep_for(connection, task, submission).await?;
    payloads::insert(connection, task, &payload.chunks).await?;
    let dispatch = match run {
        1 => settings.dispatch(payload.chunks.len()),
        _ => Dispatch::by_claim(settings.resend, settings.lease),
    };
    chunks::insert_units(connection, task, run, 0, &dispatch).await?;
    if run > 1 {
        let amended = amended_before(connection, J::KIND, task).await?;
        for (chunk, pairs) in payload.amended(&amended) {
            payloads::note_amended(connection, task, run, chunk, &pairs).await?;
        }
    }
    let chunks = (0..).zip(&payload.chunks).map(|(no, _)| no);
    Ok(announced::<J>(submission, task, run, chunks))
}

/// Notes for how many days the task of a batch is kept, where the submit says so.
async fn keep_for(
    connection: &mut Connection,
    task: TaskId,
    submission: &Submission<'_>,
) -> Result<()> {
    match submission.labels.keep_days {
        Some(days) => Ok(keep::set(connection, &[(task, days)]).await?),
        None => Ok(()),
    }
}

/// Lists the announcements of a run's chunks.
fn announced<J: BatchJob>(
    submission: &Submission<'_>,
    task: TaskId,
    run: u32,
    chunks: impl IntoIterator<Item = u32>,
) -> Vec<Announcement> {
    let due = |chunk| Announcement {
        key: ChunkKey { task, run, chunk },
        station: submission.station.clone(),
        job: J::KIND.name.to_owned(),
    };
    chunks.into_iter().map(due).collect()
}

async fn insert_first_run<J: BatchJob>(
    connection: &mut Connection,
    submission: &Submission<'_>,
    run: &NewRun<'_>,
) -> Result<TaskId> {
    let new = NewTask {
        user_task_id: Some(submission.user_task_id),
        station_id: submission.station,
        name: J::KIND.title,
        input: submission.params,
        type_id: 0,
        repeat: true,
        message_show: true,
        labels: submission.labels,
        dispatch: None,
    };
    let task = tasks::insert_in_scope(connection, &new, submission.scope).await?;
    let Some(task) = task else {
        let id = submission.user_task_id;
        let purged = purge::among(connection, &[id]).await?;
        return Err(match purged.is_empty() {
            true => SubmitError::IdTakenElsewhere(id.clone()),
            false => SubmitError::IdPurged(id.clone()),
        });
    };
    batches::insert(connection, task, run).await?;
    Ok(task)
}

/// Reads the items of earlier runs that people made by hand: the items' keys and the made ids.
async fn amended_before(
    connection: &mut Connection,
    kind: &JobKind,
    task: TaskId,
) -> std::result::Result<Vec<(String, i64)>, StoreError> {
    let items = rework::made_by_hand(connection, task).await?;
    let mut keys = Vec::with_capacity(items.len());
    for portion in portions(connection, items).await? {
        let sent = sent_as(connection, &portion).await?;
        let key = |item: &Item| {
            let raw = sent.get(&(item.chunk_id, item.outcome.index))?;
            Some(((kind.key)(raw.get())?, item.outcome.made_id?))
        };
        keys.extend(portion.iter().filter_map(key));
    }
    Ok(keys)
}
