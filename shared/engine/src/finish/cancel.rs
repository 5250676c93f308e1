//! Closing a batch before it is done.

use task_store::batches::{self, Batch};
use task_store::tasks::Task;
use task_store::{Connection, Result, chunks};

use super::batch::result_of;
use crate::job::JobKind;

/// Ends an open batch: made items stay made, no item is started once the transaction commits, the rest is
/// listed as cancelled. The caller holds the task's lock and has seen it open.
///
/// A worker's commit and this take turns on the row of the chunk's unit of work: the chunk is either done before, and its
/// orders are in the result, or cancelled, and the worker writes nothing.
pub async fn cancel(
    connection: &mut Connection,
    kind: &JobKind,
    task: &Task,
    batch: &Batch,
) -> Result<()> {
    chunks::cancel_open(connection, task.id, batch.run).await?;
    let result = result_of(connection, kind, task, batch).await?;
    batches::finish(connection, task.id, &result, false).await
}
