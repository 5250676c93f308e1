//! A worker whose messages wait for others, not for the database: all messages of an invocation at once. While some of them wait
//! for long, the places of the others do further work.

use std::time::Duration;

use futures_util::future::{FutureExt, join_all};
use lambda_runtime::{Context, LambdaEvent};
use task_engine::Deadline;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;
use tracing::Instrument;

use super::{Event, Failure, Handled, Message, NotDone, PartialBatchResponse, Record, handle};
use crate::deadline::{self, FunctionTimeout};
use crate::{FromEnvironment, fault, runtime, telemetry};

/// Bounds the pieces of work that an invocation does at once: as many as a batch has messages.
const PLACES: usize = 10;
/// The pause between two looks for further work while messages wait.
const LOOK: Duration = Duration::from_millis(50);
/// Bounds the time of a piece of work. None is begun with less time left.
const LONGEST: Duration = Duration::from_secs(25);

/// Serves a worker: `handler` gets all messages of an invocation at the same time. Places without a message do the work that
/// `next` claims, as long as there is any and time is left.
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
        let timeout = FunctionTimeout::from_environment(environment)?;
        Ok(Box::new(move |event: LambdaEvent<Event>| {
            let LambdaEvent {
                payload, context, ..
            } = event;
            let places = Places {
                begin_until: deadline::before(&context, timeout, LONGEST),
                deadline: deadline::of(&context, timeout),
                open: watch::Sender::new(payload.records.len()),
                looking: Mutex::new(true),
                handler: move |message| handler(state, message),
                next: move || next(state),
                work: move |found| work(state, found),
            };
            let handling = async move { places.handle_at_once(payload, &context).await };
            handling.boxed_local()
        }))
    })
}

/// The places of an invocation.
struct Places<H, N, D> {
    /// No further work is begun after it.
    begin_until: Deadline,
    deadline: Deadline,
    /// Messages that are not handled yet, and further work under way.
    open: watch::Sender<usize>,
    /// Whether there may be further work. One place looks at a time.
    looking: Mutex<bool>,
    handler: H,
    next: N,
    work: D,
}

impl<H, N, D> Places<H, N, D> {
    async fn handle_at_once<W, F, G, E>(
        &self,
        event: Event,
        context: &Context,
    ) -> Result<PartialBatchResponse, crate::Error>
    where
        H: Fn(Message) -> F,
        F: Future<Output = Result<(), NotDone>>,
        N: Fn() -> G,
        G: Future<Output = task_service::Result<Option<W>>>,
        D: Fn(W) -> E,
        E: Future<Output = task_service::Result<()>>,
    {
        if event
            .records
            .iter()
            .any(|record| record.message_id.is_empty())
        {
            return Err("a record without messageId".into());
        }
        let free = PLACES.saturating_sub(event.records.len());
        let records = event.records.into_iter().map(Some);
        let records = records.chain(std::iter::repeat_with(|| None).take(free));
        let ended = records.map(|record| async {
            let failed = match record {
                Some(record) => self.handle_own(record, context).await,
                None => {
                    self.wait().await;
                    None
                }
            };
            self.do_further_work()
                .instrument(telemetry::span(context))
                .await;
            failed
        });
        let failed = join_all(ended).await.into_iter().flatten();
        Ok(PartialBatchResponse {
            batch_item_failures: failed
                .map(|item_identifier| Failure { item_identifier })
                .collect(),
        })
    }

    /// Handles a message; answers its id when it is to stay in the queue.
    async fn handle_own<F>(&self, record: Record, context: &Context) -> Option<String>
    where
        H: Fn(Message) -> F,
        F: Future<Output = Result<(), NotDone>>,
    {
        let id = record.message_id.clone();
        let span = telemetry::span(context);
        let end = handle(record.into_message(self.deadline), &self.handler).instrument(span);
        let is_done = matches!(end.await, Handled::Done);
        self.open.send_modify(|open| *open -= 1);
        (!is_done).then_some(id)
    }

    /// Does one piece of further work after the other.
    async fn do_further_work<W, G, E>(&self)
    where
        N: Fn() -> G,
        G: Future<Output = task_service::Result<Option<W>>>,
        D: Fn(W) -> E,
        E: Future<Output = task_service::Result<()>>,
    {
        while let Some(found) = self.look().await {
            let done = fault::isolated((self.work)(found)).await;
            if let Err(fault) = done.and_then(|done| done) {
                report(&fault);
            }
            self.open.send_modify(|open| *open -= 1);
        }
    }

    /// Claims further work. Looks again and again while other work is open, whose end may make room for more; `None`: nothing is
    /// left, or time is up.
    async fn look<W, G>(&self) -> Option<W>
    where
        N: Fn() -> G,
        G: Future<Output = task_service::Result<Option<W>>>,
    {
        let mut may_have_more = self.looking.lock().await;
        while *may_have_more && !self.begin_until.has_passed() {
            let is_last = *self.open.borrow() == 0;
            let found = fault::isolated((self.next)()).await;
            match found.and_then(|found| found) {
                Ok(Some(found)) => {
                    self.open.send_modify(|open| *open += 1);
                    return Some(found);
                }
                Ok(None) if is_last => *may_have_more = false,
                Ok(None) => self.wait().await,
                Err(fault) => {
                    report(&fault);
                    *may_have_more = false;
                }
            }
        }
        None
    }

    /// Waits until no work is open, but not for long.
    async fn wait(&self) {
        let mut open = self.open.subscribe();
        let _ = timeout(LOOK, open.wait_for(|open| *open == 0)).await;
    }
}

/// Logs a fault of further work, which is found again.
fn report(fault: &task_service::Error) {
    let error = fault::loggable(fault);
    tracing::error!(%error, "further work failed");
}

#[cfg(test)]
mod tests;
