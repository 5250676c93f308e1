//! Announcing runs of queues in mode `push`.

use task_engine::Deadline;
use task_store::Database;
use task_store::invocation::{self, OpenedUnit};
use task_store::task_queues::{Mode, Policy};
use task_store::tasks::Task;
use task_store::work::{self, RunAnnouncement};

use super::message::Announcement;
use super::queue::PushQueue;
use crate::error::Result;
use crate::tasks::runs::{let_overdue_wait, take};

/// The most seconds that a message may be delayed, the service's limit.
const LONGEST_DELAY: u64 = 900;

/// Notes the next run of a task, to be announced at the end of the invocation. A run more than 15 minutes ahead is left to the
/// sweeper.
pub(crate) fn note_again(task: &Task, queue: &str, wait_ms: u64) {
    let delay = wait_ms.div_ceil(1_000);
    if delay > LONGEST_DELAY {
        return;
    }
    let lane = (queue.to_owned(), task.station_id.as_str().to_owned());
    let _ = invocation::note_opened(OpenedUnit::Run {
        task: task.id,
        lane,
        delay: u32::try_from(delay).unwrap_or_default(),
    });
}

/// Announces runs whose message was never sent, or was lost, until none is left or the deadline has passed; answers how many.
///
/// # Errors
/// The database's.
pub(crate) async fn announce_due(
    database: &Database,
    queue: Option<&PushQueue>,
    deadline: Deadline,
) -> Result<usize> {
    let mut announced = 0;
    let Some(queue) = queue else {
        return Ok(announced);
    };
    let policies = database.run(async |c| work::announcing(c).await).await?;
    for policy in policies.iter().filter(|policy| policy.mode == Mode::Push) {
        announced += announce_queue(database, queue, policy, deadline).await?;
    }
    Ok(announced)
}

async fn announce_queue(
    database: &Database,
    queue: &PushQueue,
    policy: &Policy,
    deadline: Deadline,
) -> Result<usize> {
    let mut announced = 0;
    let_overdue_wait(database, policy, deadline).await?;
    while !deadline.has_passed() {
        let runs = database
            .transaction(async |c| take(c, policy).await)
            .await?;
        let announcement = |run: &RunAnnouncement| {
            let lane = (run.queue.clone(), run.station.as_str().to_owned());
            Announcement::run(run.task, &lane, run.delay)
        };
        let announcements: Vec<_> = runs.iter().map(announcement).collect();
        let unsent = queue.send(&announcements).await;
        announced += runs.len() - unsent.len();
        if !unsent.is_empty() {
            let left: Vec<_> = unsent.into_iter().map(|at| runs[at].task).collect();
            let leave = async |c: &mut _| work::leave_unannounced(c, &left).await;
            database.run(leave).await?;
            break;
        }
        if runs.is_empty() {
            break;
        }
    }
    Ok(announced)
}
