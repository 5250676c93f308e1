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

    /// Answers the deadline of the first of `parts` equal parts of the time that is left.
    #[must_use]
    pub fn part(self, parts: u32) -> Self {
        let now = Instant::now();
        let end = |moment: Instant| now + moment.saturating_duration_since(now) / parts.max(1);
        Self(self.0.map(end))
    }

    /// Tells whether the time is up.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.0.is_some_and(|moment| moment <= Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_part_of_the_time_ends_before_the_deadline_and_no_deadline_has_parts() {
        let now = Instant::now();
        let third = Deadline::at(now + Duration::from_secs(30)).part(3);
        assert!(third < Deadline::at(now + Duration::from_secs(11)));
        assert!(!third.has_passed());
        assert_eq!(Deadline::default().part(3), Deadline::default());
        assert!(Deadline::at(Instant::now()).part(2).has_passed());
    }
}
