//! The task of a schedule: the members of `/task/add`, as they are kept and shown.

use serde::{Deserialize, Serialize};
use task_store::callbacks::CallbackName;
use task_store::schedules::task_id;
use task_store::task_queues::QueueName;
use task_store::tasks::Start;
use task_store::{Moment, StationId, StoreError, UserTaskId};

use crate::error::{Error, Result};
use crate::tasks::{DispatchRequest, TaskRequest, field};

/// The most bytes of an input, as it is printed: lists show it.
pub const MOST_INPUT: usize = 16_384;

/// The members of a schedule's tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledTask {
    station_id: String,
    task_name: String,
    input: String,
    type_id: i32,
    repeat: bool,
    message_show: bool,
    tags: Vec<String>,
    created_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callback: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keep_days: Option<u32>,
    queue: String,
    timeout: Option<u32>,
    max_attempts: Option<u32>,
}

impl ScheduledTask {
    /// Takes over a request to add a task.
    ///
    /// # Errors
    /// `PARAM_MISSING` without a queue; `PARAM_INVALID` for a member that the schedule itself decides, and for a large input.
    pub fn of(request: &TaskRequest<'_>) -> Result<Self> {
        let decides = |name, what: &str| {
            let wrong = format!("is not for a schedule's task, {what}: leave it out");
            Err(Error::invalid(name, &wrong))
        };
        if request.user_task_id.is_some() {
            return decides("user_task_id", "which is named after its instant");
        }
        let Some(dispatch) = &request.dispatch else {
            return Err(Error::missing("queue"));
        };
        if dispatch.start != Start::Now {
            return decides("run_at or delay", "which starts at its instant");
        }
        if dispatch.expire_at.is_some() {
            return decides(
                "expire_at",
                "which would be the same time for every instant",
            );
        }
        field::check_input_within("input", &request.input, MOST_INPUT)?;
        let tags = request
            .tags
            .as_deref()
            .map(serde_json::from_str)
            .transpose();
        Ok(Self {
            station_id: request.station_id.as_str().to_owned(),
            task_name: request.name.clone().into_owned(),
            input: request.input.clone().into_owned(),
            type_id: request.type_id,
            repeat: request.repeat,
            message_show: request.message_show,
            tags: tags.map_err(|_| UNREADABLE)?.unwrap_or_default(),
            created_by: request.created_by.clone().map(Into::into),
            callback: request
                .callback
                .as_ref()
                .map(|name| name.as_str().to_owned()),
            keep_days: request.keep_days,
            queue: dispatch.queue.as_str().to_owned(),
            timeout: dispatch.timeout,
            max_attempts: dispatch.max_attempts,
        })
    }

    /// Reads the task of a stored schedule.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text).map_err(|_| UNREADABLE)?)
    }

    /// Returns the text that is stored.
    pub fn text(&self) -> Result<String> {
        Ok(serde_json::to_string(self).map_err(|_| UNREADABLE)?)
    }

    /// Returns the station of the tasks.
    pub fn station(&self) -> Result<StationId> {
        Ok(StationId::parse(&self.station_id).ok_or(UNREADABLE)?)
    }

    /// Returns the queue of the tasks.
    #[must_use]
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// Returns the callback of the tasks.
    #[must_use]
    pub fn callback(&self) -> Option<&str> {
        self.callback.as_deref()
    }

    /// Returns the request that adds the task of an instant.
    pub fn request(&self, name: &str, instant: Moment) -> Result<TaskRequest<'static>> {
        let tags = serde_json::to_string(&self.tags).map_err(|_| UNREADABLE)?;
        Ok(TaskRequest {
            user_task_id: Some(UserTaskId::parse(&task_id(name, instant)).ok_or(UNREADABLE)?),
            station_id: self.station()?,
            name: self.task_name.clone().into(),
            input: self.input.clone().into(),
            type_id: self.type_id,
            repeat: self.repeat,
            message_show: self.message_show,
            tags: (!self.tags.is_empty()).then_some(tags),
            created_by: self.created_by.clone().map(Into::into),
            callback: self.callback.as_deref().and_then(CallbackName::parse),
            keep_days: self.keep_days,
            dispatch: Some(DispatchRequest {
                queue: QueueName::parse(&self.queue).ok_or(UNREADABLE)?,
                start: Start::At(instant),
                timeout: self.timeout,
                max_attempts: self.max_attempts,
                expire_at: None,
            }),
        })
    }
}

const UNREADABLE: StoreError = StoreError::Unreadable("a schedule's task");
