//! `/task/finish` of a list: runs that end alike are ended together, in a few statements.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use task_engine::JobKinds;
use task_store::tasks::{self, Changes, EndedRun, MAX_RESULT, Operation};
use task_store::{Database, TaskId, work};

use crate::caller::TaskReference;
use crate::error::{Error, Result};
use crate::tasks::life;
use crate::tasks::update;

/// One task of the list.
#[derive(Debug)]
pub struct FinishRequest<'a> {
    /// The task.
    pub task: TaskReference,
    /// Its last changes, and the run that speaks.
    pub changes: Changes<'a>,
}

/// The end of a task in the list: finished, or the refusal.
pub type Finished = Result<()>;

/// Finishes tasks; answers the end of each, in their order. Dispatched tasks that are named by their key and get
/// no other change than a whole result are finished in one transaction, the others one by one.
///
/// # Errors
/// The database's. A refusal is the answer of its task.
pub async fn finish_all(
    database: &Database,
    kinds: JobKinds,
    requests: Vec<Result<FinishRequest<'_>>>,
    zone: &TimeZone,
) -> Result<Vec<Finished>> {
    // In the order of their keys, so that two calls do not wait for each other.
    let alike: BTreeMap<TaskId, EndedRun<'_>> = requests
        .iter()
        .flatten()
        .filter_map(FinishRequest::alike)
        .collect();
    let alike: Vec<_> = alike.into_values().collect();
    let ended = database
        .transaction(async |c| {
            let ended = tasks::finish_runs(c, &alike).await?;
            work::record_all(c, &ended).await?;
            work::remove_all(c, &ended).await?;
            Ok::<_, Error>(ended)
        })
        .await?;
    let mut answers = Vec::with_capacity(requests.len());
    for request in &requests {
        let Ok(request) = request else {
            answers.push(Ok(()));
            continue;
        };
        let is_ended = request.alike().is_some_and(|(id, _)| ended.contains(&id));
        let answer = match is_ended {
            true => Ok(()),
            false => life::finish(database, kinds, &request.task, &request.changes, zone).await,
        };
        match answer {
            Err(Error::Store(fault)) => return Err(fault.into()),
            answer => answers.push(answer),
        }
    }
    let refused = |(request, answer): (Result<_>, _)| request.err().map_or(answer, Err);
    Ok(requests.into_iter().zip(answers).map(refused).collect())
}

impl FinishRequest<'_> {
    /// Prepares a task to be finished together with others; `None`: the task is finished by itself.
    fn alike(&self) -> Option<(TaskId, EndedRun<'_>)> {
        let Self { task, changes } = self;
        let id = task.task_id.filter(|_| task.user_task_id.is_none())?;
        let result = match &changes.result {
            None => None,
            Some(change) if !change.path.is_root() => return None,
            Some(change) => match &change.operation {
                Operation::Set(document) => {
                    let bytes = u64::try_from(document.most_bytes()).unwrap_or(u64::MAX);
                    let fits = bytes <= MAX_RESULT && update::check(changes).is_ok();
                    (fits && !document.is_null()).then_some(())?;
                    Some(document.as_str())
                }
                _ => return None,
            },
        };
        let is_more = changes.name.is_some()
            || changes.input.is_some()
            || changes.type_id.is_some()
            || changes.repeat.is_some()
            || changes.message_show.is_some()
            || changes.progress.is_some()
            || changes.op_id.is_some();
        let run = EndedRun {
            id,
            run_count: changes.run_count,
            station: task.station_id.as_ref(),
            result,
        };
        (!is_more).then_some((id, run))
    }
}
