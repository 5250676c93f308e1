//! When a schedule runs: a cron expression by the wall clock of a time zone, as instants.
//!
//! The crate only ever sees wall times. What a change of the clock does to them is decided here: a wall time that spring
//! skips stands for the first instant after the gap, a wall time that autumn repeats for its first instant. Wall times that
//! stand for the same instant are one.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use task_store::Moment;

use crate::error::{Error, Result};

/// The most characters of an expression.
pub const MOST_CHARACTERS: usize = 128;

/// The fields of an expression in their order, each with its values.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "from 0 to 59"),
    ("hour", "from 0 to 23"),
    ("day of month", "from 1 to 31, L for the last"),
    ("month", "from 1 to 12 or JAN to DEC"),
    (
        "day of week",
        "from 0 to 7 or SUN to SAT (0 and 7 are Sunday)",
    ),
];

/// The first span in which the last instant before a moment is looked for; each further span is 24 times as long.
const FIRST_SPAN: SignedDuration = SignedDuration::from_hours(1);

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Rule {
    cron: Cron,
    zone: TimeZone,
}

impl Rule {
    /// Reads an expression of 5 fields.
    ///
    /// # Errors
    /// `PARAM_INVALID` that names the bad field.
    pub fn parse(expression: &str, zone: TimeZone) -> Result<Self> {
        let invalid = |wrong: &str| Error::invalid("cron", wrong);
        let length = expression.chars().count();
        if length > MOST_CHARACTERS {
            return Err(invalid(&format!(
                "has {length} characters, at most {MOST_CHARACTERS} are allowed"
            )));
        }
        let fields: Vec<_> = expression.split_whitespace().collect();
        let Ok(fields) = <[&str; 5]>::try_from(fields) else {
            let count = expression.split_whitespace().count();
            return Err(invalid(&format!(
                "has {count} fields, must have 5: minute, hour, day of month, month, day of week"
            )));
        };
        for (place, field) in fields.iter().enumerate() {
            check(place, field).map_err(|wrong| invalid(&wrong))?;
        }
        let cron = parser().parse(&fields.join(" "));
        let cron = cron.map_err(|wrong| invalid(&format!("cannot be read: {wrong}")))?;
        Ok(Self { cron, zone })
    }

    /// Returns the first instant after a moment; `None`: there is none for ever.
    #[must_use]
    pub fn next(&self, after: Moment) -> Option<Moment> {
        let mut wall = after.local(&self.zone);
        // Wall times that are repeated, or skipped together, stand for instants that are not after the moment: at most those
        // of one change of the clock.
        loop {
            wall = self.cron.find_next_occurrence(&wall, false).ok()?;
            let instant = self.instant(wall)?;
            if instant > after {
                return Some(instant);
            }
        }
    }

    /// Returns the first instants after a moment, at most `count`.
    #[must_use]
    pub fn upcoming(&self, after: Moment, count: usize) -> Vec<Moment> {
        let next = |at: &Moment| self.next(*at);
        std::iter::successors(self.next(after), next)
            .take(count)
            .collect()
    }

    /// Returns the last instant from `from` to `to`, both included.
    #[must_use]
    pub fn last(&self, from: Moment, to: Moment) -> Option<Moment> {
        let mut span = FIRST_SPAN;
        loop {
            let begin = to.seconds().saturating_sub(span.as_secs());
            let begin = begin.max(from.seconds().saturating_sub(1));
            let first = self.next(Moment::from_seconds(begin)?);
            let within = |at: &Moment| *at <= to;
            let instants = std::iter::successors(first, |at| self.next(*at));
            let last = instants.take_while(within).last();
            if last.is_some() || begin < from.seconds() {
                return last.filter(|at| *at >= from);
            }
            span = span.saturating_mul(24);
        }
    }

    /// Returns the instant that a wall time stands for.
    fn instant(&self, wall: DateTime) -> Option<Moment> {
        let ambiguous = self.zone.to_ambiguous_timestamp(wall);
        let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        let earlier = ambiguous.earlier().ok()?;
        // Read with the offset after a gap, its wall times lie before the change of the clock, less than the gap before it.
        let instant = match is_gap {
            true => self.zone.following(earlier).next()?.timestamp(),
            false => earlier,
        };
        Moment::from_seconds(instant.as_second())
    }
}

/// Checks a field by itself, so that a refusal can name it.
fn check(place: usize, field: &str) -> std::result::Result<(), String> {
    let (name, values) = FIELDS[place];
    let is_known = |c: char| c.is_ascii_alphanumeric() || "*,-/#".contains(c);
    let is_whole = field.split(',').all(|item| !item.is_empty());
    let mut alone = ["*"; 5];
    alone[place] = field;
    let is_read = parser().parse(&alone.join(" ")).is_ok();
    if field.chars().all(is_known) && is_whole && is_read {
        return Ok(());
    }
    let shown: String = field.chars().take(32).collect();
    Err(format!(
        "has {shown:?} as its {name}, which must be {values}: * for all, 1-5 for a range, */2 or 1-9/2 for steps, commas between several"
    ))
}

fn parser() -> CronParser {
    let parser = CronParser::builder().seconds(Seconds::Disallowed);
    parser.year(Year::Disallowed).build()
}

#[cfg(test)]
mod tests;
