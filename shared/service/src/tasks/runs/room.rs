//! Room for runs under the caps of a queue: reading it, and taking the runs that have it by now.

use task_engine::Deadline;
use task_store::invocation;
use task_store::task_queues::{self, Mode, Policy};
use task_store::work::{self, CappedLane, RunAnnouncement};
use task_store::{Connection, Database, StationId, TaskId};

use crate::error::Result;

/// How many runs of a queue are taken to be announced in one turn.
pub(super) const PAGE: u32 = 500;

/// Reads how many more runs of a queue there may be in work.
pub(super) async fn room(connection: &mut Connection, policy: &Policy) -> Result<u32> {
    if policy.concurrency == 0 {
        return Ok(u32::MAX);
    }
    let most = policy.concurrency;
    Ok(most - work::in_work(connection, &policy.name, most).await?)
}

/// Reads how many more runs of a queue and a station there may be in work.
pub(super) async fn room_of_station(
    connection: &mut Connection,
    policy: &Policy,
    station: &StationId,
) -> Result<u32> {
    if policy.station_concurrency == 0 {
        return Ok(u32::MAX);
    }
    let in_work = work::in_work_by_station(connection, &policy.name).await?;
    Ok(left(policy, &in_work, station))
}

/// Returns how many more runs of a station there may be beside those in work.
fn left(policy: &Policy, in_work: &[(StationId, u32)], station: &StationId) -> u32 {
    let held = in_work.iter().find(|(id, _)| id == station);
    let held = held.map_or(0, |(_, runs)| *runs);
    policy.station_concurrency.saturating_sub(held)
}

/// Reads the stations that have ready units of a queue and fewer runs in work than they may, in their turns, and how many more
/// each may have.
pub(super) async fn stations_with_room(
    connection: &mut Connection,
    policy: &Policy,
) -> Result<Vec<(StationId, u32)>> {
    let in_work = work::in_work_by_station(connection, &policy.name).await?;
    let waiting = work::waiting_stations(connection, &policy.name).await?;
    let with_room = waiting.into_iter().map(|station| {
        let room = left(policy, &in_work, &station);
        (station, room)
    });
    Ok(with_room.filter(|(_, room)| *room > 0).collect())
}

/// Notes the lanes in which runs of tasks end, of capped queues whose runs are announced, for
/// [`announce_freed`](super::announce_freed). Runs in the transaction that ends the runs, before it removes their units.
pub(super) async fn note_freed(connection: &mut Connection, tasks: &[TaskId]) -> Result<()> {
    for lane in work::capped_lanes(connection, tasks).await? {
        invocation::note_freed(lane);
    }
    Ok(())
}

/// Takes the runs of a lane that have room by now: those of its station, where only stations are capped, else those of its whole queue.
pub(super) async fn take_freed(
    connection: &mut Connection,
    (queue, station): &CappedLane,
) -> Result<(Mode, Vec<RunAnnouncement>)> {
    let Some(policy) = lock(connection, queue).await? else {
        return Ok((Mode::Pull, Vec::new()));
    };
    let only = (policy.concurrency == 0).then_some(station);
    let runs = take_waiting(connection, &policy, only).await?;
    Ok((policy.mode, runs))
}

/// Takes a page of runs of a queue to be announced, and no more than there is room for. Runs in a transaction.
pub(crate) async fn take(
    connection: &mut Connection,
    policy: &Policy,
) -> Result<Vec<RunAnnouncement>> {
    if policy.paused {
        return Ok(Vec::new());
    }
    if !policy.is_capped() {
        return Ok(work::take_unannounced(connection, &policy.name, PAGE).await?);
    }
    let Some(policy) = lock(connection, &policy.name).await? else {
        return Ok(Vec::new());
    };
    let room = room(connection, &policy).await?.min(PAGE);
    let mut runs = work::take_delayed(connection, &policy.name, room).await?;
    runs.extend(take_waiting(connection, &policy, None).await?);
    Ok(runs)
}

/// Takes the runs that wait and have room now, of one station or of all of them. Runs in a transaction that has locked the queue.
async fn take_waiting(
    connection: &mut Connection,
    policy: &Policy,
    only: Option<&StationId>,
) -> Result<Vec<RunAnnouncement>> {
    let queue = policy.name.as_str();
    let room = room(connection, policy).await?.min(PAGE);
    if policy.station_concurrency == 0 {
        return Ok(work::take_waiting(connection, queue, room).await?);
    }
    let stations = match only {
        Some(only) => vec![(
            only.clone(),
            room_of_station(connection, policy, only).await?,
        )],
        None => stations_with_room(connection, policy).await?,
    };
    let mut taken = Vec::new();
    for (station, most) in stations {
        let left = room.saturating_sub(u32::try_from(taken.len()).unwrap_or(room));
        let most = most.min(left);
        if most > 0 {
            taken.extend(work::take_waiting_of_station(connection, queue, &station, most).await?);
        }
    }
    Ok(taken)
}

/// Locks the policy of a capped queue, so that a start which is refused for want of room comes before it or after it; `None`: its
/// runs are not announced now.
async fn lock(connection: &mut Connection, queue: &str) -> Result<Option<Policy>> {
    let policy = task_queues::lock(connection, queue).await?;
    Ok(policy.filter(|policy| policy.mode.is_announced() && !policy.paused))
}

/// Stops looking for the overdue runs of a capped or paused queue by their time; their turns find them.
///
/// # Errors
/// The database's.
pub(crate) async fn let_overdue_wait(
    database: &Database,
    policy: &Policy,
    deadline: Deadline,
) -> Result<()> {
    let queue = policy.name.as_str();
    let waits = policy.is_capped() || policy.paused;
    while waits && !deadline.has_passed() {
        let wait = async |c: &mut _| work::let_overdue_wait(c, queue, PAGE).await;
        if database.transaction(wait).await? < PAGE as usize {
            break;
        }
    }
    Ok(())
}
