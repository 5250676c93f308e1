//! Workers: functions behind an SQS queue, answering with a partial batch response.
//!
//! Every message counts as failed until it is proven done, because a message that the response leaves out is deleted from the
//! queue. A failed message comes back after the visibility timeout and ends in the dead-letter queue.

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

use futures_util::FutureExt;
use lambda_runtime::{Context, LambdaEvent};
use serde::{Deserialize, Serialize};
use task_engine::ChunkMessage;
use task_engine::metrics::Metric;
use task_engine::{Deadline, Unworked};
use task_service::Error;
use task_store::chunks::ChunkKey;
use tracing::Instrument;

use crate::deadline::{self, FunctionTimeout};
use crate::{FromEnvironment, fault, runtime, telemetry};

mod job;
mod parallel;

pub use job::serve_job;
pub use parallel::serve_parallel;

/// One message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The queue's id of the message.
    pub id: String,
    /// The body of the message.
    pub body: String,
    /// How often the message was received, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: Option<SystemTime>,
    /// From when on nothing more is begun.
    pub deadline: Deadline,
    /// The trace that its sender was part of.
    pub trace: Option<String>,
    /// It comes from a dead-letter queue.
    pub is_dead_letter: bool,
}

impl Message {
    /// Returns the chunk that the message announces.
    ///
    /// # Errors
    /// [`NotDone::Unreadable`] when the body is none of ours.
    pub fn chunk(&self) -> Result<ChunkKey, NotDone> {
        let key = ChunkMessage::parse(&self.body).ok_or(NotDone::Unreadable)?;
        telemetry::note_task(&key.task);
        Ok(key)
    }
}

/// Why a message stays in the queue. It comes back after the visibility timeout.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Its body is none of ours: it will end in the dead-letter queue, where a person can look at it.
    #[error("the message cannot be read")]
    Unreadable,
    /// Another worker holds the chunk and may still fail.
    #[error("another worker holds the work")]
    Held,
    /// The work failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<Unworked> for NotDone {
    fn from(unworked: Unworked) -> Self {
        match unworked {
            Unworked::Held => Self::Held,
            Unworked::Store(fault) => Self::Failed(fault.into()),
        }
    }
}

/// Serves a worker: `handler` gets one message after the other.
///
/// # Errors
/// A bad configuration. The error of a message is logged, and the message stays in the queue.
pub fn serve<S, H, F>(handler: H) -> Result<(), crate::Error>
where
    S: FromEnvironment,
    H: Fn(&'static S, Message) -> F + Copy + Send + 'static,
    F: Future<Output = Result<(), NotDone>> + 'static,
{
    runtime::serve(&|environment| {
        let state = runtime::leaked(environment)?;
        let timeout = FunctionTimeout::from_environment(environment)?;
        Ok(Box::new(move |event: LambdaEvent<Event>| {
            let answering = async move {
                let deadline = deadline::of(&event.context, timeout);
                let handler = |message| handler(state, message);
                handle_all(event.payload, &event.context, deadline, handler).await
            };
            answering.boxed_local()
        }))
    })
}

/// The event of the queue's event source mapping.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

impl Event {
    /// Checks that every record can be reported on its own: a record that the response leaves out is deleted from the queue.
    ///
    /// # Errors
    /// A record has no id; the whole batch stays in the queue.
    fn check(&self, context: &Context) -> Result<(), crate::Error> {
        if self
            .records
            .iter()
            .all(|record| !record.message_id.is_empty())
        {
            return Ok(());
        }
        tracing::error!(
            request.id = context.request_id,
            "a record without messageId: the whole batch is failed"
        );
        Err("a record without messageId".into())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    receipt_handle: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attributes: HashMap<String, String>,
}

/// The answer: which messages are to stay in the queue.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartialBatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

async fn handle_all<F>(
    event: Event,
    context: &Context,
    deadline: Deadline,
    handler: impl Fn(Message) -> F,
) -> Result<PartialBatchResponse, crate::Error>
where
    F: Future<Output = Result<(), NotDone>>,
{
    event.check(context)?;
    let ids = event.records.iter().map(|record| record.message_id.clone());
    let mut failed: Vec<Option<String>> = ids.map(Some).collect();
    for (at, record) in event.records.into_iter().enumerate() {
        if at > 0 && deadline.has_passed() {
            leave(context, failed.len() - at, "out of time");
            break;
        }
        let message = record.into_message(deadline);
        let span = telemetry::span(context);
        match handle(message, &handler).instrument(span).await {
            Handled::Done => failed[at] = None,
            Handled::Kept => {}
            Handled::Outage => {
                leave(
                    context,
                    failed.len() - at - 1,
                    "the database cannot be used",
                );
                break;
            }
        }
    }
    let failures = failed.into_iter().flatten();
    Ok(PartialBatchResponse {
        batch_item_failures: failures
            .map(|item_identifier| Failure { item_identifier })
            .collect(),
    })
}

/// Says that messages are not begun. They come back after the visibility timeout.
fn leave(context: &Context, left: usize, reason: &str) {
    if left > 0 {
        tracing::warn!(
            request.id = context.request_id,
            left,
            reason,
            "the other messages stay in the queue"
        );
    }
}

/// The end of a message.
enum Handled {
    /// It may go.
    Done,
    /// It stays.
    Kept,
    /// It stays, and the ones after it would fail as it did, each after a long wait.
    Outage,
}

/// Handles one message and logs it.
async fn handle<F>(message: Message, handler: impl Fn(Message) -> F) -> Handled
where
    F: Future<Output = Result<(), NotDone>>,
{
    let start = Instant::now();
    telemetry::note_message(&message.id);
    if let Some(trace) = &message.trace {
        telemetry::note_trace(trace);
    }
    let (receive_count, is_dead_letter) = (message.receive_count, message.is_dead_letter);
    let sent = message
        .sent_at
        .and_then(|sent| SystemTime::now().duration_since(sent).ok());
    let queue_wait_ms = sent.and_then(|wait| u64::try_from(wait.as_millis()).ok());
    let outcome = fault::isolated(async move { handler(message).await }).await;
    let duration_ms = telemetry::milliseconds(start);
    measure(is_dead_letter, receive_count, queue_wait_ms, duration_ms);
    match outcome.unwrap_or_else(|panic| Err(panic.into())) {
        Ok(()) => {
            tracing::info!(receive_count, queue_wait_ms, duration_ms, "message done");
            return Handled::Done;
        }
        Err(held @ NotDone::Held) => {
            tracing::info!(receive_count, queue_wait_ms, duration_ms, reason = %held, "message kept");
        }
        Err(NotDone::Failed(error)) => {
            tracing::error!(receive_count, queue_wait_ms, duration_ms, error = %fault::loggable(&error), "message failed");
            if matches!(&error, Error::Store(fault) if fault.is_outage()) {
                return Handled::Outage;
            }
        }
        Err(error) => {
            tracing::error!(receive_count, queue_wait_ms, duration_ms, %error, "message failed");
        }
    }
    Handled::Kept
}

fn measure(is_dead_letter: bool, receive_count: u32, wait_ms: Option<u64>, duration_ms: f64) {
    if is_dead_letter {
        Metric::DeadLetters.record(1);
        return;
    }
    Metric::Retries.record(u8::from(receive_count > 1));
    Metric::ChunkTime.record(duration_ms);
    if let Some(wait) = wait_ms {
        Metric::QueueWait.record(u32::try_from(wait).unwrap_or(u32::MAX));
    }
}

impl Record {
    fn into_message(self, deadline: Deadline) -> Message {
        let number = |name| {
            self.attributes
                .get(name)
                .and_then(|text| text.parse::<u64>().ok())
        };
        Message {
            receive_count: number("ApproximateReceiveCount")
                .map_or(1, |count| u32::try_from(count).unwrap_or(u32::MAX)),
            sent_at: number("SentTimestamp").and_then(instant),
            deadline,
            trace: self.attributes.get("AWSTraceHeader").cloned(),
            is_dead_letter: self.attributes.contains_key("DeadLetterQueueSourceArn"),
            id: self.message_id,
            body: self.body,
        }
    }
}

fn instant(milliseconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests;
