//! A request to add a task, as it was read.

use std::borrow::Cow;

use task_store::callbacks::CallbackName;
use task_store::task_queues::QueueName;
use task_store::tasks::{Dispatch, Labels, NewTask, Start};
use task_store::{Moment, StationId, TaskId, UserTaskId};

use super::runs::RunQueue;

/// The most seconds that a task may wait for its start: a year.
pub const MOST_DELAY: u32 = 366 * 86_400;

/// Tells whether a task may not wait until a moment, which is too far ahead.
#[must_use]
pub fn is_too_far(start: Moment) -> bool {
    let ahead = start.seconds() - jiff::Timestamp::now().as_second();
    ahead > i64::from(MOST_DELAY)
}

/// The values of a new task.
#[derive(Debug, Clone)]
pub struct TaskRequest<'a> {
    /// The caller's own id.
    pub user_task_id: Option<UserTaskId>,
    /// Whose task it is.
    pub station_id: StationId,
    /// The task's name for people.
    pub name: Cow<'a, str>,
    /// The task's input.
    pub input: Cow<'a, str>,
    /// The caller's number for its kind.
    pub type_id: i32,
    /// It may run again once it is finished.
    pub repeat: bool,
    /// It is listed to the station's staff.
    pub message_show: bool,
    /// Its tags, a JSON array of texts.
    pub tags: Option<String>,
    /// Who adds it.
    pub created_by: Option<Cow<'a, str>>,
    /// The callback that gets its end.
    pub callback: Option<CallbackName>,
    /// For how many days it is kept once it has ended; 0: for ever. `None`: as the deployment says.
    pub keep_days: Option<u32>,
    /// How it is dispatched; `None`: it is not.
    pub dispatch: Option<DispatchRequest>,
}

/// How a new task is to be dispatched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchRequest {
    /// To which queue's workers.
    pub queue: QueueName,
    /// From when on.
    pub start: Start,
    /// Seconds a run may be silent.
    pub timeout: Option<u32>,
    /// Runs before it ends as failed.
    pub max_attempts: Option<u32>,
    /// Until when it may be started.
    pub expire_at: Option<Moment>,
}

impl TaskRequest<'_> {
    /// Returns the key of the added task if the consumers of an SQS queue get a message about it.
    #[must_use]
    pub fn announced<Q: RunQueue>(&self, id: TaskId, queue: &Q) -> Option<TaskId> {
        let dispatch = self.dispatch.as_ref()?;
        queue.has(dispatch.queue.as_str()).then_some(id)
    }

    /// Returns the task for the store.
    #[must_use]
    pub fn task(&self) -> NewTask<'_> {
        NewTask {
            user_task_id: self.user_task_id.as_ref(),
            station_id: &self.station_id,
            name: &self.name,
            input: &self.input,
            type_id: self.type_id,
            repeat: self.repeat,
            message_show: self.message_show,
            labels: Labels {
                tags: self.tags.as_deref(),
                created_by: self.created_by.as_deref(),
                callback: self.callback.as_ref().map(CallbackName::as_str),
                keep_days: self.keep_days,
            },
            dispatch: self.dispatch.as_ref().map(DispatchRequest::dispatch),
        }
    }
}

impl DispatchRequest {
    const fn dispatch(&self) -> Dispatch<'_> {
        Dispatch {
            queue: &self.queue,
            start: self.start,
            timeout: self.timeout,
            max_attempts: self.max_attempts,
            expire_at: self.expire_at,
        }
    }
}
