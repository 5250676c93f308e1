//! `/task/finish` of a list: runs that end alike are ended together, in a few statements.

use std::collections::{BTreeMap, HashSet};

use jiff::tz::TimeZone;
use task_engine::JobKinds;
use task_store::tasks::{self, Changes, EndedRun, MAX_RESULT, Operation};
use task_store::{Database, TaskId, work};

use super::room::note_freed;
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

/// The most bytes of tasks that the refusals of a list show: the answer must hold what was done.
const MOST_SHOWN: usize = 1_000_000;

/// Finishes tasks; answers the end of each, in their order. Dispatched tasks that are named by their key and get
/// no other change than a whole result are finished in one transaction, the others one by one after it. Of a task that is
/// named twice, the first request counts.
///
/// # Errors
/// The database's. A refusal is the answer of its task.
pub async fn finish_all(
    database: &Database,
    kinds: JobKinds,
    requests: Vec<Result<FinishRequest<'_>>>,
    zone: &TimeZone,
) -> Result<Vec<Finished>> {
    let ended = finish_alike(database, alike(&requests)).await?;
    let mut answers = Vec::with_capacity(requests.len());
    let mut left = MOST_SHOWN;
    for (no, request) in requests.into_iter().enumerate() {
        let answer = match request {
            Ok(_) if ended.contains(&no) => Ok(()),
            Ok(request) => {
                life::finish(database, kinds, &request.task, &request.changes, zone).await
            }
            Err(refusal) => Err(refusal),
        };
        answers.push(shortened(answer, &mut left)?);
    }
    Ok(answers)
}

/// Picks the requests that are carried out together, before all others: none of a task that an earlier request of the list
/// names, or may name. In the order of their keys, so that two calls do not wait for each other.
fn alike<'r>(requests: &'r [Result<FinishRequest<'_>>]) -> Vec<(usize, EndedRun<'r>)> {
    let (mut named, mut is_any_named) = (HashSet::new(), false);
    let mut alike = BTreeMap::new();
    for (no, request) in requests.iter().enumerate() {
        let Ok(request) = request else { continue };
        if let Some((id, run)) = request.alike()
            && !is_any_named
            && !named.contains(&id)
        {
            alike.insert(id, (no, run));
        }
        named.extend(request.task.task_id);
        // The caller's own id may be any task's.
        is_any_named |= request.task.task_id.is_none();
    }
    alike.into_values().collect()
}

/// Finishes runs in one transaction; answers the numbers of the requests that are carried out.
async fn finish_alike(
    database: &Database,
    alike: Vec<(usize, EndedRun<'_>)>,
) -> Result<HashSet<usize>> {
    let (numbers, runs): (Vec<_>, Vec<_>) = alike.into_iter().unzip();
    let finish = async |c: &mut _| {
        let ended = tasks::finish_runs(c, &runs).await?;
        note_freed(c, &ended).await?;
        work::record_all(c, &ended).await?;
        work::remove_all(c, &ended).await?;
        Ok::<_, Error>(ended)
    };
    let ended: HashSet<_> = database.transaction(finish).await?.into_iter().collect();
    let numbered = numbers.into_iter().zip(&runs);
    let done = numbered.filter(|(_, run)| ended.contains(&run.id));
    Ok(done.map(|(no, _)| no).collect())
}

/// Leaves the task out of a refusal where the list shows [`MOST_SHOWN`] bytes of tasks already. A fault ends the list.
fn shortened(answer: Finished, left: &mut usize) -> Result<Finished> {
    let (code, message, data) = match answer {
        Err(Error::Store(fault)) => return Err(fault.into()),
        Err(Error::Refused {
            code,
            message,
            data: Some(data),
        }) => (code, message, data),
        answer => return Ok(answer),
    };
    let bytes = data.get().len();
    let shown = (bytes <= *left).then_some(data);
    *left -= shown.as_ref().map_or(0, |_| bytes);
    Ok(Err(Error::Refused {
        code,
        message,
        data: shown,
    }))
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
