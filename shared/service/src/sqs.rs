//! The queue as Amazon SQS: standard queues, messages grouped by station so that one station's flood does not
//! keep the others waiting (fair queues).

mod connector;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::MessageSystemAttributeNameForSends::AwsTraceHeader as TraceHeader;
use aws_sdk_sqs::types::{MessageSystemAttributeValue, SendMessageBatchRequestEntry};
use futures_util::stream::{self, StreamExt};
use task_store::chunks::ChunkKey;
use task_store::invocation;
use task_store::outbox::Due;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::failpoints::{Failpoint, reach};
use crate::queue::{ChunkMessage, Queue};
use crate::trace;
pub use connector::http_client;

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

/// Where each job's messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    by_job: HashMap<String, String>,
    default: Option<String>,
}

impl QueueUrls {
    /// Reads `GM_TASK_QUEUE`: one queue URL for every job, or `job=url,job=url`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut urls = Self {
            by_job: HashMap::new(),
            default: None,
        };
        for entry in text.split(',').map(str::trim) {
            let (job, url) = match entry.split_once('=') {
                Some((job, url)) if !job.contains("://") => (Some(job.trim()), url.trim()),
                _ => (None, entry),
            };
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                return Err("is neither a queue URL nor a list job=url,job=url".to_owned());
            }
            match job {
                Some(job) => drop(urls.by_job.insert(job.to_owned(), url.to_owned())),
                None => urls.default = Some(url.to_owned()),
            }
        }
        Ok(urls)
    }

    /// The queue of a job.
    #[must_use]
    pub fn of(&self, job: &str) -> Option<&str> {
        self.by_job
            .get(job)
            .or(self.default.as_ref())
            .map(String::as_str)
    }
}

/// The queues. The client is built by the first send: whoever does not send does not pay for it.
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

    async fn send_batch(&self, url: &str, part: &[&Due], is_down: &AtomicBool) -> Vec<ChunkKey> {
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
    async fn send(&self, due: &[Due]) -> Vec<ChunkKey> {
        let mut by_url: HashMap<&str, (AtomicBool, Vec<&Due>)> = HashMap::new();
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

/// The messages of a request, and the chunks of which none can be built: these count as unsent.
fn entries<E: std::fmt::Display>(
    part: &[&Due],
    build: impl Fn(usize, &Due) -> Result<SendMessageBatchRequestEntry, E>,
) -> (Vec<SendMessageBatchRequestEntry>, Vec<ChunkKey>) {
    let (mut entries, mut unsent) = (Vec::with_capacity(part.len()), Vec::new());
    for (at, due) in part.iter().enumerate() {
        match build(at, due) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                tracing::error!(task.id = due.key.task.get(), %error, "a message cannot be built");
                unsent.push(due.key);
            }
        }
    }
    (entries, unsent)
}

/// One message; its id is its place in the request.
fn entry(
    at: usize,
    due: &Due,
    trace: Option<&MessageSystemAttributeValue>,
) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(ChunkMessage::new(due.key).body())
        .message_group_id(group(due.station.as_str()));
    let entry = match trace {
        Some(trace) => entry.message_system_attributes(TraceHeader, trace.clone()),
        None => entry,
    };
    entry.build()
}

/// The trace of the current invocation, for the worker to go on with.
fn trace_header(header: Option<String>) -> Option<MessageSystemAttributeValue> {
    let header = header.filter(|header| !header.is_empty())?;
    let value = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(header);
    value.build().ok()
}

/// A message group id holds ASCII only: a station's name as it is, or as the hex of its bytes.
fn group(station: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic();
    if station.chars().all(plain) {
        return station.to_owned();
    }
    station
        .bytes()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
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
    use task_store::{StationId, TaskId};

    #[tokio::test]
    async fn a_request_takes_half_of_what_the_invocation_has_left_at_most() {
        assert_eq!(send_bound(), SEND_TIMEOUT);
        let soon = std::time::Instant::now() + Duration::from_secs(1);
        let bound = invocation::within(Some(soon), async { send_bound() }).await;
        assert!(bound <= Duration::from_millis(500), "{bound:?}");
    }

    #[test]
    fn one_url_serves_every_job_and_a_named_one_its_own() {
        let one = QueueUrls::parse("http://127.0.0.1:4566/000000000000/orders").unwrap();
        assert_eq!(
            one.of("any"),
            Some("http://127.0.0.1:4566/000000000000/orders")
        );
        let two = QueueUrls::parse("order_import=https://q/1, price=https://q/2?a=b").unwrap();
        assert_eq!(two.of("order_import"), Some("https://q/1"));
        assert_eq!(two.of("price"), Some("https://q/2?a=b"));
        assert_eq!(two.of("other"), None);
    }

    #[test]
    fn a_queue_that_is_no_url_is_refused() {
        for text in ["", "orders", "order_import=orders", "order_import="] {
            assert!(QueueUrls::parse(text).is_err(), "{text:?}");
        }
    }

    fn due(chunk: u32) -> Due {
        Due {
            key: ChunkKey {
                task: TaskId::parse("7").unwrap(),
                run: 1,
                chunk,
            },
            station: StationId::parse("T1").unwrap(),
            job: "order_import".to_owned(),
        }
    }

    #[test]
    fn a_message_that_cannot_be_built_is_unsent_and_the_others_are_sent_under_their_places() {
        let part = [due(0), due(1), due(2)];
        let part: Vec<_> = part.iter().collect();
        let (entries, unsent) = entries(&part, |at, due| match at {
            1 => Err("no body".to_owned()),
            _ => entry(at, due, None).map_err(|error| error.to_string()),
        });
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!((ids, unsent), (vec!["0", "2"], vec![part[1].key]));
    }

    #[test]
    fn a_message_carries_the_trace_of_the_call_that_sent_it_if_there_is_one() {
        let due = due(0);
        let header = "Root=1-6a1f0c00-0123456789abcdef01234567;Sampled=1";
        let trace = trace_header(Some(header.to_owned()));
        let traced = entry(0, &due, trace.as_ref()).unwrap();
        let attributes = traced.message_system_attributes.unwrap();
        assert_eq!(attributes[&TraceHeader].string_value(), Some(header));
        assert_eq!(attributes[&TraceHeader].data_type(), "String");
        let untraced = entry(0, &due, trace_header(None).as_ref()).unwrap();
        assert_eq!(untraced.message_system_attributes, None);
    }

    #[test]
    fn a_message_group_is_ascii_and_one_per_station() {
        assert_eq!(group("T1"), "T1");
        assert_eq!(group("站"), "e7ab99");
    }
}
