//! A minute of the day, as the windows of an operating cycle name it.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use serde::de::{Deserialize, Deserializer, Error as _};

/// A minute of the day, from `00:00` to `24:00` (which no clock shows: the end of a window that ends with the day).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

/// A text that is not `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is HH:MM, from 00:00 to 24:00")]
pub struct TimeOfDayError;

impl TimeOfDay {
    /// Makes the minute that `time` lies in.
    #[must_use]
    pub fn of(time: DateTime) -> Self {
        Self(u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs()))
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else {
            return Err(TimeOfDayError);
        };
        if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
            return Err(TimeOfDayError);
        }
        let number = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
        match (number(h1, h2), number(m1, m2)) {
            (hour @ 0..=23, minute @ 0..=59) | (hour @ 24, minute @ 0) => {
                Ok(Self(hour * 60 + minute))
            }
            _ => Err(TimeOfDayError),
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error| D::Error::custom(format_args!("{text:?}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_two_digits_a_colon_and_two_digits() {
        for text in ["00:00", "06:30", "23:59", "24:00"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "6:30",
            "06:60",
            "24:01",
            "25:00",
            "06:30:00",
            "+6:30",
            "０６:30",
            "06-30",
        ] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(TimeOfDayError), "{text}");
        }
    }

    #[test]
    fn the_seconds_of_a_minute_belong_to_it() {
        let last = jiff::civil::date(2026, 7, 1).at(23, 59, 59, 999_999_999);
        assert_eq!(TimeOfDay::of(last), "23:59".parse().unwrap());
    }
}
