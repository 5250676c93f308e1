//! The time until which a worker may begin more work.

use std::time::Instant;

/// The moment from which on a worker begins nothing more; none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Creates the deadline at `moment`.
    #[must_use]
    pub const fn at(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// Tells whether the time is up.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.0.is_some_and(|moment| moment <= Instant::now())
    }
}
