//! A run that is pushed: claim it and a place for its call, commit, call, write what came of it.

mod report;

use std::borrow::Cow;

use jiff::tz::TimeZone;
use task_store::call_places::{self, Place};
use task_store::task_queues::{self, Policy, PolicyChange, QueueName, QueueTarget};
use task_store::tasks::{self, Changes, Operation, ResultChange, ResultPath, Task, TaskStatus};
use task_store::work::{self, Announcer};
use task_store::{Connection, Database, TaskId};

use super::answer::{Verdict, judge, unusable};
use super::body::envelope;
use crate::caller::TaskReference;
use crate::error::{Error, ErrorCode, Result};
use crate::jobs::KINDS;
use crate::targets::TargetCaller;
use crate::tasks::runs::{self, FailRequest, RetryAfter};
use crate::tasks::{document, finish};
use report::report;

/// Seconds after which a place whose function has died is free again.
const PLACE_TIME: u32 = 60;
/// Milliseconds until a run comes again whose target was not called.
const UNCALLED_WAIT: u64 = 30_000;

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
    let task = match runs::start(connection, task, None, zone).await? {
        runs::Start::Run(task) => *task,
        runs::Start::NoRoom(_) => {
            call_places::give_back(connection, &queue, place).await?;
            return Ok(None);
        }
    };
    Ok(Some(PushedRun {
        task,
        queue,
        target,
        place,
    }))
}

/// Claims the run that is next in a queue that has a place for a call. A station that has as many runs in work as it may keeps no
/// other station of its queue waiting.
///
/// # Errors
/// The database's.
pub(super) async fn next(database: &Database) -> Result<Option<PushedRun>> {
    let pushable = async |c: &mut _| work::pushable(c).await;
    for (policy, target) in database.read(pushable).await? {
        let begin = async |c: &mut _| begin_first(c, &policy, &target).await;
        if let Some(run) = database.transaction(begin).await? {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

async fn begin_first(
    connection: &mut Connection,
    policy: &Policy,
    target: &QueueTarget,
) -> Result<Option<PushedRun>> {
    let queue = policy.name.as_str();
    let Some(place) = call_places::take(connection, queue, PLACE_TIME).await? else {
        return Ok(None);
    };
    let Some(task) = runs::claim_first(connection, policy).await? else {
        call_places::give_back(connection, queue, place).await?;
        return Ok(None);
    };
    Ok(Some(PushedRun {
        task,
        queue: queue.to_owned(),
        target: target.clone(),
        place,
    }))
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
    let envelope = envelope(&run.task, &run.queue, zone);
    let mut verdict = judge(targets.call(target, id, &envelope).await);
    let mut written = write(database, &run, &verdict, zone).await;
    if let Err(Error::Refused {
        code: ErrorCode::ParamInvalid,
        message,
        ..
    }) = &written
    {
        // The target has done its work, but says nonsense about it.
        verdict = unusable(message);
        written = write(database, &run, &verdict, zone).await;
    }
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
        Verdict::Uncalled(reason) => {
            let back = async |c: &mut _| go_back(c, run, reason, UNCALLED_WAIT).await;
            database.transaction(back).await
        }
        Verdict::Finished(result) => {
            let changes = changes(result.as_deref(), run_count)?;
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

fn failure(
    run_count: Option<i32>,
    message: &str,
    retry: bool,
    retry_after: Option<u32>,
) -> FailRequest<'_> {
    FailRequest {
        run_count,
        message,
        retry,
        retry_after: retry_after.map(RetryAfter::AtLeast),
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

/// Pauses the queue of a run, which goes back. A queue that has got another target since is not paused. Runs in a transaction.
async fn pause(connection: &mut Connection, run: &PushedRun) -> Result<()> {
    const ERROR: &str = "its target answered 410: the queue is paused";
    go_back(connection, run, ERROR, 0).await?;
    let Some(name) = QueueName::parse(&run.queue) else {
        return Ok(());
    };
    let target = task_queues::target(connection, &run.queue).await?;
    if target.is_none_or(|target| target.url != run.target.url) {
        return Ok(());
    }
    let pause = PolicyChange {
        paused: Some(true),
        ..PolicyChange::default()
    };
    Ok(task_queues::set(connection, &name, &pause).await?)
}

/// Lets a run wait for milliseconds as if it had never begun, if it is still held. Runs in a transaction.
async fn go_back(connection: &mut Connection, run: &PushedRun, error: &str, ms: u64) -> Result<()> {
    let task = tasks::lock(connection, run.task.id).await?;
    let held = task
        .filter(|task| task.status == TaskStatus::Running && task.run_count == run.task.run_count);
    if let Some(task) = held {
        work::record(connection, task.id, task.run_count, Some(error)).await?;
        let wait = work::Wait {
            ms,
            announcer: Some(Announcer::Sweeper),
        };
        work::put_off(connection, task.id, wait, error).await?;
        work::give_back(connection, task.id).await?;
        tasks::wait_again(connection, task.id, error).await?;
    }
    Ok(())
}
