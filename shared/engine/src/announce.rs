//! Announcing chunks to the workers: after a submit, and again by the sweeper for as long as a chunk is open.

use std::collections::HashSet;

use task_store::chunks::ChunkKey;
use task_store::outbox::{self, Announcement};

use crate::queue::Queue;
use crate::settings::Dispatcher;

/// Announces stored chunks and answers the chunks that could not be announced. These are made due for the sweeper at once; should
/// even that fail, they fall due by themselves later.
pub async fn announce<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    announcements: &[Announcement],
) -> HashSet<ChunkKey> {
    let unsent = dispatcher.queue.send(announcements).await;
    make_due(dispatcher, &unsent).await;
    unsent.into_iter().collect()
}

/// Makes chunks that could not be announced due for the sweeper.
pub(crate) async fn make_due<Q: Queue>(dispatcher: &Dispatcher<Q>, unsent: &[ChunkKey]) {
    if unsent.is_empty() {
        return;
    }
    tracing::warn!(
        chunks.unsent = unsent.len(),
        "some chunks could not be announced; the sweeper will"
    );
    let made_due = dispatcher
        .database
        .run(async |c| outbox::make_due(c, unsent).await)
        .await;
    if let Err(fault) = made_due {
        tracing::warn!(error = %fault.kind(), "the unsent chunks will fall due by themselves");
    }
}
