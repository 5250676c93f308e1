//! Announcing runs of tasks to the consumers of their SQS queue: after the commit that makes them due, and again by the sweeper
//! for as long as nobody has started them.

use task_engine::Deadline;
use task_store::invocation::{self, OpenedUnit};
use task_store::task_queues::Mode;
use task_store::work::{self, RunAnnouncement};
use task_store::{Database, TaskId};

use super::room::{PAGE, let_overdue_wait, take, take_freed};
use crate::error::Result;
use crate::tasks::{self, AddedTask, IdScope, TaskRequest};

/// Takes announcements of runs to the consumers of their queues.
pub trait RunQueue: Sync {
    /// Tells whether a task queue has consumers here.
    fn has(&self, queue: &str) -> bool;

    /// Tells whether no task queue has consumers here.
    fn is_empty(&self) -> bool;

    /// Sends announcements and answers the tasks whose announcement was not sent. Never fails as a whole.
    fn send(&self, runs: &[RunAnnouncement]) -> impl Future<Output = Vec<TaskId>> + Send;
}

/// Adds a task as [`tasks::add()`] does, and announces it.
///
/// # Errors
/// The errors of [`tasks::add()`].
pub async fn add<Q: RunQueue>(
    database: &Database,
    queue: &Q,
    new: &TaskRequest<'_>,
    scope: IdScope,
) -> Result<AddedTask> {
    let task_id = tasks::add(database, &new.task(), scope).await?;
    announce(database, queue, new.announced(task_id, queue)).await;
    let own = new.user_task_id.as_ref().map(ToString::to_string);
    Ok(AddedTask {
        task_id,
        user_task_id: own.unwrap_or_default(),
    })
}

/// Adds tasks as [`tasks::add_many()`] does, and announces them.
///
/// # Errors
/// The errors of [`tasks::add_many()`].
pub async fn add_many<Q: RunQueue>(
    database: &Database,
    queue: &Q,
    requests: Vec<Result<TaskRequest<'_>>>,
    scope: IdScope,
) -> Result<Vec<Result<AddedTask>>> {
    let added = tasks::add_many(database, requests, scope).await?;
    announce(database, queue, added.iter().flatten()).await;
    Ok(added)
}

/// Announces runs of tasks that the caller has made due. The sweeper announces runs that cannot be announced here.
pub async fn announce<Q: RunQueue>(
    database: &Database,
    queue: &Q,
    tasks: impl IntoIterator<Item = impl Into<TaskId>>,
) {
    if queue.is_empty() {
        return;
    }
    let tasks: Vec<TaskId> = tasks.into_iter().map(Into::into).collect();
    if tasks.is_empty() {
        return;
    }
    let read = async |c: &mut _| work::announcements(c, &tasks).await;
    match database.read(read).await {
        Ok(runs) => drop(send(database, queue, &runs).await),
        Err(fault) => {
            let error = fault.kind();
            tracing::warn!(error, "the sweeper will announce the runs of tasks");
        }
    }
}

/// Sends announcements; answers how many were sent. The others are left to the sweeper.
async fn send<Q: RunQueue>(database: &Database, queue: &Q, runs: &[RunAnnouncement]) -> usize {
    if runs.is_empty() {
        return 0;
    }
    let unsent = queue.send(runs).await;
    if unsent.is_empty() {
        return runs.len();
    }
    let number = unsent.len();
    tracing::warn!(runs.unsent = number, "some runs could not be announced");
    let leave = async |c: &mut _| work::leave_unannounced(c, &unsent).await;
    if let Err(fault) = database.run(leave).await {
        let error = fault.kind();
        tracing::warn!(error, "the unsent runs will fall due by themselves");
    }
    runs.len() - number
}

/// Announces the runs that had no room in capped queues until this invocation ended other runs. The sweeper announces runs that
/// cannot be announced here.
pub async fn announce_freed<Q: RunQueue>(database: &Database, queue: &Q) {
    for lane in invocation::take_freed() {
        let take = async |c: &mut _| take_freed(c, &lane).await;
        match database.transaction(take).await {
            Ok((Mode::Push, runs)) => runs.iter().for_each(note_opened),
            Ok((_, runs)) => drop(send(database, queue, &runs).await),
            Err(error) => {
                let error = error.kind();
                tracing::warn!(error, "the sweeper will announce the next run of a queue");
            }
        }
    }
}

/// Has a run of a queue in mode `push` announced when the invocation ends.
fn note_opened(run: &RunAnnouncement) {
    let lane = (run.queue.clone(), run.station.as_str().to_owned());
    let _ = invocation::note_opened(OpenedUnit::Run {
        task: run.task,
        lane,
        delay: run.delay,
    });
}

/// Announces runs whose message was never sent, or was lost, until none is left or the deadline has passed; answers how many.
///
/// # Errors
/// The database's.
pub async fn announce_due<Q: RunQueue>(
    database: &Database,
    queue: &Q,
    deadline: Deadline,
) -> Result<usize> {
    let read = async |c: &mut _| work::announcing(c).await;
    let mut announced = 0;
    for policy in database.run(read).await? {
        if policy.mode != Mode::Sqs {
            continue;
        }
        let_overdue_wait(database, &policy, deadline).await?;
        if policy.paused {
            continue;
        }
        let name = &policy.name;
        if !queue.has(name) {
            tracing::error!(
                queue.name = name,
                "a task queue in mode sqs has no SQS queue"
            );
            continue;
        }
        while !deadline.has_passed() {
            let runs = database
                .transaction(async |c| take(c, &policy).await)
                .await?;
            let sent = send(database, queue, &runs).await;
            announced += sent;
            if sent < PAGE as usize {
                break;
            }
        }
    }
    Ok(announced)
}
