//! Telling the workers: after a submit, and again by the sweeper for as long as a chunk is open.

use task_store::outbox::{self, Due};
use task_store::{Database, Result, batches};

use super::finish::finish_if_done;
use super::job::JobKind;
use super::settings::{Dispatcher, Settings};
use crate::failpoints::{Failpoint, reach};
use crate::queue::Queue;

/// How many chunks or batches one sweep takes.
const SWEEP_LIMIT: u32 = 1_000;

/// Announces stored chunks. What cannot be sent now is made due for the sweeper at once; should even that fail,
/// it falls due by itself later.
pub async fn announce<Q: Queue>(dispatcher: &Dispatcher<Q>, due: &[Due]) {
    let unsent = dispatcher.queue.send(due).await;
    if unsent.is_empty() {
        return;
    }
    tracing::warn!(
        chunks.unsent = unsent.len(),
        "some chunks could not be announced; the sweeper will"
    );
    let made_due = dispatcher
        .database
        .run(async |c| outbox::make_due(c, &unsent).await)
        .await;
    if let Err(fault) = made_due {
        tracing::warn!(error = %fault.kind(), "the unsent chunks will fall due by themselves");
    }
}

/// Announces open chunks whose message is overdue, whatever became of it, and of those that wait for their station as many
/// as may be worked; answers how many. Safe to run twice at once.
pub async fn announce_due<Q: Queue>(dispatcher: &Dispatcher<Q>) -> Result<usize> {
    let Settings {
        resend,
        station_chunks,
        ..
    } = dispatcher.settings;
    let take = async |c: &mut _| outbox::take_due(c, SWEEP_LIMIT, resend, station_chunks).await;
    let due = dispatcher.database.transaction(take).await?;
    reach(Failpoint::SweepTaken).await?;
    announce(dispatcher, &due).await;
    reach(Failpoint::SweepAnnounced).await?;
    Ok(due.len())
}

/// Finishes batches that have no open chunk left, because whoever worked the last one died before it could; answers
/// how many. Safe to run twice at once.
pub async fn finish_abandoned(database: &Database, kinds: &[&JobKind]) -> Result<usize> {
    let batches = database
        .run(async |c| batches::finishable(c, SWEEP_LIMIT).await)
        .await?;
    let mut finished = 0;
    for (task, run, job) in batches {
        match kinds.iter().find(|kind| kind.name == job) {
            Some(kind) => finished += usize::from(finish_if_done(database, kind, task, run).await?),
            None => tracing::error!(
                job,
                task.id = task.get(),
                "a batch of an unknown job cannot be finished"
            ),
        }
    }
    Ok(finished)
}
