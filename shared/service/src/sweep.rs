//! Everything that a sweep looks after: runs of dispatched tasks, the inbox, and batches.

use serde::Serialize;

use task_engine::{Deadline, Dispatcher, JobKinds, Queue};

use crate::error::Result;
use crate::tasks::runs::{self, SweptRuns};
use crate::tasks::{IdScope, inbox};

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Swept {
    #[serde(flatten)]
    batches: task_engine::Swept,
    #[serde(flatten)]
    runs: SweptRuns,
    /// Rows of the inbox that were adopted or refused.
    adopted: usize,
}

/// Sweeps the runs of dispatched tasks, adopts tasks that were added by SQL, then sweeps the batches of these kinds, until the deadline. Safe to run twice at once.
///
/// # Errors
/// The database cannot be used.
pub async fn sweep<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    kinds: JobKinds,
    scope: IdScope,
    deadline: Deadline,
) -> Result<Swept> {
    let runs = runs::sweep(&dispatcher.database, deadline).await?;
    let mut adopted = 0;
    while !deadline.has_passed() {
        match inbox::adopt(&dispatcher.database, scope).await? {
            0 => break,
            rows => adopted += rows,
        }
    }
    let batches = task_engine::sweep(dispatcher, kinds, deadline).await?;
    Ok(Swept {
        batches,
        runs,
        adopted,
    })
}
