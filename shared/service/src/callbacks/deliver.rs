//! Telling a callback: claim the try, commit, call, write what came of it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use task_store::callbacks::{self, Settled, Try};
use task_store::{Database, StationId, TaskId};

use super::list::webhook_id;
use crate::error::Result;
use crate::targets::{Answer, Envelope, Outcome, TargetCaller};

/// Tries of a delivery.
const TRIES: u32 = 10;
/// Seconds between two tries: all of them within 3 days.
const WAITS: [u64; TRIES as usize - 1] =
    [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 72_000];
/// The error of a delivery whose last tries all died.
const BROKEN_OFF: &str = "its tries were broken off";
/// The most seconds from the first try to the last.
const LONGEST: u64 = 3 * 86_400;

/// Delivers what a message announces, if it is due, nobody else does, and its callback has a place for a call. Without a place
/// it waits until one of the callback's calls has ended, see [`next`].
///
/// # Errors
/// The database's. What the target does is no error: it is written with the delivery.
pub async fn deliver(
    database: &Database,
    targets: &TargetCaller,
    (task, no): (TaskId, u32),
) -> Result<()> {
    let begin = async |c: &mut _| callbacks::begin(c, task, no).await;
    match database.transaction(begin).await? {
        Some(tried) => tell(database, targets, tried).await,
        None => Ok(()),
    }
}

/// Claims the delivery that has waited longest among those whose callbacks have a place for a call; `None`: there is none.
///
/// # Errors
/// The database's.
pub async fn next(database: &Database) -> Result<Option<Try>> {
    let due = async |c: &mut _| callbacks::next_due(c).await;
    for (task, no) in database.read(due).await? {
        let begin = async |c: &mut _| callbacks::begin(c, task, no).await;
        // Another call may have taken it, or the last place, since.
        if let Some(tried) = database.transaction(begin).await? {
            return Ok(Some(tried));
        }
    }
    Ok(None)
}

/// Calls the target of a claimed try, and writes what came of it. While the target is called no connection is held.
///
/// # Errors
/// The database's.
pub async fn tell(database: &Database, targets: &TargetCaller, tried: Try) -> Result<()> {
    let (settled, status, error) = match tried.callback.disabled_at {
        Some(_) => (Settled::HeldBack, None, None),
        // The functions of all tries before it died.
        None if tried.attempt > TRIES => (Settled::GivenUp, None, Some(BROKEN_OFF.to_owned())),
        None => judge(&tried, call(targets, &tried).await),
    };
    let settle =
        async |c: &mut _| callbacks::settle(c, &tried, &settled, status, error.as_deref()).await;
    if database.transaction(settle).await? {
        report(&tried, &settled, status, error.as_deref());
    } else {
        tracing::info!(
            id = webhook_id(tried.task, tried.no),
            "a later try has taken this one over"
        );
    }
    Ok(())
}

async fn call(targets: &TargetCaller, tried: &Try) -> Outcome {
    let callback = &tried.callback;
    let id = webhook_id(tried.task, tried.no);
    targets
        .call((&callback.url, &callback.secret), id, &envelope(tried))
        .await
}

#[derive(Serialize)]
struct Data<'a> {
    task_id: TaskId,
    user_task_id: &'a str,
    station_id: &'a StationId,
    task_name: &'a str,
    type_id: i32,
    outcome: &'a str,
    run_count: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<&'a RawValue>,
}

/// Builds the envelope of a delivery: the ids of the task and how it ended. A receiver asks for the rest.
fn envelope(tried: &Try) -> Envelope<'_, Data<'_>> {
    let counts = tried.counts.as_deref();
    Envelope {
        r#type: &tried.event,
        timestamp: Timestamp::from_second(tried.happened_at.seconds()).unwrap_or_default(),
        data: Data {
            task_id: tried.task,
            user_task_id: tried.user_task_id.as_deref().unwrap_or_default(),
            station_id: &tried.station,
            task_name: &tried.task_name,
            type_id: tried.type_id,
            outcome: &tried.outcome,
            run_count: tried.run_count,
            // The database writes it.
            counts: counts.and_then(|counts| serde_json::from_str(counts).ok()),
        },
    }
}

/// Decides the state of a delivery after a call; answers the status of the target's answer, and the reason of a failure, too.
fn judge(tried: &Try, outcome: Outcome) -> (Settled, Option<u16>, Option<String>) {
    let (status, wait, error) = match outcome {
        Outcome::Answered(Answer { status, .. }) if (200..300).contains(&status) => {
            return (Settled::Delivered, Some(status), None);
        }
        Outcome::Answered(Answer { status: 410, .. }) => {
            let reason = "its target answered 410".to_owned();
            return (Settled::Disabled(reason.clone()), Some(410), Some(reason));
        }
        Outcome::Answered(answer) => {
            let reason = format!("its target answered {}", answer.status);
            (Some(answer.status), answer.retry_after, reason)
        }
        Outcome::NotReached(reason) => (None, None, reason.to_owned()),
        Outcome::Refused(refusal) => (None, None, refusal.reason.to_owned()),
        Outcome::Silent => (None, None, "its target did not answer in time".to_owned()),
    };
    let place = usize::try_from(tried.attempt).unwrap_or(usize::MAX);
    let usual = WAITS.get(place.saturating_sub(1));
    let settled = usual.map_or(Settled::GivenUp, |usual| {
        // A fifth more or less, so that what failed together does not come together.
        let jittered = fastrand::u64(usual * 800..=usual * 1_200);
        let asked = wait.map_or(0, |seconds| u64::from(seconds) * 1_000);
        let left = LONGEST.saturating_sub(tried.age) * 1_000;
        match jittered.max(asked) {
            _ if left == 0 => Settled::GivenUp,
            wait => Settled::PutOff(wait.min(left)),
        }
    });
    (settled, status, Some(error))
}

/// Logs what came of a try; a fault that somebody must mend is an error.
fn report(tried: &Try, settled: &Settled, status: Option<u16>, error: Option<&str>) {
    let (id, callback) = (
        webhook_id(tried.task, tried.no),
        tried.callback.name.as_str(),
    );
    let attempt = tried.attempt;
    match settled {
        Settled::Delivered => tracing::info!(id, callback, attempt, status, "callback delivered"),
        Settled::PutOff(wait_ms) => {
            tracing::warn!(
                id,
                callback,
                attempt,
                status,
                error,
                wait_ms,
                "callback put off"
            );
        }
        Settled::HeldBack => tracing::info!(id, callback, "callback held back: it is disabled"),
        Settled::GivenUp => {
            tracing::error!(id, callback, attempt, status, error, "callback given up");
        }
        Settled::Disabled(_) => {
            let alarm = "TargetGone";
            tracing::warn!(
                alarm,
                id,
                callback,
                status,
                "callback disabled by its target"
            );
        }
    }
}

#[cfg(test)]
mod tests;
