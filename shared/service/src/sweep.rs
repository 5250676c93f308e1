//! Everything that a sweep looks after: runs of dispatched tasks, callbacks, and batches.

use serde::Serialize;

use task_engine::{Deadline, Dispatcher, JobKinds, Queue};

use crate::callbacks;
use crate::error::{Error, Result};
use crate::push::{self, PushQueue};
use crate::tasks::runs::{self, RunQueue, SweptRuns};

/// The counts of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Swept {
    #[serde(flatten)]
    batches: task_engine::Swept,
    #[serde(flatten)]
    runs: SweptRuns,
    /// Runs of dispatched tasks that were announced.
    runs_announced: usize,
    /// Deliveries of callbacks that were announced.
    told: usize,
}

/// Sweeps the runs of dispatched tasks, announces runs and callbacks, and sweeps the batches of these kinds. Each part gets an equal
/// share of the time, and its turn also when another part fails. Safe to run twice at once.
///
/// # Errors
/// That of the first part that failed; each is logged.
pub async fn sweep<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    (run_queue, push): (&impl RunQueue, Option<&PushQueue>),
    kinds: JobKinds,
    deadline: Deadline,
) -> Result<Swept> {
    let database = &dispatcher.database;
    let runs = runs::sweep(database, deadline.part(5)).await;
    let announced = runs::announce_due(database, run_queue, deadline.part(4)).await;
    let pushed = push::announce_due(database, push, deadline.part(3)).await;
    let told = callbacks::announce_due(database, push, deadline.part(2)).await;
    let watched = runs::watch(database).await;
    let batches = task_engine::sweep(dispatcher, kinds, deadline).await;
    let watched = logged("waiting tasks", watched);
    let runs = logged("runs of dispatched tasks", runs);
    let announced = logged("announcements of tasks", announced);
    let pushed = logged("announcements of pushed tasks", pushed);
    let told = logged("callbacks", told);
    let batches = logged("batches", batches.map_err(Error::from));
    watched?;
    Ok(Swept {
        runs: runs?,
        runs_announced: announced? + pushed?,
        told: told?,
        batches: batches?,
    })
}

/// Logs that a part of a round failed.
pub(crate) fn logged<T>(part: &str, swept: Result<T>) -> Result<T> {
    swept.inspect_err(|error| {
        tracing::error!(error = error.kind(), "{part} failed");
    })
}
