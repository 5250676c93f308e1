//! The operating cycle (`time_config`): when orders are taken and when they may be received.
//!
//! All times are local wall times of the deployment's time zone, and whole minutes: the minute a window ends
//! in still belongs to it. A cycle runs once a day; the day its order window starts on is its *order date*.

use std::ops::RangeInclusive;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};
use serde::Deserialize;

use super::time_of_day::TimeOfDay;

/// An operating cycle of a station.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cycle {
    /// `time_config_id`, globally unique.
    pub id: String,
    /// A disabled cycle takes no orders.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// `type` in the reference data.
    #[serde(rename = "type")]
    pub kind: CycleKind,
    /// `order_time_limit` in the reference data.
    #[serde(rename = "order_time_limit")]
    pub order_window: OrderWindow,
    /// `receive_time_limit` in the reference data.
    #[serde(rename = "receive_time_limit")]
    pub receive_window: ReceiveWindow,
}

/// The kind of a cycle: it sells stock or coming goods. The windows mean the same for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub enum CycleKind {
    /// 1 in the reference data.
    Normal,
    /// 2 in the reference data.
    Presale,
}

/// When orders are taken: from `start` on the order date to `end`, `e_span_time` days later.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrderWindow {
    /// The first minute, on the order date.
    pub start: TimeOfDay,
    /// The last minute (the cut-off).
    pub end: TimeOfDay,
    /// Days from the order date to the cut-off: 1 when the window runs over midnight.
    #[serde(default)]
    pub e_span_time: u8,
}

/// When orders may be received: on the days `s_span_time ..= e_span_time` after the order date, on the
/// weekdays of the mask, daily from `start` to `end`. A daily time that ends before it starts runs over
/// midnight; it then begins on the first of the days and ends on the last.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReceiveWindow {
    /// The first minute of a day.
    pub start: TimeOfDay,
    /// The last minute of a day.
    pub end: TimeOfDay,
    /// Days from the order date to the first day.
    #[serde(default)]
    pub s_span_time: u8,
    /// Days from the order date to the last day.
    #[serde(default)]
    pub e_span_time: u8,
    /// Length of a slot in minutes, as a front end offers it. Orders are not held to it.
    #[serde(default, rename = "receiveTimeSpan")]
    pub slot_minutes: Option<u16>,
    /// Monday = 1, Tuesday = 2, … Sunday = 64.
    #[serde(default = "every_day")]
    pub weekdays: u8,
}

impl Cycle {
    /// Tells whether the cycle takes orders at `now`.
    #[must_use]
    pub fn is_open_at(&self, now: DateTime) -> bool {
        self.enabled && self.order_window.contains(now)
    }

    /// Returns the days an order accepted at `accepted` may be received on, weekdays aside. Empty (start after end)
    /// when the reference data has the two span times the wrong way round.
    #[must_use]
    pub fn receive_dates(&self, accepted: DateTime) -> RangeInclusive<Date> {
        let ordered = self.order_window.order_date(accepted);
        days_after(ordered, self.receive_window.s_span_time)
            ..=days_after(ordered, self.receive_window.e_span_time)
    }

    /// Tells whether an order accepted at `accepted` may be received at `time`.
    #[must_use]
    pub fn receives_at(&self, accepted: DateTime, time: DateTime) -> bool {
        self.receive_window
            .contains(&self.receive_dates(accepted), time)
    }
}

impl OrderWindow {
    /// Returns the order date of the cycle that `now` belongs to: today; when the window ends on a later day and has not
    /// started yet today, it is still yesterday's.
    #[must_use]
    pub fn order_date(&self, now: DateTime) -> Date {
        if self.e_span_time > 0 && TimeOfDay::of(now) < self.start {
            return now.date().saturating_sub(1.day());
        }
        now.date()
    }

    /// Tells whether the window is open at `now`.
    #[must_use]
    pub fn contains(&self, now: DateTime) -> bool {
        let ordered = self.order_date(now);
        let minute = (now.date(), TimeOfDay::of(now));
        (ordered, self.start) <= minute
            && minute <= (days_after(ordered, self.e_span_time), self.end)
    }
}

impl ReceiveWindow {
    /// Tells whether `time` is inside, when the window is open on the days `dates`.
    fn contains(&self, dates: &RangeInclusive<Date>, time: DateTime) -> bool {
        let minute = TimeOfDay::of(time);
        let in_days = (*dates.start(), self.start) <= (time.date(), minute)
            && (time.date(), minute) <= (*dates.end(), self.end);
        let in_day = if self.start <= self.end {
            self.start <= minute && minute <= self.end
        } else {
            self.start <= minute || minute <= self.end
        };
        in_days && in_day && self.is_open_on(time.date().weekday())
    }

    /// Tells whether `weekday` is one of the mask's.
    #[must_use]
    pub fn is_open_on(&self, weekday: Weekday) -> bool {
        self.weekdays & (1 << weekday.to_monday_zero_offset()) != 0
    }
}

fn days_after(date: Date, days: u8) -> Date {
    date.saturating_add(i64::from(days).days())
}

fn yes() -> bool {
    true
}

fn every_day() -> u8 {
    0b111_1111
}

/// A `type` that is neither 1 nor 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the type of an operating cycle is 1 (normal) or 2 (presale), not {0}")]
pub struct CycleKindError(u8);

impl TryFrom<u8> for CycleKind {
    type Error = CycleKindError;

    fn try_from(number: u8) -> Result<Self, CycleKindError> {
        match number {
            1 => Ok(Self::Normal),
            2 => Ok(Self::Presale),
            other => Err(CycleKindError(other)),
        }
    }
}

#[cfg(test)]
mod tests;
