//! A run that is pushed: claim it and a place for its call, commit, call, write what came of it.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use task_store::call_places::{self, Place};
use task_store::task_queues::{self, PolicyChange, QueueName, QueueTarget};
use task_store::tasks::{self, Changes, Operation, ResultChange, ResultPath, Task, TaskStatus};
use task_store::work::{self, Announcer};
use task_store::{Connection, Database, TaskId};

use super::answer::{Verdict, judge};
use super::body::body;
use crate::caller::TaskReference;
use crate::error::{Error, ErrorCode, Result};
use crate::jobs::KINDS;
use crate::targets::TargetCaller;
use crate::tasks::runs::{self, FailRequest};
use crate::tasks::{document, finish};

/// Seconds after which a place whose function has died is free again.
const PLACE_TIME: u32 = 60;

/// A run whose target is to be called.
#[derive(Debug)]
pub struct PushedRun {
    task: Task,
    queue: String,
    target: QueueTarget,
    place: Place,
}

/// Claims the next run of a task and a place for its call; `None`: it is not due, held, over, or its queue has no place for it.
///
/// # Errors
/// The database's.
pub(super) async fn begin(
    database: &Database,
    task: TaskId,
    zone: &TimeZone,
) -> Result<Option<PushedRun>> {
    let begin = async |c: &mut _| begin_within(c, task, zone).await;
    match database.transaction(begin).await {
        Err(Error::Refused { code, .. }) if is_usual(code) => Ok(None),
        end => end,
    }
}

/// Tells whether a refused start is nothing to do: messages may come twice, late, or too early.
const fn is_usual(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::TaskFinished
            | ErrorCode::TaskHeld
            | ErrorCode::TaskNotDue
            | ErrorCode::TaskNotFound
            | ErrorCode::RunStale
    )
}

async fn begin_within(
    connection: &mut Connection,
    task: TaskId,
    zone: &TimeZone,
) -> Result<Option<PushedRun>> {
    let Some((queue, target)) = work::pushed_queue(connection, task).await? else {
        return Ok(None);
    };
    let Some(place) = call_places::take(connection, &queue, PLACE_TIME).await? else {
        return Ok(None);
    };
    // Refused: the transaction takes the place back.
    let task = runs::start(connection, task, None, zone).await?;
    Ok(Some(PushedRun {
        task,
        queue,
        target,
        place,
    }))
}

/// Claims the run that is next in a queue that has a place for a call.
///
/// # Errors
/// The database's.
pub(super) async fn next(database: &Database, zone: &TimeZone) -> Result<Option<PushedRun>> {
    let next = async |c: &mut _| work::next_pushed(c).await;
    for task in database.read(next).await? {
        if let Some(run) = begin(database, task, zone).await? {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// Calls the target of a run, writes what came of it, and gives its place back.
///
/// # Errors
/// The database's.
pub(super) async fn push(
    database: &Database,
    targets: &TargetCaller,
    run: PushedRun,
    zone: &TimeZone,
) -> Result<()> {
    let id = format!("task_{}_{}", run.task.id, run.task.run_count);
    let target = (run.target.url.as_str(), run.target.secret.as_str());
    // From here to the answer no connection is held.
    let verdict = judge(
        targets
            .call(target, id, body(&run.task, &run.queue, zone)?)
            .await,
    );
    let written = write(database, &run, &verdict, zone).await;
    let give_back = async |c: &mut _| call_places::give_back(c, &run.queue, run.place).await;
    let freed = database.run(give_back).await;
    match written {
        // The target has ended the run itself, or it was cancelled, or taken over.
        Err(Error::Refused { code, .. }) if is_usual(code) => {
            report(&run, &verdict, false);
            Ok(freed?)
        }
        written => {
            report(&run, &verdict, written.is_ok());
            written?;
            Ok(freed?)
        }
    }
}

async fn write(
    database: &Database,
    run: &PushedRun,
    verdict: &Verdict,
    zone: &TimeZone,
) -> Result<()> {
    let named = TaskReference {
        task_id: Some(run.task.id),
        ..TaskReference::default()
    };
    let run_count = Some(run.task.run_count);
    match verdict {
        Verdict::Accepted | Verdict::Unknown => Ok(()),
        Verdict::Gone => {
            let pause = async |c: &mut _| pause(c, run).await;
            database.transaction(pause).await
        }
        Verdict::Finished(result) => {
            let changes = match changes(result.as_deref(), run_count) {
                Ok(changes) => changes,
                // The target has done its work, but said nonsense about it.
                Err(wrong) => {
                    let wrong = wrong.to_string();
                    let request = failure(run_count, &wrong, true, None);
                    return runs::fail_unannounced(database, &named, &request, zone).await;
                }
            };
            finish(database, KINDS, &named, &changes, zone).await
        }
        Verdict::Failed {
            message,
            retry,
            retry_after,
            ..
        } => {
            let request = failure(run_count, message, *retry, *retry_after);
            runs::fail_unannounced(database, &named, &request, zone).await
        }
    }
}

const fn failure(
    run_count: Option<i32>,
    message: &str,
    retry: bool,
    retry_after: Option<u32>,
) -> FailRequest<'_> {
    FailRequest {
        run_count,
        message,
        retry,
        retry_after,
    }
}

fn changes(result: Option<&str>, run_count: Option<i32>) -> Result<Changes<'_>> {
    let set = |result| {
        Ok::<_, Error>(ResultChange {
            path: ResultPath::default(),
            operation: Operation::Set(document("result", Cow::Borrowed(result))?),
        })
    };
    Ok(Changes {
        result: result.map(set).transpose()?,
        run_count,
        ..Changes::default()
    })
}

/// Pauses the queue of a run, which goes back as if it had never begun. Runs in a transaction.
async fn pause(connection: &mut Connection, run: &PushedRun) -> Result<()> {
    const ERROR: &str = "its target answered 410: the queue is paused";
    let Some(name) = QueueName::parse(&run.queue) else {
        return Ok(());
    };
    let task = tasks::lock(connection, run.task.id).await?;
    let held = task
        .filter(|task| task.status == TaskStatus::Running && task.run_count == run.task.run_count);
    if let Some(task) = held {
        work::record(connection, task.id, task.run_count, Some(ERROR)).await?;
        let wait = work::Wait {
            ms: 0,
            announcer: Some(Announcer::Sweeper),
        };
        work::put_off(connection, task.id, wait, ERROR).await?;
        work::give_back(connection, task.id).await?;
        tasks::wait_again(connection, task.id, ERROR).await?;
    }
    let pause = PolicyChange {
        paused: Some(true),
        ..PolicyChange::default()
    };
    Ok(task_queues::set(connection, &name, &pause).await?)
}

/// Logs what came of a call; a fault that somebody must mend is an error.
fn report(run: &PushedRun, verdict: &Verdict, is_written: bool) {
    let (id, run_count) = (run.task.id.get(), run.task.run_count);
    let queue = run.queue.as_str();
    match verdict {
        Verdict::Finished(_) | Verdict::Accepted => {
            let is_finished = matches!(verdict, Verdict::Finished(_));
            tracing::info!(
                task.id = id,
                run_count,
                queue.name = queue,
                is_finished,
                is_written,
                "run pushed"
            );
        }
        Verdict::Failed {
            message,
            is_alarming: true,
            ..
        } => {
            tracing::error!(
                task.id = id,
                run_count,
                queue.name = queue,
                error = message,
                "a target refuses runs"
            );
        }
        Verdict::Failed { retry, .. } => {
            tracing::warn!(
                task.id = id,
                run_count,
                queue.name = queue,
                retry,
                is_written,
                "a pushed run failed"
            );
        }
        Verdict::Gone => {
            tracing::error!(
                task.id = id,
                run_count,
                queue.name = queue,
                "a target answered 410: its queue is paused"
            );
        }
        Verdict::Unknown => {
            tracing::warn!(
                task.id = id,
                run_count,
                queue.name = queue,
                "a target did not answer: the run keeps its lease"
            );
        }
    }
}
