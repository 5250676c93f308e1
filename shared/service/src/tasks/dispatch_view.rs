//! The dispatch of a task in its views.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use task_store::tasks::Task;
use task_store::work::Run;
use task_store::{Moment, Result, StoreError};

/// Shows a task's queue, attempts, lease, outcome and tags. A task without a queue has null in most members.
#[derive(Debug, Serialize)]
pub(super) struct DispatchView {
    queue: Option<String>,
    attempt: u32,
    max_attempts: Option<u32>,
    next_run_time: Option<String>,
    lease_time: Option<String>,
    last_error: Option<String>,
    outcome: Option<String>,
    tags: Box<RawValue>,
    created_by: Option<String>,
}

impl DispatchView {
    /// Reads the dispatch of a task, its times in a zone.
    pub(super) fn take(task: &mut Task, zone: &TimeZone) -> Result<Self> {
        let tags = task.tags.take().unwrap_or_else(|| "[]".to_owned());
        Ok(Self {
            queue: task.queue.take(),
            attempt: task.attempt,
            max_attempts: task.dispatched.max_attempts,
            next_run_time: printed(task.dispatched.next_run_at, zone),
            lease_time: printed(task.dispatched.lease_until, zone),
            last_error: task.last_error.take(),
            outcome: task.outcome.take(),
            tags: RawValue::from_string(tags).map_err(|_| StoreError::Unreadable("tags"))?,
            created_by: task.created_by.take(),
        })
    }
}

/// An ended run of a task, as a detail shows it.
#[derive(Debug, Serialize)]
pub struct RunView {
    run_count: u32,
    attempt: u32,
    start_time: Option<String>,
    end_time: Option<String>,
    worker: Option<String>,
    error: Option<String>,
}

impl RunView {
    /// Makes a run, its times in a zone.
    #[must_use]
    pub fn new(run: Run, zone: &TimeZone) -> Self {
        Self {
            run_count: run.run_count,
            attempt: run.attempt,
            start_time: printed(run.started_at, zone),
            end_time: printed(run.ended_at, zone),
            worker: run.worker,
            error: run.error,
        }
    }
}

/// Returns a moment as it is answered.
pub(super) fn printed(moment: Option<Moment>, zone: &TimeZone) -> Option<String> {
    moment.map(|moment| moment.in_zone(zone))
}
