//! The invocation that the current work is part of: when it ends, whether it has changed anything yet, and which units of work it
//! has opened and must announce, and in which capped queues it has ended runs.
//!
//! Set once, around all that an invocation does. Every unit of work takes the time that is left as its bound, so that
//! several of them in a row end before the process is stopped, and their caller gets an answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::ids::TaskId;
use crate::work::CappedLane;

/// The most units that an invocation announces at its end: its answer waits for the messages.
const MOST_OPENED: usize = 50;
/// The most lanes of capped queues whose next runs an invocation announces; the sweeper announces the runs of all other lanes.
const MOST_FREED: usize = 20;
/// The bound of a unit that begins after the end: it ends a claim or gives something back.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Debug)]
struct Invocation {
    end: Option<Instant>,
    has_written: Cell<bool>,
    opened: RefCell<Vec<OpenedUnit>>,
    freed: RefCell<BTreeSet<CappedLane>>,
}

/// A unit of work that was opened, if the transaction has committed: a message that announces one which is not there does no
/// harm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OpenedUnit {
    /// A delivery of a callback.
    Callback {
        /// The task.
        task: TaskId,
        /// The delivery within the task.
        no: u32,
        /// Its callback.
        callback: String,
    },
    /// The next run of a task whose queue is in mode `push`.
    Run {
        /// The task.
        task: TaskId,
        /// Its queue and its station, by which messages are grouped.
        lane: (String, String),
        /// In how many seconds it may start.
        delay: u32,
    },
}

tokio::task_local! {
    static CURRENT: Invocation;
}

/// Does the work of one invocation, which is to be over at `end`, if there is one.
pub async fn within<T>(end: Option<Instant>, work: impl Future<Output = T>) -> T {
    let invocation = Invocation {
        end,
        has_written: Cell::new(false),
        opened: RefCell::default(),
        freed: RefCell::default(),
    };
    CURRENT.scope(invocation, work).await
}

/// Returns the time that is left; none where nobody has set an end.
#[must_use]
pub fn time_left() -> Option<Duration> {
    let end = CURRENT.try_with(|current| current.end).ok().flatten();
    end.map(|end| end.saturating_duration_since(Instant::now()))
}

/// Tells whether a unit of work of this invocation that may write has succeeded.
#[must_use]
pub fn has_written() -> bool {
    CURRENT
        .try_with(|current| current.has_written.get())
        .unwrap_or(false)
}

/// Takes the noted units, each once: the caller announces them.
#[must_use]
pub fn take_opened() -> Vec<OpenedUnit> {
    let taken = CURRENT.try_with(|current| current.opened.take());
    taken.unwrap_or_default()
}

/// Notes a unit that the invocation has opened; answers whether the invocation announces it. The sweeper announces units beyond the
/// first 50, and units that are opened outside of an invocation.
#[must_use]
pub fn note_opened(unit: OpenedUnit) -> bool {
    let note = |current: &Invocation| {
        let mut opened = current.opened.borrow_mut();
        // A transaction that was run again has opened its units twice.
        let is_noted = opened.contains(&unit);
        if !is_noted && opened.len() < MOST_OPENED {
            opened.push(unit);
            return true;
        }
        is_noted
    };
    CURRENT.try_with(note).unwrap_or(false)
}

/// Notes the lane of a capped queue in which the invocation has made room, if the transaction has committed.
pub fn note_freed(lane: CappedLane) {
    let note = |current: &Invocation| {
        let mut freed = current.freed.borrow_mut();
        if freed.len() < MOST_FREED {
            freed.insert(lane);
        }
    };
    // Outside of an invocation the sweeper announces.
    let _ = CURRENT.try_with(note);
}

/// Takes the noted lanes, each once: the caller announces their next runs.
#[must_use]
pub fn take_freed() -> BTreeSet<CappedLane> {
    let taken = CURRENT.try_with(|current| current.freed.take());
    taken.unwrap_or_default()
}

pub(crate) fn note_written() {
    // Outside of an invocation nobody asks.
    let _ = CURRENT.try_with(|current| current.has_written.set(true));
}

/// Returns the bound of a unit that begins now: `longest`, or less when the invocation ends before.
pub(crate) fn bound(longest: Duration) -> Duration {
    time_left().map_or(longest, |left| longest.min(left.max(GRACE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_unit_is_bounded_by_the_time_that_the_invocation_has_left() {
        let (longest, left) = (Duration::from_secs(20), Duration::from_secs(7));
        assert_eq!(bound(longest), longest, "nobody has set an end");
        within(Some(Instant::now() + left), async {
            assert!(bound(longest) <= left && bound(longest) > left / 2);
            assert_eq!(bound(left / 2), left / 2);
        })
        .await;
        within(Some(Instant::now()), async {
            assert_eq!(bound(longest), GRACE);
        })
        .await;
    }

    #[tokio::test]
    async fn units_that_an_invocation_has_opened_are_taken_once() {
        let unit = |no| OpenedUnit::Callback {
            task: TaskId::parse("7").unwrap(),
            no,
            callback: "erp".to_owned(),
        };
        assert!(!note_opened(unit(1)));
        within(None, async {
            for no in [1, 2, 1] {
                assert!(note_opened(unit(no)));
            }
            assert_eq!(take_opened(), [unit(1), unit(2)]);
            assert_eq!(take_opened(), []);
            let told = (1..=60).filter(|no| note_opened(unit(*no)));
            assert_eq!((told.count(), take_opened().len()), (50, 50));
        })
        .await;
        assert_eq!(take_opened(), [], "outside of an invocation nobody notes");
    }

    #[tokio::test]
    async fn an_invocation_knows_what_it_has_written_and_not_its_neighbours_writes() {
        within(None, async {
            within(None, async { note_written() }).await;
            assert!(!has_written());
            note_written();
            assert!(has_written());
        })
        .await;
        assert!(!has_written());
    }
}
