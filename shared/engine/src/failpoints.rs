//! Failpoints: named places between two durable actions, where the chaos suite makes a process die, fail or stand
//! still. In a release build, which is what is deployed, reaching one does nothing.
//!
//! In every other build the environment variable `FAILPOINTS` names a folder. A file there, called like a failpoint, arms it with
//! the file's text: `kill`, `error`, `panic` or `delay MILLISECONDS`. The process that reaches it first removes the file, so
//! that it fires once over all processes. The file `items` holds lines `kill TEXT` and `panic TEXT`: an item whose
//! JSON contains the text does that at every try.

macro_rules! failpoints {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)+) => {
        /// A place where a fault can be made to happen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Failpoint {
            $($(#[$doc])* $point,)+
        }

        impl Failpoint {
            /// Every failpoint.
            pub const ALL: &[Self] = &[$(Self::$point),+];

            /// Returns the name of the file that arms the failpoint.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)+
                }
            }
        }
    };
}

failpoints! {
    /// A batch is committed; its messages may be on their way, sent or not.
    SubmitStored = "submit-stored",
    /// Before each request to the queue: the requests before it have been sent.
    QueueSending = "queue-sending",
    /// A batch is stored and announced; its caller has no answer.
    SubmitAnnounced = "submit-announced",
    /// A message has arrived; its chunk is not claimed.
    WorkReceived = "work-received",
    /// A chunk is claimed; its task is not marked as running.
    WorkClaimed = "work-claimed",
    /// A task is marked as running; nothing of the chunk is written.
    WorkStarted = "work-started",
    /// Orders and outcomes are written; their transaction is open.
    WorkWritten = "work-written",
    /// An item's try is counted; it has not begun.
    WorkCounted = "work-counted",
    /// An item that was worked by itself has its outcome; the chunk is still open.
    WorkSettled = "work-settled",
    /// A chunk is done; whether its batch is has not been looked at.
    WorkCommitted = "work-committed",
    /// A batch has its result; that transaction is open.
    FinishWritten = "finish-written",
    /// A chunk, and its batch where it was the last one, are done; the message is not deleted.
    WorkFinished = "work-finished",
    /// Overdue chunks are put off; they are not announced.
    SweepTaken = "sweep-taken",
    /// Overdue chunks are announced; abandoned batches are not finished.
    SweepAnnounced = "sweep-announced",
    /// A dead letter's chunk is claimed; its items have no outcome.
    DeadLetterClaimed = "dead-letter-claimed",
    /// A dead letter's chunk is done; its batch has not been looked at.
    DeadLetterCommitted = "dead-letter-committed",
    /// A mended item is stored; its chunk is not announced.
    AmendStored = "amend-stored",
    /// A batch is cancelled; that transaction is open.
    CloseWritten = "close-written",
    /// A batch is cancelled; its caller has no answer.
    CloseCommitted = "close-committed",
}

#[cfg(debug_assertions)]
pub use armed::reach;
#[cfg(debug_assertions)]
pub(crate) use armed::reach_items;
#[cfg(not(debug_assertions))]
pub use disarmed::reach;
#[cfg(not(debug_assertions))]
pub(crate) use disarmed::reach_items;

#[cfg(not(debug_assertions))]
mod disarmed {
    use std::future::{Ready, ready};

    use task_store::Result;

    use super::Failpoint;

    /// Does nothing.
    #[inline]
    pub fn reach(_: Failpoint) -> Ready<Result<()>> {
        ready(Ok(()))
    }

    #[inline]
    pub(crate) fn reach_items<'a>(_: impl Iterator<Item = &'a str>) {}
}

#[cfg(debug_assertions)]
mod armed {
    use std::path::PathBuf;
    use std::time::Duration;

    use task_store::{Result, StoreError};

    use super::Failpoint;

    /// Carries out the action that the failpoint is armed with. An `error` is the fault of a database that does not answer.
    pub async fn reach(point: Failpoint) -> Result<()> {
        let Some(action) = taken(point) else {
            return Ok(());
        };
        match action.split_once(' ').unwrap_or((&action, "")) {
            ("error", _) => return Err(StoreError::TimedOut(Duration::ZERO)),
            ("delay", millis) => {
                let millis = millis.parse().unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            (word, _) => strike(word, point.name()),
        }
        Ok(())
    }

    /// Carries out the action that the file `items` names for these items.
    pub(crate) fn reach_items<'a>(raws: impl Iterator<Item = &'a str>) {
        let Some(lines) = read("items").filter(|lines| !lines.is_empty()) else {
            return;
        };
        for raw in raws {
            for (word, text) in lines.lines().filter_map(|line| line.split_once(' ')) {
                if raw.contains(text) {
                    strike(word, text);
                }
            }
        }
    }

    fn strike(word: &str, place: &str) {
        match word {
            // No destructor runs, nothing is said to anybody: as if the process were killed from outside.
            "kill" => std::process::abort(),
            "panic" => panic!("failpoint {place}"),
            _ => tracing::error!(word, place, "a failpoint is armed with an unknown word"),
        }
    }

    /// Takes the action of an armed failpoint; `None` when it is not armed or another process was faster.
    fn taken(point: Failpoint) -> Option<String> {
        let action = read(point.name())?;
        let file = folder()?.join(point.name());
        std::fs::remove_file(file).ok().map(|()| action)
    }

    fn read(file: &str) -> Option<String> {
        std::fs::read_to_string(folder()?.join(file)).ok()
    }

    fn folder() -> Option<PathBuf> {
        std::env::var_os("FAILPOINTS").map(PathBuf::from)
    }
}
