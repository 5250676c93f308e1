//! Handling a dead letter: a chunk's message that came back so often that it ended in the dead-letter queue.
//!
//! That alone says nothing about the chunk: an outage, or workers without time, carry messages there as well. Only a
//! chunk that stalled workers is given up; any other one is announced anew, by a message with a life of its own.

use task_store::batches;
use task_store::chunks::{self, ChunkKey, ChunkState, ClaimTerms, Claimed};
use task_store::items;
use task_store::{Connection, Database, Result, StoreError, outbox, tasks};

use super::invocation::Unworked;
use super::refused::refused;
use crate::failpoints::{Failpoint, reach};
use crate::finish::{finish_if_done, refresh};
use crate::item_error::ItemError;
use crate::job::{JobKind, JobKinds};
use crate::settings::Settings;

/// From so many attempts in a row on that ended neither with an outcome nor with a fault of the database, a chunk is given
/// up. The first two of them work it as a whole, the next two give the item that ends its worker two tries, the fifth
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
    let stalls = database.run(async |c| chunks::stalls(c, key).await).await?;
    if stalls.is_some_and(|stalls| stalls < GIVEN_UP_FROM) {
        let make_due = async |c: &mut _| outbox::make_due(c, &[key]).await;
        return Ok(database.run(make_due).await?);
    }
    let terms = ClaimTerms::new(settings.lease, 0);
    let claim = async |c: &mut _| chunks::claim(c, key, &terms).await;
    let Some(claimed) = database.run(claim).await? else {
        let status = async |c: &mut _| chunks::status(c, key, settings.lease).await;
        let status = database.run(status).await?;
        return if status.is_some_and(|status| status.state == ChunkState::Open) {
            Err(Unworked::Held)
        } else {
            Ok(())
        };
    };
    reach(Failpoint::DeadLetterClaimed).await?;
    let batch = database
        .run(async |c| batches::by_task(c, key.task).await)
        .await?;
    let kind = kinds.of(&batch.ok_or(StoreError::Unreadable("batch"))?)?;
    let written = database
        .transaction(async |c| give_up(c, kind, &claimed, cause).await)
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
    cause: &str,
) -> Result<bool> {
    let task = tasks::lock(connection, claim.key.task).await?;
    if !chunks::complete(connection, claim).await? {
        return Ok(false);
    }
    let busy = |index| refused(index, &[ItemError::busy()], 1);
    let outcomes: Vec<_> = (claim.first_index..claim.first_index + claim.item_count)
        .map(busy)
        .collect();
    // An item that has its outcome keeps it.
    items::settle(connection, claim, &outcomes).await?;
    chunks::note_cause(connection, claim, cause).await?;
    let batch = batches::by_task(connection, claim.key.task).await?;
    if let (true, Some((task, batch))) = (claim.amends, task.zip(batch)) {
        refresh(connection, kind, &task, &batch).await?;
    }
    Ok(true)
}
