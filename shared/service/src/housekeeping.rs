//! Everything that a housekeeper looks after: tasks that are added by the clock, tasks that were added by SQL, and old tasks.

use serde::Serialize;
use task_engine::Deadline;
use task_store::Database;

use crate::error::Result;
use crate::retention::{self, Purged, RetentionDays};
use crate::sweep::logged;
use crate::tasks::runs::RunQueue;
use crate::tasks::schedules::{self, AddedBySchedules};
use crate::tasks::{IdScope, inbox};

/// The counts of a housekeeper's round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Kept {
    #[serde(flatten)]
    schedules: AddedBySchedules,
    /// Rows of the inbox that were adopted or refused.
    adopted: usize,
    #[serde(flatten)]
    retention: Purged,
}

/// Adds the tasks of schedules, adopts tasks that were added by SQL, then purges tasks that were kept for `days`. Each part gets an
/// equal share of the time, and its turn also when another part fails. Safe to run twice at once.
///
/// # Errors
/// The error of the first part that failed; the errors of all parts are logged.
pub async fn keep(
    database: &Database,
    queue: &impl RunQueue,
    scope: IdScope,
    days: RetentionDays,
    deadline: Deadline,
) -> Result<Kept> {
    let schedules = schedules::add_due(database, queue, scope, deadline.part(3)).await;
    let adopted = inbox::adopt_all(database, queue, scope, deadline.part(2)).await;
    let purged = retention::purge(database, days, deadline).await;
    let schedules = logged("schedules", schedules);
    let adopted = logged("the inbox", adopted);
    let retention = logged("old tasks", purged);
    let kept = Kept {
        schedules: schedules?,
        adopted: adopted?,
        retention: retention?,
    };
    let AddedBySchedules {
        scheduled,
        schedules_refused,
    } = kept.schedules;
    let Purged { marked, purged } = kept.retention;
    let adopted = kept.adopted;
    tracing::info!(
        scheduled,
        schedules_refused,
        adopted,
        marked,
        purged,
        "kept house"
    );
    Ok(kept)
}
