//! The messages of `task-push`.

use serde::{Deserialize, Serialize};
use task_store::TaskId;
use task_store::invocation::OpenedUnit;

use crate::sqs::group;

/// The most characters of a message group, the service's limit.
const LONGEST_GROUP: usize = 128;

/// A message of the queue of `task-push`: a delivery of a task, or its next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushMessage {
    version: u8,
    /// The task.
    pub task_id: TaskId,
    /// The delivery of a callback, within the task; `None`: the message is about the task's next run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<u32>,
}

impl PushMessage {
    const VERSION: u8 = 1;

    /// Reads a body; `None` when it is none of ours.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        let message: Self = serde_json::from_str(body).ok()?;
        (message.version == Self::VERSION && message.task_id.get() > 0).then_some(message)
    }

    const fn new(task_id: TaskId, delivery: Option<u32>) -> Self {
        let version = Self::VERSION;
        Self {
            version,
            task_id,
            delivery,
        }
    }
}

/// A message on its way, and its group: work that hangs in one group keeps no other waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announcement {
    pub(super) message: PushMessage,
    pub(super) group: String,
    /// Seconds until the message is received.
    pub(super) delay: u32,
}

impl Announcement {
    /// Announces a delivery.
    pub(crate) fn delivery(task: TaskId, no: u32, callback: &str) -> Self {
        Self {
            message: PushMessage::new(task, Some(no)),
            group: format!("callback-{callback}"),
            delay: 0,
        }
    }

    /// Announces the next run of a task of a queue and a station.
    pub(crate) fn run(task: TaskId, (queue, station): &(String, String), delay: u32) -> Self {
        let mut group = format!("run-{queue}-{}", group(station));
        group.truncate(LONGEST_GROUP);
        Self {
            message: PushMessage::new(task, None),
            group,
            delay,
        }
    }

    pub(super) fn of(unit: &OpenedUnit) -> Self {
        match unit {
            OpenedUnit::Callback { task, no, callback } => Self::delivery(*task, *no, callback),
            OpenedUnit::Run { task, lane, delay } => Self::run(*task, lane, *delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_a_delivery_or_the_next_run_and_is_read_back() {
        let task = TaskId::parse("7").unwrap();
        let lane = ("report".to_owned(), "站".to_owned());
        let delivery = Announcement::delivery(task, 2, "erp");
        let run = Announcement::run(task, &lane, 9);
        for (announcement, body, group) in [
            (
                delivery,
                r#"{"version":1,"task_id":7,"delivery":2}"#,
                "callback-erp",
            ),
            (run, r#"{"version":1,"task_id":7}"#, "run-report-e7ab99"),
        ] {
            assert_eq!(serde_json::to_string(&announcement.message).unwrap(), body);
            assert_eq!(PushMessage::parse(body), Some(announcement.message));
            assert_eq!(announcement.group, group);
        }
        for bad in [
            "",
            "{}",
            r#"{"version":2,"task_id":7}"#,
            r#"{"version":1,"task_id":0}"#,
        ] {
            assert_eq!(PushMessage::parse(bad), None, "{bad}");
        }
    }
}
