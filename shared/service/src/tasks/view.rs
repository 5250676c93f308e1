//! A task as it is answered, by each of the two services.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use task_store::tasks::{Columns, Task, TaskStatus};
use task_store::{Result, StoreError};

use super::dispatch_view::{DispatchView, printed};

/// A task as `/task/*` answers it.
#[derive(Debug, Serialize)]
pub struct TaskView {
    task_id: i64,
    user_task_id: String,
    station_id: String,
    task_name: String,
    name: String,
    #[serde(rename = "type")]
    kind: i32,
    type_id: i32,
    status: u8,
    progress: u8,
    repeat: bool,
    message_show: bool,
    run_count: i32,
    create_time: String,
    modify_time: String,
    start_time: Option<String>,
    end_time: Option<String>,
    #[serde(flatten)]
    dispatch: DispatchView,
    #[serde(skip_serializing_if = "Asked::is_left_out")]
    input: Asked<String>,
    #[serde(skip_serializing_if = "Asked::is_left_out")]
    result: Asked<Box<RawValue>>,
}

impl TaskView {
    /// Makes a whole task, its times in a zone.
    pub fn new(task: Task, progress: u8, zone: &TimeZone) -> Result<Self> {
        Self::with(task, progress, zone, Columns::ALL)
    }

    /// Makes a task with its large columns, as far as they were asked for.
    pub(super) fn with(
        mut task: Task,
        progress: u8,
        zone: &TimeZone,
        columns: Columns,
    ) -> Result<Self> {
        let dispatch = DispatchView::take(&mut task, zone)?;
        Ok(Self {
            dispatch,
            task_id: task.id.get(),
            user_task_id: task
                .user_task_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
            station_id: task.station_id.to_string(),
            task_name: task.name.clone(),
            name: task.name,
            kind: task.type_id,
            type_id: task.type_id,
            status: task.status.number(),
            progress,
            repeat: task.repeat,
            message_show: task.message_show,
            run_count: task.run_count,
            create_time: task.created_at.in_zone(zone),
            modify_time: task.modified_at.in_zone(zone),
            start_time: printed(task.started_at, zone),
            end_time: printed(task.ended_at, zone),
            input: Asked::of(columns.input, task.input),
            result: Asked::of(columns.result, document(task.result)?),
        })
    }
}

/// A column that is answered only when it is asked for, then also when it is NULL.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Asked<T> {
    Shown(Option<T>),
    LeftOut,
}

impl<T> Asked<T> {
    fn of(is_asked_for: bool, value: Option<T>) -> Self {
        if is_asked_for {
            Self::Shown(value)
        } else {
            Self::LeftOut
        }
    }

    const fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }
}

/// A task as `/async_task/*` answers it.
#[derive(Debug, Serialize)]
pub struct FrontTaskView {
    task_id: String,
    user_task_id: String,
    station_id: String,
    task_name: String,
    #[serde(rename = "type")]
    kind: i32,
    status: u8,
    progress: u8,
    can_cancel: bool,
    create_time: String,
    modify_time: String,
    start_time: Option<String>,
    end_time: Option<String>,
    #[serde(flatten)]
    dispatch: DispatchView,
    result: Option<Box<RawValue>>,
}

impl FrontTaskView {
    /// Makes a task, its times in a zone. A finished one always has a result with a `msg`.
    pub fn new(mut task: Task, progress: u8, zone: &TimeZone) -> Result<Self> {
        let dispatch = DispatchView::take(&mut task, zone)?;
        let finished = task.status == TaskStatus::Finished;
        let result = match document(task.result)? {
            None if finished => document(Some(r#"{"msg":""}"#.to_owned()))?,
            result => result,
        };
        Ok(Self {
            dispatch,
            task_id: task.id.to_string(),
            user_task_id: task
                .user_task_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
            station_id: task.station_id.to_string(),
            task_name: task.name,
            kind: task.type_id,
            status: task.status.number(),
            progress,
            can_cancel: !finished,
            create_time: task.created_at.in_zone(zone),
            modify_time: task.modified_at.in_zone(zone),
            start_time: printed(task.started_at, zone),
            end_time: printed(task.ended_at, zone),
            result,
        })
    }
}

/// Returns a stored document, handed on as it is.
fn document(text: Option<String>) -> Result<Option<Box<RawValue>>> {
    text.map(|text| RawValue::from_string(text).map_err(|_| StoreError::Unreadable("result")))
        .transpose()
}
