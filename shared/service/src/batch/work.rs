//! Working an announced chunk: claim it, work it, then see whether the batch is done.

use task_store::chunks::{self, ChunkKey, ChunkState, Claimed};
use task_store::{Database, StoreError, batches};

use super::finish::finish_if_done;
use super::job::BatchJob;
use super::settings::Settings;
use super::worker::Worker;
use crate::failpoints::{Failpoint, reach};

/// Why a chunk's message must stay in the queue.
#[derive(Debug, thiserror::Error)]
pub enum Unworked {
    /// Another worker holds the chunk, or took it over: whether that one succeeds is not known yet.
    #[error("another worker holds the chunk")]
    Held,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works a chunk that was announced. `Ok`: every item has its outcome (or its batch is closed), so the message may
/// go; that holds as well for a message that came twice or too late.
pub async fn work<J: BatchJob>(
    database: &Database,
    job: &J,
    settings: &Settings,
    key: ChunkKey,
) -> std::result::Result<(), Unworked> {
    let Some(claim) = begin(database, settings, key).await? else {
        return ended_already::<J>(database, key).await;
    };
    let worker = Worker {
        database,
        job,
        settings,
        claim: &claim,
    };
    match worker.work().await {
        Ok(true) => {}
        Ok(false) => return Err(Unworked::Held),
        Err(fault) => {
            // Best effort: without it the lease runs out by itself.
            let released = database
                .run(async |c| chunks::release(c, &claim).await)
                .await;
            tracing::debug!(released = released.is_ok(), "gave the chunk back");
            return Err(fault.into());
        }
    }
    reach(Failpoint::WorkCommitted).await?;
    finish_if_done(database, J::KIND, key.task, key.run).await?;
    reach(Failpoint::WorkFinished).await?;
    Ok(())
}

/// Claims the chunk and marks its task as running, if nobody has the chunk or has done it.
async fn begin(
    database: &Database,
    settings: &Settings,
    key: ChunkKey,
) -> std::result::Result<Option<Claimed>, StoreError> {
    reach(Failpoint::WorkReceived).await?;
    let claimed = database
        .run(async |c| chunks::claim(c, key, settings.lease).await)
        .await?;
    let Some(claim) = claimed else {
        return Ok(None);
    };
    reach(Failpoint::WorkClaimed).await?;
    if claim.first_of_task {
        database
            .run(async |c| batches::start(c, key.task).await)
            .await?;
    }
    reach(Failpoint::WorkStarted).await?;
    Ok(Some(claim))
}

/// The chunk could not be claimed: its message may go unless somebody is at it.
async fn ended_already<J: BatchJob>(
    database: &Database,
    key: ChunkKey,
) -> std::result::Result<(), Unworked> {
    match database.run(async |c| chunks::state(c, key).await).await? {
        Some(ChunkState::Open) => Err(Unworked::Held),
        Some(ChunkState::Done) => {
            finish_if_done(database, J::KIND, key.task, key.run).await?;
            Ok(())
        }
        Some(ChunkState::Cancelled) | None => Ok(()),
    }
}
