//! A worker whose messages wait for others, not for the database: all messages of an invocation at once. While some of them wait
//! for long, the free places do further work.
//!
//! A deployment has few invocations at a time. Where all of them wait, nobody would be handed what arrives, so an invocation that
//! waits receives messages by itself. What waits in the database for the end of a call is looked for at each end.

mod places;

use std::time::Duration;

use futures_util::future::FutureExt;
use lambda_runtime::{Context, LambdaEvent};
use task_service::push::{PushQueue, ReceivedMessage};
use task_service::targets::LONGEST_CALL;

use super::{Event, Message, NotDone, PartialBatchResponse, Record};
use crate::deadline::{self, FunctionTimeout};
use crate::{FromEnvironment, runtime};
use places::{Places, Times};

/// Bounds the time of a piece of work: the receive of its message, its call, and the writes before and after the call. With less
/// time left no work is begun.
const LONGEST: Duration = LONGEST_CALL.saturating_add(Duration::from_secs(6));

/// Serves a worker: `handler` gets all messages of an invocation at the same time. Free places do the work that `next` claims, and
/// handle messages that arrive meanwhile, as long as there are any and time is left.
///
/// # Errors
/// A bad configuration. The fault of a message is logged, and the message stays in the queue.
pub fn serve_parallel<S, W, H, F, N, G, D, E>(
    handler: H,
    next: N,
    work: D,
) -> Result<(), crate::Error>
where
    S: FromEnvironment,
    H: Fn(&'static S, Message) -> F + Copy + Send + 'static,
    F: Future<Output = Result<(), NotDone>> + 'static,
    N: Fn(&'static S) -> G + Copy + Send + 'static,
    G: Future<Output = task_service::Result<Option<W>>> + 'static,
    D: Fn(&'static S, W) -> E + Copy + Send + 'static,
    E: Future<Output = task_service::Result<()>> + 'static,
    W: 'static,
{
    runtime::serve(&|environment| {
        let state = runtime::leaked(environment)?;
        let queue: &'static Option<PushQueue> = runtime::leaked(environment)?;
        let timeout = FunctionTimeout::from_environment(environment)?;
        Ok(Box::new(move |event: LambdaEvent<Event>| {
            let LambdaEvent {
                payload, context, ..
            } = event;
            let worker = Functions {
                queue: queue.as_ref(),
                handler: move |message| handler(state, message),
                next: move || next(state),
                work: move |found| work(state, found),
            };
            let times = Times {
                begin_until: deadline::before(&context, timeout, LONGEST),
                deadline: deadline::of(&context, timeout),
            };
            let handling = async move { handle_at_once(&worker, payload, times, &context).await };
            handling.boxed_local()
        }))
    })
}

/// What an invocation does with its places.
trait Worker {
    /// A claimed piece of work.
    type Work;
    /// Handles a message.
    async fn handle(&self, message: Message) -> Result<(), NotDone>;
    /// Claims further work.
    async fn next(&self) -> task_service::Result<Option<Self::Work>>;
    /// Does claimed work.
    async fn work(&self, work: Self::Work) -> task_service::Result<()>;
    /// Tells whether it can receive messages by itself.
    fn receives(&self) -> bool;
    /// Receives up to `most` messages; waits a second for the first message.
    async fn receive(&self, most: usize) -> Vec<Record>;
    /// Deletes a message that was received.
    async fn delete(&self, receipt: &str);
}

/// A function's own functions, and its queue.
struct Functions<H, N, D> {
    queue: Option<&'static PushQueue>,
    handler: H,
    next: N,
    work: D,
}

impl<W, H, F, N, G, D, E> Worker for Functions<H, N, D>
where
    H: Fn(Message) -> F,
    F: Future<Output = Result<(), NotDone>>,
    N: Fn() -> G,
    G: Future<Output = task_service::Result<Option<W>>>,
    D: Fn(W) -> E,
    E: Future<Output = task_service::Result<()>>,
{
    type Work = W;

    async fn handle(&self, message: Message) -> Result<(), NotDone> {
        (self.handler)(message).await
    }

    async fn next(&self) -> task_service::Result<Option<W>> {
        (self.next)().await
    }

    async fn work(&self, work: W) -> task_service::Result<()> {
        (self.work)(work).await
    }

    fn receives(&self) -> bool {
        self.queue.is_some()
    }

    async fn receive(&self, most: usize) -> Vec<Record> {
        match self.queue {
            Some(queue) => {
                let received = queue.receive(most).await.into_iter();
                received.map(Record::from).collect()
            }
            None => Vec::new(),
        }
    }

    async fn delete(&self, receipt: &str) {
        if let Some(queue) = self.queue {
            queue.delete(receipt).await;
        }
    }
}

impl From<ReceivedMessage> for Record {
    fn from(received: ReceivedMessage) -> Self {
        Self {
            message_id: received.id,
            receipt_handle: received.receipt,
            body: received.body,
            attributes: received.attributes,
        }
    }
}

async fn handle_at_once<P: Worker>(
    worker: &P,
    event: Event,
    times: Times,
    context: &Context,
) -> Result<PartialBatchResponse, crate::Error> {
    event.check(context)?;
    let mut places = Places::new(worker, times, context);
    for record in event.records {
        places.handle_own(record);
    }
    Ok(PartialBatchResponse {
        batch_item_failures: places.until_over().await,
    })
}

#[cfg(test)]
mod tests;
