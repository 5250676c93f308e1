//! Adding a list of tasks in a few statements.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use task_store::tasks::{self, IdScope, NewTask, Task};
use task_store::work::{self, Announcer, NewUnit};
use task_store::{
    Connection, Database, StationId, StoreError, TaskId, UserTaskId, callbacks, keep, purge,
    task_queues,
};

use super::add::{Added, conflict, is_alike, purged, resubmit, taken_elsewhere};
use super::field;
use super::queues::undeclared;
use super::request::TaskRequest;
use crate::callbacks::undeclared as no_callback;
use crate::error::{Error, Result};

/// The ids of a task that was added, now or before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddedTask {
    /// Its key.
    pub task_id: TaskId,
    /// The caller's own id; empty without one.
    pub user_task_id: String,
}

impl From<&AddedTask> for TaskId {
    fn from(added: &AddedTask) -> Self {
        added.task_id
    }
}

/// How often a list is looked through again after another call has taken one of its ids.
const ATTEMPTS: u32 = 5;

/// Adds tasks; answers the ids or the refusal of each, in their order. Each request means the same as alone: the same
/// one again is found, also within the list. A refused one keeps no other from being added.
///
/// # Errors
/// The database's: then none was added.
pub async fn add_many(
    database: &Database,
    requests: Vec<Result<TaskRequest<'_>>>,
    scope: IdScope,
) -> Result<Vec<Result<AddedTask>>> {
    let (news, refused) = sorted_out(requests);
    let add = async |c: &mut _| add_news(c, &news, scope, Announcer::Caller).await;
    let added = database.transaction(add).await?;
    Ok(answers(refused, added))
}

/// Adds tasks within a transaction of the caller's.
pub(super) async fn add_within(
    connection: &mut Connection,
    requests: Vec<Result<TaskRequest<'_>>>,
    scope: IdScope,
    announcer: Announcer,
) -> Result<Vec<Result<AddedTask>>> {
    let (news, refused) = sorted_out(requests);
    let added = add_news(connection, &news, scope, announcer).await?;
    Ok(answers(refused, added))
}

/// Returns the requests that may be added; of each request of the list why it may not.
fn sorted_out(
    requests: Vec<Result<TaskRequest<'_>>>,
) -> (Vec<TaskRequest<'_>>, Vec<Option<Error>>) {
    let (mut news, mut refused) = (Vec::new(), Vec::new());
    for request in requests {
        let checked = request.and_then(|new| {
            field::check_input("input", &new.input)?;
            Ok(new)
        });
        match checked {
            Ok(new) => {
                news.push(new);
                refused.push(None);
            }
            Err(refusal) => refused.push(Some(refusal)),
        }
    }
    (news, refused)
}

async fn add_news(
    connection: &mut Connection,
    news: &[TaskRequest<'_>],
    scope: IdScope,
    announcer: Announcer,
) -> Result<Vec<Result<AddedTask>>> {
    let tasks: Vec<_> = news.iter().map(TaskRequest::task).collect();
    let mut attempt = 1;
    let keys = loop {
        match add_all(connection, &tasks, scope, announcer).await {
            Err(Error::Store(fault)) if fault.is_duplicate_key() && attempt < ATTEMPTS => {
                attempt += 1;
            }
            end => break end?,
        }
    };
    let added = keys.into_iter().zip(&tasks).map(|(key, new)| {
        let own = new.user_task_id.map(ToString::to_string);
        key.map(|task_id| AddedTask {
            task_id,
            user_task_id: own.unwrap_or_default(),
        })
    });
    Ok(added.collect())
}

/// Returns the answers of all requests, in their order.
fn answers(refused: Vec<Option<Error>>, added: Vec<Result<AddedTask>>) -> Vec<Result<AddedTask>> {
    let mut added = added.into_iter();
    let missing = || Err(StoreError::Unreadable("an id").into());
    let answer = |refusal: Option<Error>| match refusal {
        Some(refusal) => Err(refusal),
        None => added.next().unwrap_or_else(missing),
    };
    refused.into_iter().map(answer).collect()
}

async fn add_all(
    connection: &mut Connection,
    news: &[NewTask<'_>],
    scope: IdScope,
    announcer: Announcer,
) -> Result<Vec<Result<TaskId>>> {
    let known = Known::read(connection, news).await?;
    let (fresh, places) = sort(news, &known, scope);
    let keys = tasks::insert_all(connection, &fresh, scope == IdScope::Everywhere).await?;
    let mut begun: Vec<_> = keys.iter().copied().zip(fresh.iter().copied()).collect();
    let mut answers = Vec::with_capacity(news.len());
    for (new, place) in news.iter().zip(places) {
        answers.push(match place {
            Place::Fresh(no) => Ok(keys[no]),
            Place::Refused(refusal) => Err(refusal),
            Place::Found(task, id) => match resubmit(connection, new, id, task).await {
                Err(Error::Store(fault)) => return Err(fault.into()),
                Err(refusal) => Err(refusal),
                Ok(added) => {
                    if let Added::New(key) = added {
                        begun.push((key, new));
                    }
                    Ok(added.id())
                }
            },
        });
    }
    let units = begun
        .iter()
        .filter_map(|(task, new)| NewUnit::of(*task, new));
    work::insert(connection, &units.collect::<Vec<_>>(), announcer).await?;
    let kept = begun
        .iter()
        .filter_map(|(task, new)| Some((*task, new.labels.keep_days?)));
    keep::set(connection, &kept.collect::<Vec<_>>()).await?;
    Ok(answers)
}

/// The tasks that exist already.
struct Known {
    /// The queues that are declared.
    queues: HashSet<String>,
    /// Of the callbacks that are named, those that are not declared.
    unknown_callbacks: HashSet<String>,
    /// The tasks with one of the ids of the list, of any station, with the inputs that may be the same.
    tasks: Vec<Task>,
    /// The ids of the list that purged tasks had, of any station.
    purged: Vec<(StationId, UserTaskId)>,
}

impl Known {
    async fn read(connection: &mut Connection, news: &[NewTask<'_>]) -> Result<Self> {
        let dispatches = news.iter().filter_map(|new| new.dispatch);
        let names: HashSet<_> = dispatches.map(|dispatch| dispatch.queue.as_str()).collect();
        let mut queues = HashSet::new();
        for name in names {
            let policy = task_queues::find(connection, name).await?;
            queues.extend(policy.map(|policy| policy.name));
        }
        let told: HashSet<_> = news.iter().filter_map(|new| new.labels.callback).collect();
        let mut unknown_callbacks = HashSet::new();
        for name in told {
            if callbacks::find(connection, name).await?.is_none() {
                unknown_callbacks.insert(name.to_owned());
            }
        }
        let tasks = tasks::with_ids_of(connection, news).await?;
        let ids: HashSet<_> = news.iter().filter_map(|new| new.user_task_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let purged = purge::among(connection, &ids).await?;
        Ok(Self {
            queues,
            unknown_callbacks,
            tasks,
            purged,
        })
    }
}

/// The fate of a request in a list.
enum Place<'a> {
    /// It is the fresh task with this number, or the same as that.
    Fresh(usize),
    /// A task of its station has its id.
    Found(&'a Task, &'a UserTaskId),
    Refused(Error),
}

/// Sorts the requests of a list: the tasks to insert, and the fate of each request.
fn sort<'a>(
    news: &'a [NewTask<'a>],
    known: &'a Known,
    scope: IdScope,
) -> (Vec<&'a NewTask<'a>>, Vec<Place<'a>>) {
    let mut fresh: Vec<&NewTask<'_>> = Vec::new();
    let mut by_id = HashMap::<&UserTaskId, Vec<usize>>::new();
    let places = news.iter().map(|new| {
        let queue = new.dispatch.map(|dispatch| dispatch.queue.as_str());
        if let Some(queue) = queue.filter(|queue| !known.queues.contains(*queue)) {
            return Place::Refused(undeclared(queue));
        }
        let callback = new.labels.callback;
        if let Some(name) = callback.filter(|name| known.unknown_callbacks.contains(*name)) {
            return Place::Refused(no_callback(name));
        }
        let Some(id) = new.user_task_id else {
            fresh.push(new);
            return Place::Fresh(fresh.len() - 1);
        };
        let is_own = |station: &StationId| station == new.station_id;
        let mut found = known
            .tasks
            .iter()
            .filter(|task| task.user_task_id.as_ref() == Some(id));
        if let Some(task) = found.clone().find(|task| is_own(&task.station_id)) {
            return Place::Found(task, id);
        }
        let is_gone = |(station, gone): &(StationId, UserTaskId)| {
            gone == id && (scope == IdScope::Everywhere || is_own(station))
        };
        if known.purged.iter().any(is_gone) {
            return Place::Refused(purged(id));
        }
        let same = by_id.entry(id).or_default();
        let own = same.iter().find(|no| is_own(fresh[**no].station_id));
        match own {
            Some(no) if is_alike(fresh[*no], new) => Place::Fresh(*no),
            Some(_) => Place::Refused(conflict(id)),
            None if scope == IdScope::Everywhere
                && (found.next().is_some() || !same.is_empty()) =>
            {
                Place::Refused(taken_elsewhere(id.as_str()))
            }
            None => {
                same.push(fresh.len());
                fresh.push(new);
                Place::Fresh(fresh.len() - 1)
            }
        }
    });
    let places = places.collect();
    (fresh, places)
}
