//! The event source mapping: polls a queue, invokes the function, deletes messages that succeeded and leaves the others to
//! its visibility timeout, as Lambda does with `ReportBatchItemFailures`.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use crate::error::LocalError;
use crate::invoker::Invoker;
use crate::pool::Pool;
use crate::queue::{QueueEmulator, REGION};

/// The pause after a receive that failed, or while no process is free.
const PAUSE: Duration = Duration::from_millis(50);
/// How long messages that are done are gathered before they are deleted.
const GATHER: Duration = Duration::from_millis(3);
/// The most messages of one receive and of one delete.
const LARGEST_BATCH: usize = 10;

/// One queue's mapping to a function.
#[derive(Debug, Clone)]
pub(crate) struct EventSource {
    pub(crate) queue: String,
    pub(crate) function: String,
    pub(crate) batch_size: usize,
    /// How long an empty queue is left alone when nobody rings its bell.
    pub(crate) glance: Duration,
    /// How long the function may take for one batch.
    pub(crate) timeout: Duration,
    pub(crate) emulator: Arc<QueueEmulator>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) invoker: Invoker,
}

impl EventSource {
    /// Polls for ever; never has more invocations in flight than the function has processes.
    ///
    /// A few messages are received ahead, so that a process that gets free need not wait for a receive. Each process takes the
    /// next ones when it is free: no share is fixed before it is known who is quick.
    pub(crate) async fn poll(self) {
        let source = Arc::new(self);
        let (done, finished) = mpsc::unbounded_channel();
        tokio::spawn(Arc::clone(&source).delete(finished));
        let (mut received, mut in_flight) = (VecDeque::new(), JoinSet::new());
        loop {
            while in_flight.try_join_next().is_some() {}
            if in_flight.len() >= source.pool.live() {
                let _ = tokio::time::timeout(PAUSE, in_flight.join_next()).await;
                if in_flight.is_empty() {
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
            if received.is_empty() {
                received.extend(source.receive().await);
            }
            if received.is_empty() {
                source.emulator.rung(&source.queue, source.glance).await;
                continue;
            }
            let batch = received.len().min(source.batch_size);
            let batch: Vec<_> = received.drain(..batch).collect();
            in_flight.spawn(Arc::clone(&source).deliver(batch, done.clone()));
        }
    }

    async fn receive(&self) -> Vec<Message> {
        let ahead = (2 * self.batch_size * self.pool.live()).clamp(1, LARGEST_BATCH);
        let request = self.emulator.client().receive_message();
        let received = request
            .queue_url(self.emulator.url(&self.queue))
            .max_number_of_messages(i32::try_from(ahead).unwrap_or(1))
            .wait_time_seconds(0)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await;
        match received {
            Ok(answer) => answer.messages.unwrap_or_default(),
            Err(error) => {
                // Only a restarted emulator has lost its queues.
                if error.as_service_error().is_some_and(aws_sdk_sqs::operation::receive_message::ReceiveMessageError::is_queue_does_not_exist) {
                    let _ = self.emulator.create_queues().await;
                }
                tokio::time::sleep(PAUSE).await;
                Vec::new()
            }
        }
    }

    async fn deliver(self: Arc<Self>, messages: Vec<Message>, done: UnboundedSender<String>) {
        self.pool.begin_batch();
        let event = event(&self.queue, &messages);
        let answer = self
            .invoker
            .invoke(&self.function, &event, self.timeout)
            .await;
        self.pool.end_batch();
        if matches!(answer, Err(LocalError::Ended(_))) {
            let bodies = messages.iter().filter_map(|message| message.body.clone());
            self.pool.interrupt(bodies);
        }
        let failed = answer.as_ref().ok();
        if let Some(failed) = failed.and_then(|answer| failures(answer, &messages)) {
            let succeeded = messages.iter().filter(|m| !failed.contains(id(m)));
            for handle in succeeded.filter_map(|message| message.receipt_handle.clone()) {
                let _ = done.send(handle);
            }
        }
    }

    /// Deletes messages that are done, several in one request. A delete that fails is no loss: the message is delivered
    /// again.
    async fn delete(self: Arc<Self>, mut done: UnboundedReceiver<String>) {
        let mut handles = Vec::new();
        while done.recv_many(&mut handles, LARGEST_BATCH).await > 0 {
            tokio::time::sleep(GATHER).await;
            while handles.len() < LARGEST_BATCH
                && let Ok(handle) = done.try_recv()
            {
                handles.push(handle);
            }
            let entry = |(index, handle): (usize, String)| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
                entry.receipt_handle(handle).build().ok()
            };
            let entries = handles.drain(..).enumerate().filter_map(entry).collect();
            let request = self.emulator.client().delete_message_batch();
            let _ = request
                .queue_url(self.emulator.url(&self.queue))
                .set_entries(Some(entries))
                .send()
                .await;
        }
    }
}

/// Returns the event Lambda would build from these messages.
fn event(queue: &str, messages: &[Message]) -> Value {
    let record = |message: &Message| {
        let attributes: Map<String, Value> = message
            .attributes
            .iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
            .collect();
        let message_attributes: Map<String, Value> = message
            .message_attributes
            .iter()
            .flatten()
            .map(|(name, value)| {
                (
                    name.clone(),
                    json!({"stringValue": value.string_value, "dataType": value.data_type}),
                )
            })
            .collect();
        json!({
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "md5OfBody": message.md5_of_body,
            "attributes": attributes,
            "messageAttributes": message_attributes,
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:000000000000:{queue}"),
            "awsRegion": REGION,
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// Returns the ids of the messages that failed; `None` when the answer cannot be trusted and all of them have, which
/// Lambda decides in the same way: an unknown id, or an answer of another shape.
fn failures<'a>(answer: &'a Value, messages: &[Message]) -> Option<HashSet<&'a str>> {
    if answer.is_null() {
        return Some(HashSet::new());
    }
    let failed = match answer.as_object()?.get("batchItemFailures") {
        None | Some(Value::Null) => return Some(HashSet::new()),
        Some(list) => list.as_array()?,
    };
    let known: HashSet<&str> = messages.iter().map(id).collect();
    let known_id = |item: &'a Value| {
        item.get("itemIdentifier")?
            .as_str()
            .filter(|id| known.contains(id))
    };
    failed.iter().map(known_id).collect()
}

fn id(message: &Message) -> &str {
    message.message_id.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Message> {
        let message = |id: &str| {
            let message = Message::builder()
                .message_id(id)
                .receipt_handle(format!("r-{id}"))
                .body("{}");
            message
                .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "2")
                .build()
        };
        ["a", "b", "c"].map(message).to_vec()
    }

    #[test]
    fn only_the_messages_named_as_failed_are_kept() {
        let answer = json!({"batchItemFailures": [{"itemIdentifier": "b"}]});
        assert_eq!(failures(&answer, &messages()), Some(HashSet::from(["b"])));
    }

    #[test]
    fn an_empty_answer_means_that_all_succeeded() {
        for answer in [
            json!(null),
            json!({}),
            json!({"batchItemFailures": null}),
            json!({"batchItemFailures": []}),
        ] {
            assert_eq!(
                failures(&answer, &messages()),
                Some(HashSet::new()),
                "{answer}"
            );
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_deletes_nothing() {
        for answer in [
            json!("done"),
            json!({"batchItemFailures": "b"}),
            json!({"batchItemFailures": [{"itemIdentifier": "z"}]}),
            json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
            json!({"batchItemFailures": [{"id": "b"}]}),
        ] {
            assert_eq!(failures(&answer, &messages()), None, "{answer}");
        }
    }

    #[test]
    fn an_event_carries_the_queue_and_the_receive_count() {
        let event = event("order-import", &messages());
        let record = &event["Records"][1];
        assert_eq!(record["messageId"], "b");
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "2");
        assert_eq!(
            record["eventSourceARN"],
            "arn:aws:sqs:us-east-1:000000000000:order-import"
        );
    }
}
