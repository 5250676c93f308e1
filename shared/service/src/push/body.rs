//! What a target is sent for a run.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::tasks::Task;
use task_store::{StationId, TaskId};

use crate::targets::Envelope;

#[derive(Serialize)]
pub(super) struct Data<'a> {
    task_id: TaskId,
    user_task_id: &'a str,
    station_id: &'a StationId,
    task_name: &'a str,
    type_id: i32,
    queue: &'a str,
    run_count: i32,
    attempt: u32,
    lease_time: Option<String>,
    input: &'a str,
}

/// Builds the envelope of a run, its times in a zone.
pub(super) fn envelope<'a>(
    task: &'a Task,
    queue: &'a str,
    zone: &TimeZone,
) -> Envelope<'a, Data<'a>> {
    let user_task_id = task.user_task_id.as_ref();
    let lease = task.dispatched.lease_until;
    Envelope {
        r#type: "task.run",
        timestamp: Timestamp::now(),
        data: Data {
            task_id: task.id,
            user_task_id: user_task_id.map_or("", |id| id.as_str()),
            station_id: &task.station_id,
            task_name: &task.name,
            type_id: task.type_id,
            queue,
            run_count: task.run_count,
            attempt: task.attempt,
            lease_time: lease.map(|lease| lease.in_zone(zone)),
            input: task.input.as_deref().unwrap_or_default(),
        },
    }
}
