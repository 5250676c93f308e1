//! `/task/claim`: hands ready tasks of a queue to a worker that asks.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use task_store::task_queues::{self, Policy, QueueName};
use task_store::work::{self, Candidate, Claim, Look};
use task_store::{Connection, Database, StoreError, TaskId, call_places, tasks};

use super::room::{room, stations_with_room};
use crate::error::{Error, Result};
use crate::tasks::TaskView;
use crate::tasks::queues::undeclared;

/// How often a waiting claim looks whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many delayed tasks a claim makes ready on its way.
const PROMOTED: u32 = 200;
/// Seconds beyond its wait for which a claim that has died keeps its place.
const PLACE_RESERVE: u32 = 5;
/// When a worker that got nothing should ask again, in seconds.
const RETRY_AFTER: u32 = 5;
/// The most bytes of the tasks of an answer, beside the first.
const MOST_BYTES: u64 = 2_700_000;
/// More bytes than a task takes in an answer beside its two large columns.
const LIGHT_BYTES: u64 = 24_576;

/// The request of a claim.
#[derive(Debug, Clone)]
pub struct ClaimRequest<'a> {
    /// Of which queue.
    pub queue: &'a QueueName,
    /// The most tasks.
    pub limit: u32,
    /// How long it waits for the first one.
    pub wait: Duration,
    /// The most claims that may wait at once: beyond it a claim answers without waiting. `None`: no bound.
    pub most_waiting: Option<u8>,
    /// Its id of the claim: sent again, it gets the same runs while it holds them.
    pub claim_id: Option<&'a str>,
    /// The request id.
    pub worker: &'a str,
}

/// The tasks of a claim.
#[derive(Debug)]
pub struct Claimed {
    /// The tasks, started, in the order they were claimed.
    pub tasks: Vec<TaskView>,
    /// Without a task: in how many seconds to ask again.
    pub retry_after: Option<u32>,
}

/// Claims ready tasks of a queue, one after the other of each station. Two calls never get the same run. While it waits it
/// holds neither a transaction nor a lock.
///
/// # Errors
/// `PARAM_INVALID` for a queue that is not declared.
pub async fn claim(
    database: &Database,
    request: &ClaimRequest<'_>,
    zone: &TimeZone,
) -> Result<Claimed> {
    let mut tasks = claim_once(database, request).await?;
    if tasks.is_empty() && !request.wait.is_zero() {
        tasks = waited(database, request).await?;
    }
    let views = tasks.into_iter().map(|task| {
        let progress = task.progress;
        TaskView::new(task, progress, zone)
    });
    let tasks = views.collect::<std::result::Result<Vec<_>, StoreError>>()?;
    let retry_after = tasks.is_empty().then_some(RETRY_AFTER);
    Ok(Claimed { tasks, retry_after })
}

/// Waits for the first task, if one more claim may wait.
async fn waited(database: &Database, request: &ClaimRequest<'_>) -> Result<Vec<tasks::Task>> {
    let end = Instant::now() + request.wait;
    let place = match request.most_waiting {
        None => None,
        Some(most) => {
            let seconds = u32::try_from(request.wait.as_secs()).unwrap_or(u32::MAX);
            let take = async |c: &mut _| {
                call_places::take_for_claim(c, most, seconds + PLACE_RESERVE).await
            };
            let place = database.transaction(take).await?;
            if place.is_none() {
                return Ok(Vec::new());
            }
            place
        }
    };
    let tasks = look_until(database, request, end).await;
    if let Some(place) = place {
        let give_back = async |c: &mut _| call_places::give_back_of_claim(c, place).await;
        if let Err(fault) = database.run(give_back).await {
            let error = fault.kind();
            tracing::warn!(
                error,
                "the place of a waiting claim is free again by its time only"
            );
        }
    }
    tasks
}

async fn look_until(
    database: &Database,
    request: &ClaimRequest<'_>,
    end: Instant,
) -> Result<Vec<tasks::Task>> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Vec::new());
        }
        tokio::time::sleep(left.min(LOOK_EVERY)).await;
        let tasks = claim_once(database, request).await?;
        if !tasks.is_empty() {
            return Ok(tasks);
        }
    }
}

async fn claim_once(database: &Database, request: &ClaimRequest<'_>) -> Result<Vec<tasks::Task>> {
    let queue = request.queue.as_str();
    let held = held(database, request).await?;
    if !held.is_empty() {
        return Ok(held);
    }
    let look = database.read(async |c| work::look(c, queue).await).await?;
    let look = look.ok_or_else(|| undeclared(queue))?;
    if look.policy.paused || !(look.has_ready || look.has_due) {
        return Ok(Vec::new());
    }
    let claim = async |c: &mut _| {
        let claim = Claim {
            id: request.claim_id,
            worker: Some(request.worker),
        };
        let taken = take(c, &look, request.limit, claim).await?;
        in_order(c, &taken).await
    };
    match database.transaction(claim).await {
        // The same claim, sent twice at once: the other one has the runs.
        Err(Error::Store(fault)) if fault.is_duplicate_key() => self::held(database, request).await,
        end => end,
    }
}

/// Returns the tasks that the same claim got before, and holds. Their results may have grown since: as many as an answer holds.
async fn held(database: &Database, request: &ClaimRequest<'_>) -> Result<Vec<tasks::Task>> {
    let Some(id) = request.claim_id else {
        return Ok(Vec::new());
    };
    let read = async |c: &mut _| {
        let mut held = work::held_by(c, request.queue.as_str(), id).await?;
        held.truncate(fitting(held.iter().map(|(_, bytes)| *bytes)));
        let ids: Vec<_> = held.into_iter().map(|(id, _)| id).collect();
        in_order(c, &ids).await
    };
    database.read(read).await
}

/// Claims the first ready task of a queue that may run, whichever station's; `None`: none may. Runs in a transaction.
pub(crate) async fn claim_first(
    connection: &mut Connection,
    policy: &Policy,
) -> Result<Option<tasks::Task>> {
    let look = Look {
        policy: policy.clone(),
        has_ready: true,
        has_due: false,
    };
    let taken = take(connection, &look, 1, Claim::default()).await?;
    Ok(in_order(connection, &taken).await?.pop())
}

/// Leases units to the caller; answers their tasks.
async fn take(
    connection: &mut Connection,
    look: &Look,
    mut limit: u32,
    claim: Claim<'_>,
) -> Result<Vec<TaskId>> {
    let mut policy = look.policy.clone();
    let queue = look.policy.name.as_str();
    if policy.is_capped() {
        policy = task_queues::lock(connection, queue)
            .await?
            .ok_or_else(|| undeclared(queue))?;
        limit = limit.min(room(connection, &policy).await?);
    }
    if look.has_due {
        work::promote(connection, queue, PROMOTED).await?;
    }
    if limit == 0 || policy.paused {
        return Ok(Vec::new());
    }
    let mut units = match policy.station_concurrency {
        0 => work::ready(connection, queue, limit).await?,
        _ => ready_by_station(connection, &policy, limit).await?,
    };
    units.truncate(fitting(units.iter().map(|unit| unit.bytes)));
    if !units.is_empty() {
        work::lease(connection, &units, policy.timeout, claim).await?;
    }
    Ok(units.iter().map(|unit| unit.task).collect())
}

/// Reads units of stations that have fewer runs in work than they may, one of each station in turn.
async fn ready_by_station(
    connection: &mut Connection,
    policy: &Policy,
    limit: u32,
) -> Result<Vec<Candidate>> {
    let queue = policy.name.as_str();
    let mut units = Vec::new();
    for (station, room) in stations_with_room(connection, policy).await? {
        let left = limit - u32::try_from(units.len()).unwrap_or(limit);
        if left == 0 {
            break;
        }
        let most = room.min(left);
        units.extend(work::ready_of_station(connection, queue, &station, most).await?);
    }
    Ok(units)
}

/// Counts tasks from the front that fit an answer, one at least, by the bytes of their large columns.
fn fitting(tasks: impl Iterator<Item = u64>) -> usize {
    let mut left = MOST_BYTES;
    let mut fitting = 0;
    for bytes in tasks {
        let bytes = bytes.saturating_add(LIGHT_BYTES);
        if bytes > left && fitting > 0 {
            break;
        }
        left = left.saturating_sub(bytes);
        fitting += 1;
    }
    fitting
}

/// Reads tasks by their keys, in the order of these.
async fn in_order(connection: &mut Connection, ids: &[TaskId]) -> Result<Vec<tasks::Task>> {
    let mut found = tasks::by_ids(connection, ids).await?;
    found.sort_by_key(|task| ids.iter().position(|id| *id == task.id));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_takes_as_many_tasks_as_an_answer_holds_and_one_at_least() {
        let kept = |bytes: &[u64]| fitting(bytes.iter().copied());
        assert_eq!(kept(&[2_000_000; 3]), 1);
        assert_eq!(kept(&[4_000_000]), 1);
        assert_eq!(kept(&[1_000_000; 3]), 2);
        assert_eq!(kept(&[100; 100]), 100);
        assert_eq!(kept(&[]), 0);
    }
}
