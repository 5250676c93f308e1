//! Points in time as the database gives them: always its own clock, always UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::mysql::MySqlRow;
use sqlx::{ColumnIndex, Row};

use crate::error::{Result, StoreError};

/// A second in UTC. Read in SQL as `TIMESTAMPDIFF(SECOND, '1970-01-01', column)`, which costs no date type on
/// the wire and means the same on MySQL and MariaDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// Reads a column of seconds since 1970; NULL is `None`.
    pub(crate) fn from_row<I: ColumnIndex<MySqlRow> + Copy>(
        row: &MySqlRow,
        column: I,
    ) -> Result<Option<Self>> {
        let seconds: Option<i64> = row.try_get(column)?;
        seconds
            .map(|s| {
                Timestamp::from_second(s)
                    .map(Self)
                    .map_err(|_| StoreError::Unreadable("a time"))
            })
            .transpose()
    }

    /// The first second of 1970.
    pub const EPOCH: Self = Self(Timestamp::UNIX_EPOCH);

    /// Seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Converts seconds since 1970; `None` beyond the calendar.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).map(Self).ok()
    }

    /// Returns the moment that lies this number of seconds later; the last or first there is, beyond the calendar.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        let span = jiff::SignedDuration::from_secs(seconds);
        Self(self.0.saturating_add(span).unwrap_or(self.0))
    }

    /// Returns the time since then by this machine's clock; zero where that clock is behind.
    #[must_use]
    pub fn age(self) -> std::time::Duration {
        let age = Timestamp::now().duration_since(self.0);
        age.try_into().unwrap_or_default()
    }

    /// Prints it as `YYYY-MM-DD HH:MM:SS` in a time zone.
    #[must_use]
    pub fn in_zone(self, zone: &TimeZone) -> String {
        self.local(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Returns the wall time in a time zone.
    #[must_use]
    pub fn local(self, zone: &TimeZone) -> jiff::civil::DateTime {
        self.0.to_zoned(zone.clone()).datetime()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_printed_in_the_zone_asked_for() {
        let moment = Moment(Timestamp::from_second(1_700_000_000).unwrap());
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(moment.in_zone(&TimeZone::UTC), "2023-11-14 22:13:20");
        assert_eq!(moment.in_zone(&shanghai), "2023-11-15 06:13:20");
    }
}
