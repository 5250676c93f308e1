//! Everything that a sweep looks after: runs of dispatched tasks, the inbox, and batches.

use serde::Serialize;

use task_engine::{Deadline, Dispatcher, JobKinds, Queue};

use crate::error::{Error, Result};
use crate::tasks::runs::{self, RunQueue, SweptRuns};
use crate::tasks::{IdScope, inbox};

/// The counts of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Swept {
    #[serde(flatten)]
    batches: task_engine::Swept,
    #[serde(flatten)]
    runs: SweptRuns,
    /// Rows of the inbox that were adopted or refused.
    adopted: usize,
    /// Runs of dispatched tasks that were announced.
    runs_announced: usize,
}

/// Sweeps the runs of dispatched tasks, adopts tasks that were added by SQL, announces runs, and sweeps the batches of these kinds. Each part gets
/// an equal share of the time, and its turn also when another part fails. Safe to run twice at once.
///
/// # Errors
/// That of the first part that failed; each is logged.
pub async fn sweep<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    run_queue: &impl RunQueue,
    kinds: JobKinds,
    scope: IdScope,
    deadline: Deadline,
) -> Result<Swept> {
    let database = &dispatcher.database;
    let runs = runs::sweep(database, deadline.part(4)).await;
    let adopted = inbox::adopt_all(database, scope, deadline.part(3)).await;
    let announced = runs::announce_due(database, run_queue, deadline.part(2)).await;
    let watched = runs::watch(database).await;
    let batches = task_engine::sweep(dispatcher, kinds, deadline).await;
    logged("waiting tasks", watched)?;
    Ok(Swept {
        runs: logged("runs of dispatched tasks", runs)?,
        adopted: logged("the inbox", adopted)?,
        runs_announced: logged("announcements of tasks", announced)?,
        batches: logged("batches", batches.map_err(Error::from))?,
    })
}

fn logged<T>(part: &str, swept: Result<T>) -> Result<T> {
    swept.inspect_err(|error| {
        let kind = if let Error::Store(fault) = error {
            fault.kind()
        } else {
            error.to_string()
        };
        tracing::error!(error = kind, "{part} cannot be swept");
    })
}
