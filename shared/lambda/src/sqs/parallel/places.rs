//! The places of an invocation: work under way in them, and the looks and receives that fill the free ones.

use std::future::pending;
use std::time::{Duration, Instant};

use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use lambda_runtime::Context;
use task_engine::Deadline;
use tracing::Instrument;

use super::super::{Failure, Handled, Record, handle};
use super::{LONGEST, Worker};
use crate::{fault, telemetry};

/// Bounds the pieces of work that an invocation does at once: as many as a batch has messages.
const PLACES: usize = 10;
/// The first pause before another look for further work, while nothing is found; it is doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// After this time an invocation counts as one that waits, and receives messages by itself.
const WAITS: Duration = Duration::from_millis(500);

/// Until when an invocation begins something.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    /// No further work is begun after it.
    pub(super) begin_until: Deadline,
    pub(super) deadline: Deadline,
}

/// The places of an invocation, and what it does to fill them.
pub(super) struct Places<'w, P: Worker> {
    worker: &'w P,
    times: Times,
    context: &'w Context,
    /// Work in its places; each ends with the id of a message of the event that stays in the queue.
    under_way: FuturesUnordered<LocalBoxFuture<'w, Option<String>>>,
    look: Option<LocalBoxFuture<'w, task_service::Result<Option<P::Work>>>>,
    receive: Option<LocalBoxFuture<'w, Vec<Record>>>,
    /// The places that a receive may fill.
    receiving: usize,
    /// When the next look is due; `None`: there is no further one.
    next_look: Option<Instant>,
    pause: Duration,
    /// Something has ended since the look began.
    has_ended: bool,
    /// From when on messages are received.
    waits_from: Instant,
}

impl<'w, P: Worker> Places<'w, P> {
    pub(super) fn new(worker: &'w P, times: Times, context: &'w Context) -> Self {
        let now = Instant::now();
        Self {
            worker,
            times,
            context,
            under_way: FuturesUnordered::new(),
            look: None,
            receive: None,
            receiving: 0,
            next_look: Some(now + FIRST_PAUSE),
            pause: FIRST_PAUSE,
            has_ended: false,
            waits_from: now + WAITS,
        }
    }

    /// Works until nothing is under way and nothing is found, or time is up.
    pub(super) async fn until_over(&mut self) -> Vec<Failure> {
        let mut failed = Vec::new();
        loop {
            let now = Instant::now();
            self.begin(now);
            if self.under_way.is_empty() && self.look.is_none() && self.receive.is_none() {
                return failed;
            }
            let wake = self.next_wake(now);
            tokio::select! {
                Some(stays) = self.under_way.next() => {
                    failed.extend(stays.map(|item_identifier| Failure { item_identifier }));
                    // Its place, and its target's, may be what other work waits for.
                    self.next_look = self.next_look.map(|_| Instant::now());
                    self.has_ended = true;
                }
                found = ended(&mut self.look) => self.take(found),
                received = ended(&mut self.receive) => self.handle_received(received),
                () = tokio::time::sleep(wake) => {}
            }
        }
    }

    fn free(&self) -> usize {
        let taken = self.under_way.len() + self.receiving + usize::from(self.look.is_some());
        PLACES.saturating_sub(taken)
    }

    /// Begins to look, and to receive, where it is time and there is a place for what is found.
    fn begin(&mut self, now: Instant) {
        if self.times.begin_until.has_passed() {
            return;
        }
        let worker = self.worker;
        let is_due = self.next_look.is_some_and(|due| due <= now);
        if is_due && self.look.is_none() && self.free() > 0 {
            self.has_ended = false;
            let look = fault::isolated(async { worker.next().await }.instrument(self.span()));
            self.look = Some(
                look.map(|found| found.and_then(|found| found))
                    .boxed_local(),
            );
        }
        let waits = !self.under_way.is_empty() && self.waits_from <= now;
        // A place is left to looks.
        if waits && worker.receives() && self.receive.is_none() && self.free() > 1 {
            self.receiving = self.free() - 1;
            let receiving = self.receiving;
            self.receive = Some(async move { worker.receive(receiving).await }.boxed_local());
            // One that does not wait, as it should, is not repeated at once.
            self.waits_from = now + LONGEST_PAUSE;
        }
    }

    /// Returns the time until there may be something to begin.
    fn next_wake(&self, now: Instant) -> Duration {
        let ahead = [self.next_look, Some(self.waits_from)];
        let ahead = ahead.into_iter().flatten().filter(|at| *at > now);
        // What is due already waits for a place: an end wakes.
        ahead.min().map_or(LONGEST, |at| at - now)
    }

    /// Begins work that a look has found.
    fn take(&mut self, found: task_service::Result<Option<P::Work>>) {
        match found {
            Ok(Some(found)) => {
                self.pause = FIRST_PAUSE;
                self.next_look = Some(Instant::now());
                let worker = self.worker;
                let work = async move {
                    let done = fault::isolated(worker.work(found)).await;
                    done.and_then(|done| done)
                        .unwrap_or_else(|fault| report(&fault));
                    None
                };
                self.under_way
                    .push(work.instrument(self.span()).boxed_local());
            }
            Ok(None) if self.has_ended => self.next_look = Some(Instant::now()),
            Ok(None) => {
                self.next_look = Some(Instant::now() + self.pause);
                self.pause = LONGEST_PAUSE.min(self.pause * 2);
            }
            Err(fault) => {
                report(&fault);
                self.next_look = None;
            }
        }
    }

    /// Handles a message of the event; it ends with the message's id when that is to stay in the queue.
    pub(super) fn handle_own(&mut self, record: Record) {
        let (worker, id) = (self.worker, record.message_id.clone());
        let handling = handle(record.into_message(self.times.deadline), |message| {
            worker.handle(message)
        });
        let handling = handling.map(|end| (!matches!(end, Handled::Done)).then_some(id));
        self.under_way
            .push(handling.instrument(self.span()).boxed_local());
    }

    /// Handles messages that were received by the invocation itself, which also deletes them.
    fn handle_received(&mut self, received: Vec<Record>) {
        self.receiving = 0;
        if !received.is_empty() {
            self.waits_from = Instant::now();
        }
        let worker = self.worker;
        for record in received {
            let receipt = record.receipt_handle.clone();
            let message = record.into_message(self.times.deadline);
            let handling = async move {
                let end = handle(message, |message| worker.handle(message)).await;
                if matches!(end, Handled::Done) {
                    worker.delete(&receipt).await;
                }
                None
            };
            self.under_way
                .push(handling.instrument(self.span()).boxed_local());
        }
    }

    fn span(&self) -> tracing::Span {
        telemetry::span(self.context)
    }
}

/// Waits for the end of something that may be under way.
async fn ended<T>(under_way: &mut Option<LocalBoxFuture<'_, T>>) -> T {
    match under_way {
        Some(running) => {
            let end = running.await;
            *under_way = None;
            end
        }
        None => pending().await,
    }
}

/// Logs a fault of further work, which is found again.
fn report(fault: &task_service::Error) {
    let error = fault::loggable(fault);
    tracing::error!(%error, "further work failed");
}
