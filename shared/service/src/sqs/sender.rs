//! Sending messages to queues: in batches, several at once, a queue that fails is left alone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use futures_util::stream::{self, StreamExt};
use task_engine::failpoints::{Failpoint, reach};
use task_store::invocation;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::client::{SEND_TIMEOUT, client};
use super::message::{Message, entries, entry, trace_header};
use crate::trace;

/// Messages in one `SendMessageBatch`, the service's limit.
const BATCH: usize = 10;
/// Requests in flight at once.
const CONCURRENCY: usize = 8;

/// Bounds a request that is made now. The other half of the invocation's time is for making due again messages
/// that were not sent, and for the answer.
fn send_bound() -> Duration {
    invocation::time_left().map_or(SEND_TIMEOUT, |left| SEND_TIMEOUT.min(left / 2))
}

/// Sends messages. The first send builds the client: a function that does not send does not pay for it.
#[derive(Debug, Default)]
pub(super) struct Sender {
    client: OnceCell<Client>,
}

impl Sender {
    /// Sends messages, each to the queue at its URL; answers the places of unsent messages. A message without a URL is not sent.
    pub(super) async fn send(&self, messages: &[(Option<&str>, Message)]) -> Vec<usize> {
        let mut by_url: HashMap<&str, (AtomicBool, Vec<usize>)> = HashMap::new();
        let mut unsent = Vec::new();
        for (place, (url, _)) in messages.iter().enumerate() {
            match *url {
                Some(url) => by_url.entry(url).or_default().1.push(place),
                None => unsent.push(place),
            }
        }
        let parts = by_url.iter().flat_map(|(url, (is_down, places))| {
            let parts = places.chunks(BATCH);
            parts.map(move |part| self.send_batch(url, messages, part, is_down))
        });
        let sends: Vec<_> = parts.collect();
        let failed: Vec<_> = stream::iter(sends)
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        unsent.extend(failed.into_iter().flatten());
        unsent
    }

    async fn send_batch(
        &self,
        url: &str,
        messages: &[(Option<&str>, Message)],
        part: &[usize],
        is_down: &AtomicBool,
    ) -> Vec<usize> {
        if is_down.load(Ordering::Relaxed) || reach(Failpoint::QueueSending).await.is_err() {
            return part.to_vec();
        }
        let client = self.client.get_or_init(async || client()).await;
        let trace = trace_header(trace::current());
        let (entries, mut unsent) = entries(part, |place| {
            entry(place, &messages[place].1, trace.as_ref())
        });
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
            return part.to_vec();
        };
        match answer {
            Ok(answer) => {
                let failed = answer.failed.iter();
                unsent.extend(failed.filter_map(|failed| failed.id.parse::<usize>().ok()));
                unsent
            }
            Err(error) => {
                is_down.store(true, Ordering::Relaxed);
                let error = aws_sdk_sqs::error::DisplayErrorContext(&error).to_string();
                tracing::warn!(error, "the queue took no messages");
                part.to_vec()
            }
        }
    }
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
