//! The independent ledger of a run: each batch that was sent, its answer, and when its end was seen. The check compares the ledger with the
//! rows of the database, and uses no other source.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::load::Outcomes;

/// A batch that was sent. Times are from the start of the load.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) task: String,
    /// When it was meant to be sent.
    pub(crate) at: Duration,
    pub(crate) expected: Outcomes,
    /// When it was answered, and how.
    pub(crate) answer: Option<(Duration, Answer)>,
    pub(crate) end: Option<End>,
}

/// How a submit was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The batch is durable and will end.
    Accepted,
    /// Nothing was stored; the error's word.
    Refused(String),
    /// It may have been stored or not: a fault, or no answer.
    Unknown(String),
}

/// The end of a batch as it was seen in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) at: Duration,
    pub(crate) task_id: i64,
}

impl Batch {
    /// Counts its orders.
    pub(crate) fn orders(&self) -> i64 {
        self.expected.made + self.expected.failed
    }

    /// Returns the time from when it was meant to be sent to its answer.
    pub(crate) fn submit_time(&self) -> Option<Duration> {
        let (at, _) = self.answer.as_ref()?;
        Some(at.saturating_sub(self.at))
    }

    /// Returns the time from when it was meant to be sent to its end.
    pub(crate) fn finish_time(&self) -> Option<Duration> {
        Some(self.end?.at.saturating_sub(self.at))
    }

    /// Tells whether it has no end yet and may still get one.
    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none() && !matches!(self.answer, Some((_, Answer::Refused(_))))
    }

    /// Tells whether its end is owed.
    pub(crate) fn is_owed(&self) -> bool {
        self.end.is_none() && matches!(self.answer, Some((_, Answer::Accepted)))
    }
}

/// The ledger of a run.
#[derive(Debug)]
pub(crate) struct Ledger {
    start: Instant,
    batches: Mutex<Vec<Batch>>,
}

impl Ledger {
    pub(crate) fn starting_at(start: Instant) -> Self {
        Self {
            start,
            batches: Mutex::default(),
        }
    }

    /// Returns the time since the start of the load.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Returns the moment of a time of the load.
    pub(crate) fn moment(&self, at: Duration) -> Instant {
        self.start + at
    }

    /// Notes a batch that is about to be sent; its place.
    pub(crate) fn send(&self, task: String, at: Duration, expected: Outcomes) -> usize {
        let mut batches = self.batches();
        batches.push(Batch {
            task,
            at,
            expected,
            answer: None,
            end: None,
        });
        batches.len() - 1
    }

    /// Notes the answer to a submit.
    pub(crate) fn answer(&self, place: usize, answer: Answer) {
        let at = self.now();
        self.batches()[place].answer = Some((at, answer));
    }

    /// Notes the end of a batch.
    pub(crate) fn end(&self, place: usize, task_id: i64) {
        let at = self.now();
        self.batches()[place].end = Some(End { at, task_id });
    }

    /// Lends the batches that were sent so far, in their order.
    pub(crate) fn batches(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
