//! Invocations: handed to the processes that poll for them, one at a time each, and answered by them.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// The most bytes that Lambda takes as an event or as an answer.
pub(super) const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// Why an invocation has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The stack does not run this function.
    #[error("is no function of this stack")]
    Unknown,
    /// No answer came in time.
    #[error("has not answered in time")]
    TimedOut,
    /// The process that took the event ended before its answer.
    #[error("ended in the middle of it")]
    Ended,
    /// The function reported an error, as Lambda words it.
    #[error("{}", String::from_utf8_lossy(.0))]
    Error(Bytes),
}

type Answer = Result<Bytes, Failure>;

/// An event that waits for a process.
#[derive(Debug)]
struct Invocation {
    id: String,
    event: Bytes,
    trace: String,
    answer: oneshot::Sender<Answer>,
}

/// The events of one function that wait for a process.
#[derive(Debug)]
struct Line {
    /// How long an invocation may take.
    timeout: Duration,
    enter: mpsc::UnboundedSender<Invocation>,
    leave: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
}

/// A process's connection: the ids of the invocations it took.
#[derive(Debug, Default)]
pub(crate) struct Connection(Mutex<HashSet<String>>);

/// Every function with its invocations.
#[derive(Debug)]
pub(crate) struct Functions {
    lines: HashMap<String, Line>,
    taken: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
}

impl Functions {
    /// Makes functions, each with the time that an invocation may take.
    pub(super) fn new(functions: impl Iterator<Item = (String, Duration)>) -> Self {
        let line = |(name, timeout)| {
            let (enter, leave) = mpsc::unbounded_channel();
            let leave = tokio::sync::Mutex::new(leave);
            let line = Line {
                timeout,
                enter,
                leave,
            };
            (name, line)
        };
        Self {
            lines: functions.map(line).collect(),
            taken: Mutex::default(),
        }
    }

    /// Invokes a function and waits at most `patience` for its answer.
    pub(crate) async fn invoke(
        &self,
        function: &str,
        event: Bytes,
        trace: String,
        patience: Duration,
    ) -> Answer {
        let line = self.lines.get(function).ok_or(Failure::Unknown)?;
        let (answer, answered) = oneshot::channel();
        let invocation = Invocation {
            id: random_id(),
            event,
            trace,
            answer,
        };
        line.enter.send(invocation).map_err(|_| Failure::Unknown)?;
        let answer = timeout(patience, answered).await;
        answer.map_or(Err(Failure::TimedOut), |sent| {
            sent.unwrap_or(Err(Failure::TimedOut))
        })
    }

    /// Waits for the next event that somebody still wants to be answered, and gives it to a process.
    pub(super) async fn next(&self, function: &str, connection: &Connection) -> Option<Taken> {
        let line = self.lines.get(function)?;
        let mut leave = line.leave.lock().await;
        loop {
            let invocation = leave.recv().await?;
            if invocation.answer.is_closed() {
                continue;
            }
            lock(&connection.0).insert(invocation.id.clone());
            lock(&self.taken).insert(invocation.id.clone(), invocation.answer);
            return Some(Taken {
                id: invocation.id,
                event: invocation.event,
                trace: invocation.trace,
                deadline: SystemTime::now() + line.timeout,
            });
        }
    }

    /// Answers an invocation; one that is not awaited any more is let go.
    pub(super) fn answer(&self, id: &str, answer: Answer) {
        if let Some(awaited) = lock(&self.taken).remove(id) {
            let _ = awaited.send(answer);
        }
    }

    /// Fails the event that a process took and has not answered: the connection and the process have ended.
    pub(super) fn abandon(&self, connection: &Connection) {
        for id in lock(&connection.0).drain() {
            self.answer(&id, Err(Failure::Ended));
        }
    }
}

impl Connection {
    /// Forgets an invocation that was answered.
    pub(super) fn forget(&self, id: &str) {
        lock(&self.0).remove(id);
    }
}

/// An event that a process got.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) id: String,
    pub(super) event: Bytes,
    pub(super) trace: String,
    /// Until when the process may take.
    pub(super) deadline: SystemTime,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns an id as Lambda gives one to each request.
fn random_id() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// Returns a trace of a request that brought none.
pub(crate) fn new_trace() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = seconds.unwrap_or_default().as_secs();
    let (root, parent) = (fastrand::u128(..) >> 32, fastrand::u64(..));
    format!("Root=1-{seconds:08x}-{root:024x};Parent={parent:016x};Sampled=0")
}
