//! The invocation that the current work is part of: when it ends, and whether it has changed anything yet.
//!
//! Set once, around all that an invocation does. Every unit of work takes the time that is left as its bound, so that
//! several of them in a row end before the process is stopped, and their caller gets an answer.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The bound of a unit that begins after the end: it ends a claim or gives something back.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Debug)]
struct Invocation {
    end: Option<Instant>,
    has_written: Cell<bool>,
}

tokio::task_local! {
    static CURRENT: Invocation;
}

/// Does the work of one invocation, which is to be over at `end`, if there is one.
pub async fn within<T>(end: Option<Instant>, work: impl Future<Output = T>) -> T {
    let invocation = Invocation {
        end,
        has_written: Cell::new(false),
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
