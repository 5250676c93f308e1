//! Handling a dead letter: a chunk's message that came back so often that it ended in the dead-letter queue.
//!
//! That alone says nothing about the chunk: an outage, or workers without time, carry messages there as well. Only a
//! chunk that stalled workers is given up; any other one is announced anew, by a message with a life of its own.

use task_store::batches;
use task_store::chunks::{self, ChunkKey, ChunkState, ChunkStatus, Claim, ClaimTerms, Claimed};
use task_store::items;
use task_store::{Connection, Database, Result, StoreError, dead_letters, outbox, tasks};

use super::invocation::Unworked;
use super::refused::refused;
use crate::failpoints::{Failpoint, reach};
use crate::finish::{finish_if_done, refresh};
use crate::item_error::ItemError;
use crate::job::{JobKind, JobKinds};
use crate::settings::Settings;

/// Gives a chunk up from its fifth stall in a row: an attempt that ended neither with an outcome nor with a fault of the
/// database. The first two of them work it as a whole, the next two give the item that ends its worker two tries, the fifth
/// would have given that item up alone.
const GIVEN_UP_FROM: u32 = 5;

/// Ends a chunk that stalled its workers: items without an outcome fail as `SYSTEM_BUSY`, so that their batch finishes and
/// a person can submit or mend them again. `cause` is kept with the chunk, and so is the last worker with its last error. A
/// chunk that is held is left to its worker. One that was never worked, or failed by faults of the database only, is
/// announced again.
pub async fn handle_dead_letter(
    database: &Database,
    settings: &Settings,
    kinds: JobKinds,
    key: ChunkKey,
    cause: &str,
) -> std::result::Result<(), Unworked> {
    let read = async |c: &mut _| chunks::status(c, key, settings.lease).await;
    let status = database.run(read).await?;
    let Some(status) = status.filter(|status| status.state == ChunkState::Open) else {
        return Ok(());
    };
    if status.stalls < GIVEN_UP_FROM {
        let make_due = async |c: &mut _| outbox::make_due(c, &[key]).await;
        return Ok(database.run(make_due).await?);
    }
    let cause = told(cause, &status);
    let terms = ClaimTerms::new(settings.lease, 0);
    let claim = async |c: &mut _| chunks::claim(c, key, &terms).await;
    let claimed = match database.run(claim).await? {
        Claim::Claimed(claimed) => claimed,
        Claim::Refused(status) if status.state == ChunkState::Open => return Err(Unworked::Held),
        Claim::Refused(_) | Claim::Missing => return Ok(()),
    };
    reach(Failpoint::DeadLetterClaimed).await?;
    let batch = database
        .run(async |c| batches::by_task(c, key.task).await)
        .await?;
    let kind = kinds.of(&batch.ok_or(StoreError::Unreadable("batch"))?)?;
    let written = database
        .transaction(async |c| give_up(c, kind, &claimed, (&cause, status.worker.as_deref())).await)
        .await?;
    if !written {
        return Err(Unworked::Held);
    }
    reach(Failpoint::DeadLetterCommitted).await?;
    finish_if_done(database, kind, key.task, key.run).await?;
    Ok(())
}

async fn give_up(
    connection: &mut Connection,
    kind: &JobKind,
    claim: &Claimed,
    (cause, worker): (&str, Option<&str>),
) -> Result<bool> {
    let task = tasks::lock(connection, claim.key.task).await?;
    if !chunks::end_unit(connection, claim).await? {
        return Ok(false);
    }
    let busy = |index| refused(index, &[ItemError::busy()], 1);
    let outcomes: Vec<_> = (claim.first_index..claim.first_index + claim.item_count)
        .map(busy)
        .collect();
    // An item that has its outcome keeps it.
    items::settle(connection, claim, &outcomes).await?;
    chunks::complete(connection, claim).await?;
    chunks::note_cause(connection, claim, cause).await?;
    dead_letters::record_chunk(connection, claim, worker, cause).await?;
    let batch = batches::by_task(connection, claim.key.task).await?;
    if let (true, Some((task, batch))) = (claim.is_rework, task.zip(batch)) {
        refresh(connection, kind, &task, &batch).await?;
    }
    Ok(true)
}

/// Adds the last attempt to the cause why a chunk is given up: the invocation that had it, and the last fault that it
/// reported.
fn told(cause: &str, status: &ChunkStatus) -> String {
    let worker = status.worker.as_deref().unwrap_or("unknown");
    let error = status.last_error.as_ref().map_or_else(
        || "no worker reported an error: its process ended or its time was up".to_owned(),
        |error| format!("last error: {error}"),
    );
    let attempt = status.attempt;
    format!("{cause}; attempt {attempt} by request {worker}; {error}")
}
