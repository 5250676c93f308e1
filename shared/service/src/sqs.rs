//! The queue as Amazon SQS: standard queues, messages grouped by station so that one station's flood does not
//! keep the others waiting (fair queues).

mod connector;
mod message;
mod urls;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use futures_util::stream::{self, StreamExt};
use task_engine::Queue;
use task_engine::failpoints::{Failpoint, reach};
use task_store::chunks::ChunkKey;
use task_store::invocation;
use task_store::outbox::Announcement;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::trace;
pub use connector::http_client;
use message::{entries, entry, trace_header};
pub use urls::QueueUrls;

/// Messages in one `SendMessageBatch`, the service's limit.
const BATCH: usize = 10;
/// Requests in flight at once.
const CONCURRENCY: usize = 8;
/// How long one request may take, all its tries included. A queue that failed one gets no further ones in this send,
/// so that the answer to a submit waits for hardly longer than this; the sweeper sends what was not sent.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a request that is made now may take: the other half of what the invocation has left is for making due again what
/// was not sent, and for the answer.
fn send_bound() -> Duration {
    invocation::time_left().map_or(SEND_TIMEOUT, |left| SEND_TIMEOUT.min(left / 2))
}

/// The queues in SQS. The first send builds the client: a function that does not send does not pay for it.
#[derive(Debug)]
pub struct SqsQueue {
    urls: QueueUrls,
    client: OnceCell<Client>,
}

impl SqsQueue {
    /// Queues at these URLs, reached with the credentials, region and endpoint of the environment.
    #[must_use]
    pub fn new(urls: QueueUrls) -> Self {
        Self {
            urls,
            client: OnceCell::new(),
        }
    }

    async fn send_batch(
        &self,
        url: &str,
        part: &[&Announcement],
        is_down: &AtomicBool,
    ) -> Vec<ChunkKey> {
        if is_down.load(Ordering::Relaxed) || reach(Failpoint::QueueSending).await.is_err() {
            return part.iter().map(|due| due.key).collect();
        }
        let client = self.client.get_or_init(async || client()).await;
        let trace = trace_header(trace::current());
        let (entries, mut unsent) = entries(part, |at, due| entry(at, due, trace.as_ref()));
        if entries.is_empty() {
            return unsent;
        }
        let request = client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries));
        let Ok(answer) = timeout(send_bound(), request.send()).await else {
            is_down.store(true, Ordering::Relaxed);
            tracing::warn!("the queue took no messages in the time that the invocation has left");
            return part.iter().map(|due| due.key).collect();
        };
        match answer {
            Ok(answer) => {
                let failed = answer
                    .failed
                    .iter()
                    .filter_map(|failed| failed.id.parse::<usize>().ok());
                unsent.extend(failed.filter_map(|at| part.get(at).map(|due| due.key)));
                unsent
            }
            Err(error) => {
                is_down.store(true, Ordering::Relaxed);
                let error = aws_sdk_sqs::error::DisplayErrorContext(&error).to_string();
                tracing::warn!(error, "the queue took no messages");
                part.iter().map(|due| due.key).collect()
            }
        }
    }
}

impl Queue for SqsQueue {
    async fn send(&self, due: &[Announcement]) -> Vec<ChunkKey> {
        let mut by_url: HashMap<&str, (AtomicBool, Vec<&Announcement>)> = HashMap::new();
        let mut unsent = Vec::new();
        for one in due {
            match self.urls.of(&one.job) {
                Some(url) => by_url.entry(url).or_default().1.push(one),
                None => unsent.push(one.key),
            }
        }
        let parts = by_url.iter().flat_map(|(url, (is_down, due))| {
            due.chunks(BATCH).map(move |part| (*url, part, is_down))
        });
        let sends: Vec<_> = parts
            .map(|(url, part, is_down)| self.send_batch(url, part, is_down))
            .collect();
        let failed: Vec<_> = stream::iter(sends)
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        unsent.extend(failed.into_iter().flatten());
        unsent
    }
}

/// A client from the environment, as a function finds it: `AWS_REGION`, the credentials of its role and, locally,
/// `AWS_ENDPOINT_URL`.
fn client() -> Client {
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let credentials = Credentials::new(
        var("AWS_ACCESS_KEY_ID").unwrap_or_default(),
        var("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
        var("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(SEND_TIMEOUT)
        .build();
    let mut config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(Region::new(
            var("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
        ))
        .timeout_config(timeouts)
        .http_client(http_client());
    config.set_endpoint_url(var("AWS_ENDPOINT_URL_SQS").or_else(|| var("AWS_ENDPOINT_URL")));
    Client::from_conf(config.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_takes_half_of_what_the_invocation_has_left_at_most() {
        assert_eq!(send_bound(), SEND_TIMEOUT);
        let soon = std::time::Instant::now() + Duration::from_secs(1);
        let bound = invocation::within(Some(soon), async { send_bound() }).await;
        assert!(bound <= Duration::from_millis(500), "{bound:?}");
    }
}
