//! Waking `task-push`: after the transaction that wrote a delivery, and again by the sweeper for as long as it is open.
//!
//! Whoever ends a task sends the message, so every function that can end one would have to link an SDK's client, which makes it
//! three times as large. One signed request does as well.

use std::time::Duration;

use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::json;
use task_engine::Deadline;
use task_store::callbacks::{self, Due};
use task_store::invocation::{self, OpenedUnit};
use task_store::{Database, TaskId};

use crate::error::Result;
use crate::signed::{Credentials, SignedCall, call};

/// Messages of one request, the service's limit.
const BATCH: usize = 10;
/// Deliveries that the sweeper takes in one turn.
const PAGE: u32 = 500;
/// How long a request may take; what was not sent is sent by the sweeper.
const SEND_TIME: Duration = Duration::from_secs(2);

/// A message of the queue of `task-push`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushMessage {
    version: u8,
    /// The task.
    pub task_id: TaskId,
    /// The delivery of a callback, within the task.
    pub delivery: u32,
}

impl PushMessage {
    const VERSION: u8 = 1;

    /// Reads a body; `None` when it is none of ours.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        let message: Self = serde_json::from_str(body).ok()?;
        (message.version == Self::VERSION && message.task_id.get() > 0).then_some(message)
    }
}

/// The queue of `task-push`.
#[derive(Clone)]
pub struct PushQueue {
    /// Its URL.
    pub url: String,
    /// Where SQS is reached.
    pub endpoint: Uri,
    /// In which region.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    pub credentials: (String, String, Option<String>),
}

impl std::fmt::Debug for PushQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushQueue")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// A message and its group: what hangs in one group keeps no other waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Announcement {
    message: PushMessage,
    group: String,
}

impl PushQueue {
    /// Announces the units that the invocation has opened until now. What cannot be announced is left to the sweeper.
    pub async fn announce_opened(&self) {
        let opened = invocation::take_opened().into_iter().map(|unit| {
            let OpenedUnit::Callback { task, no, callback } = unit;
            Announcement::of(task, no, &callback)
        });
        self.send(&opened.collect::<Vec<_>>()).await;
    }

    /// Sends announcements; answers how many were taken.
    async fn send(&self, announcements: &[Announcement]) -> usize {
        let mut sent = 0;
        for part in announcements.chunks(BATCH) {
            match self.send_batch(part).await {
                Ok(taken) => sent += taken,
                Err(error) => {
                    tracing::warn!(
                        error,
                        "the queue took no announcements; the sweeper sends them"
                    );
                    break;
                }
            }
        }
        sent
    }

    async fn send_batch(&self, part: &[Announcement]) -> std::result::Result<usize, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            successful: Vec<serde::de::IgnoredAny>,
        }
        let entries = part.iter().enumerate().map(|(no, announcement)| {
            let body = json!(announcement.message).to_string();
            json!({"Id": no.to_string(), "MessageBody": body, "MessageGroupId": announcement.group})
        });
        let body = json!({"QueueUrl": self.url, "Entries": entries.collect::<Vec<_>>()});
        let (key, secret, token) = &self.credentials;
        let request = SignedCall {
            url: &self.endpoint,
            target: "AmazonSQS.SendMessageBatch",
            content_type: "application/x-amz-json-1.0",
            scope: (&self.region, "sqs"),
            credentials: Credentials {
                key,
                secret,
                token: token.as_deref(),
            },
            body: body.to_string(),
        };
        let bound = invocation::time_left().map_or(SEND_TIME, |left| SEND_TIME.min(left / 2));
        let (status, answer) = call(&request, bound).await?;
        if status != 200 {
            return Err(format!("the queue answered {status}"));
        }
        let answer: Answer =
            serde_json::from_slice(&answer).map_err(|_| "its answer is no JSON")?;
        Ok(answer.successful.len())
    }
}

impl Announcement {
    fn of(task: TaskId, no: u32, callback: &str) -> Self {
        let message = PushMessage {
            version: PushMessage::VERSION,
            task_id: task,
            delivery: no,
        };
        Self {
            message,
            group: format!("callback-{callback}"),
        }
    }
}

/// How many deliveries were announced again.
pub type Swept = usize;

/// Announces deliveries whose time has come, or whose message was lost, until none is left or the deadline has passed.
///
/// # Errors
/// The database's.
pub async fn announce_due(
    database: &Database,
    queue: Option<&PushQueue>,
    deadline: Deadline,
) -> Result<Swept> {
    let mut announced = 0;
    let Some(queue) = queue else {
        return Ok(announced);
    };
    while !deadline.has_passed() {
        let take = async |c: &mut _| callbacks::due(c, PAGE).await;
        let due = database.transaction(take).await?;
        let of = |due: &Due| Announcement::of(due.task, due.no, &due.callback);
        let announcements: Vec<_> = due.iter().map(of).collect();
        let sent = queue.send(&announcements).await;
        announced += sent;
        if sent < PAGE as usize {
            break;
        }
    }
    if announced > 0 {
        tracing::info!(announced, "announced callbacks");
    }
    Ok(announced)
}
