//! Waking `task-push`: after the transaction that opened a unit of work for it, and again by the sweeper for as long as it is open.
//!
//! Every function that can end a task, or add one, sends the message. With an SDK's client each would be three times as large; one
//! signed request does as well.

use std::time::Duration;

use http::Uri;
use serde::Deserialize;
use serde_json::json;
use task_store::invocation;

use super::message::Announcement;
use crate::signed::{Credentials, SignedCall, call};

/// Messages of one request, the service's limit.
const BATCH: usize = 10;
/// Units that are announced before an answer.
const MOST_AT_ONCE: usize = 50;
/// How long a request may take; what was not sent is sent by the sweeper.
const SEND_TIME: Duration = Duration::from_secs(2);

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

impl PushQueue {
    /// Announces the first units that the invocation has opened until now: its answer waits for them. The others are found by
    /// `task-push` while it works, or by the sweeper.
    pub async fn announce_opened(&self) {
        let mut opened = invocation::take_opened();
        opened.truncate(MOST_AT_ONCE);
        let opened: Vec<_> = opened.iter().map(Announcement::of).collect();
        self.send(&opened).await;
    }

    /// Sends announcements; answers how many were taken.
    pub(crate) async fn send(&self, announcements: &[Announcement]) -> usize {
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
            json!({
                "Id": no.to_string(),
                "MessageBody": body,
                "MessageGroupId": announcement.group,
                "DelaySeconds": announcement.delay,
            })
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
