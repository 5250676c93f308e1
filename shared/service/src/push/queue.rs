//! Waking `task-push`: after the transaction that opened a unit of work for it, and again by the sweeper for as long as it is open.
//!
//! Every function that can end a task, or add one, sends the message. With an SDK's client each would be three times as large; one
//! signed request does as well. `task-push` receives messages in the same way while its invocations wait for targets.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use http::Uri;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use task_store::invocation;

use super::message::Announcement;
use crate::signed::{Role, SignedCall, call};

/// Messages of one request, the service's limit.
const BATCH: usize = 10;
/// How long a request may take; what was not sent is sent by the sweeper.
const SEND_TIME: Duration = Duration::from_secs(2);

/// How long a receive waits for a message.
const RECEIVE_SECONDS: u64 = 1;
/// How long a receive may take in all.
const RECEIVE_TIME: Duration = Duration::from_secs(RECEIVE_SECONDS + 2);

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReceivedMessage {
    /// Its id.
    #[serde(rename = "MessageId")]
    pub id: String,
    /// With it the message is deleted.
    #[serde(rename = "ReceiptHandle")]
    pub receipt: String,
    /// The body.
    pub body: String,
    /// The attributes that the queue adds.
    #[serde(default)]
    pub attributes: HashMap<String, String>,
}

/// The queue of `task-push`.
#[derive(Clone)]
pub struct PushQueue {
    /// Its URL.
    pub url: String,
    /// Where SQS is reached.
    pub endpoint: Uri,
    /// Who calls it, and in which region.
    pub role: Role,
}

impl std::fmt::Debug for PushQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushQueue")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl PushQueue {
    /// Announces the units that the invocation has opened until now: its answer waits for them. Others are found by `task-push`
    /// while it works, or by the sweeper.
    pub async fn announce_opened(&self) {
        let opened = invocation::take_opened();
        let opened: Vec<_> = opened.iter().map(Announcement::of).collect();
        self.send(&opened).await;
    }

    /// Sends announcements; answers the places of those that were not taken.
    pub(crate) async fn send(&self, announcements: &[Announcement]) -> Vec<usize> {
        let mut unsent: BTreeSet<usize> = (0..announcements.len()).collect();
        for (no, part) in announcements.chunks(BATCH).enumerate() {
            match self.send_batch(part).await {
                Ok(taken) => {
                    for at in taken {
                        unsent.remove(&(no * BATCH + at));
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error,
                        "the queue took no announcements; the sweeper sends them"
                    );
                    break;
                }
            }
        }
        unsent.into_iter().collect()
    }

    /// Sends the announcements of one request; answers the places of those that were taken.
    async fn send_batch(&self, part: &[Announcement]) -> std::result::Result<Vec<usize>, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Taken {
            id: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            successful: Vec<Taken>,
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
        let bound = invocation::time_left().map_or(SEND_TIME, |left| SEND_TIME.min(left / 2));
        let answer: Answer = self.call("SendMessageBatch", &body, bound).await?;
        let taken = answer.successful.iter();
        Ok(taken.filter_map(|taken| taken.id.parse().ok()).collect())
    }

    /// Receives up to `most` messages; waits a second for the first message. A message is hidden from other receivers until it is
    /// deleted or comes back.
    pub async fn receive(&self, most: usize) -> Vec<ReceivedMessage> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            messages: Vec<ReceivedMessage>,
        }
        let body = json!({
            "QueueUrl": self.url,
            "MaxNumberOfMessages": most.clamp(1, BATCH),
            "WaitTimeSeconds": RECEIVE_SECONDS,
            "MessageSystemAttributeNames": ["All"],
        });
        let answer = self.call("ReceiveMessage", &body, RECEIVE_TIME).await;
        answer.map_or_else(
            |error| {
                tracing::warn!(error, "no messages could be received");
                Vec::new()
            },
            |answer: Answer| answer.messages,
        )
    }

    /// Deletes a message. Where that fails it comes again, and finds nothing to do.
    pub async fn delete(&self, receipt: &str) {
        let body = json!({"QueueUrl": self.url, "ReceiptHandle": receipt});
        let deleted: std::result::Result<IgnoredAny, _> =
            self.call("DeleteMessage", &body, SEND_TIME).await;
        if let Err(error) = deleted {
            tracing::warn!(error, "a message could not be deleted");
        }
    }

    async fn call<A: DeserializeOwned>(
        &self,
        action: &str,
        body: &Value,
        bound: Duration,
    ) -> std::result::Result<A, String> {
        let request = SignedCall {
            url: &self.endpoint,
            target: &format!("AmazonSQS.{action}"),
            content_type: "application/x-amz-json-1.0",
            scope: (&self.role.region, "sqs"),
            credentials: self.role.credentials(),
            body: body.to_string(),
        };
        let (status, answer) = call(&request, bound).await?;
        if status != 200 {
            return Err(format!("the queue answered {status}"));
        }
        // The answer to a delete may be empty.
        let answer = if answer.is_empty() { b"{}" } else { &*answer };
        serde_json::from_slice(answer).map_err(|_| "its answer is no JSON".to_owned())
    }
}
