//! The identifiers of the service, each parsed in one constructor.
//!
//! A value of one of these types has been checked; nothing further down looks at it again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The key of a task: a positive `bigint`, given by the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(i64);

impl TaskId {
    /// Makes a task id as the database gave it.
    pub(crate) const fn from_row(id: i64) -> Self {
        Self(id)
    }

    /// Parses a decimal task id: 1 to 2^63-1, digits only.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let id = digits.then(|| text.parse::<i64>().ok()).flatten()?;
        (id > 0).then_some(Self(id))
    }

    /// Returns the number, for binding and for answers that print it as an integer.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Declares a text identifier: its length limit, in characters, and which characters it may hold.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, max $max:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// Makes an identifier as the database gave it.
            pub(crate) fn from_row(text: String) -> Self {
                Self(text)
            }

            /// Parses it; `None` when it is empty, too long or holds a character it must not.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let allowed: fn(char) -> bool = $allowed;
                let fits = !text.is_empty() && text.chars().count() <= Self::MAX;
                (fits && text.chars().all(allowed)).then(|| Self(text.to_owned()))
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// The tenant a task, an order and all reference data belong to: 1-16 printable characters.
    StationId, max 16, |c| !c.is_control() && !c.is_whitespace()
}

text_id! {
    /// The caller's own id of a task: 1-64 of `[A-Za-z0-9._:-]`, unique within its station.
    UserTaskId, max 64, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_id_is_a_positive_decimal_that_fits_a_bigint() {
        assert_eq!(TaskId::parse("42").map(TaskId::get), Some(42));
        assert_eq!(
            TaskId::parse("9223372036854775807").map(TaskId::get),
            Some(i64::MAX)
        );
        for text in [
            "",
            "0",
            "-1",
            "+1",
            " 1",
            "1.0",
            "9223372036854775808",
            "１",
        ] {
            assert_eq!(TaskId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_user_task_id_has_at_most_64_plain_characters() {
        assert!(UserTaskId::parse("2026-11-22_batch:7.a").is_some());
        assert!(UserTaskId::parse(&"x".repeat(64)).is_some());
        for text in ["", "a b", "批", "a/b", "a?b", &"x".repeat(65)] {
            assert!(UserTaskId::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_station_id_has_at_most_16_printable_characters() {
        assert!(StationId::parse("T1").is_some());
        assert!(StationId::parse("站点一").is_some());
        for text in ["", "a b", "a\nb", &"x".repeat(17)] {
            assert!(StationId::parse(text).is_none(), "{text:?}");
        }
    }
}
