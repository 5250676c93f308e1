//! Which reference data a station could have had when: between a load's begin and its answer, both the old and the new.

use super::Report;
use super::history::BatchHistory;
use crate::ledger::End;
use crate::reference::Version;

/// The versions of a station's changing reference data, in the order in which they were loaded.
#[derive(Debug)]
pub(crate) struct Loads(Vec<Load>);

#[derive(Debug)]
struct Load {
    version: Version,
    begun_ms: i64,
    /// When it was certainly there.
    done_ms: Option<i64>,
}

impl Default for Loads {
    fn default() -> Self {
        let first = Load {
            version: Version::allowing("3.00"),
            begun_ms: 0,
            done_ms: Some(0),
        };
        Self(vec![first])
    }
}

impl Loads {
    /// Notes that a version is about to be loaded; its place.
    pub(super) fn begin(&mut self, version: Version, begun_ms: i64) -> usize {
        self.0.push(Load {
            version,
            begun_ms,
            done_ms: None,
        });
        self.0.len() - 1
    }

    pub(super) fn answer(&mut self, at: usize, end: &End, at_ms: i64) {
        self.0[at].done_ms = (*end == End::Done).then_some(at_ms);
    }

    /// How many versions were loaded after the first.
    pub(super) fn count(&self) -> usize {
        self.0.len() - 1
    }

    /// Whether there could have been a version like this at any time between two moments.
    pub(super) fn ever(&self, from_ms: i64, to_ms: i64, test: impl Fn(&Version) -> bool) -> bool {
        self.0.iter().enumerate().any(|(at, load)| {
            // A load that was not answered may have replaced it, or not.
            let replaced = self.0[at + 1..].iter().find_map(|later| later.done_ms);
            let is_in_time = load.begun_ms <= to_ms && replaced.unwrap_or(i64::MAX) >= from_ms;
            is_in_time && test(&load.version)
        })
    }
}

/// A batch is refused because its cycle is closed only if it could be, and a new one accepted only if it could be open.
pub(super) fn cycles(report: &mut Report<'_>, loads: Option<&Loads>, batch: &BatchHistory) {
    let fixed = Loads::default();
    let loads = loads.unwrap_or(&fixed);
    for (at, sent) in batch.payloads.iter().enumerate() {
        let ever = |open: bool| {
            let is_night = sent.cycle.ends_with("-night");
            let test = |version: &Version| (!is_night || version.open) == open;
            loads.ever(sent.at_ms, sent.answered_ms, test)
        };
        let told = || format!("{} at {} to {}", sent.cycle, sent.at_ms, sent.answered_ms);
        if sent.end == End::Refused("CYCLE_CLOSED".to_owned()) && !ever(false) {
            report.violation("an open cycle was called closed", told());
        }
        let is_first = batch.payloads[..at]
            .iter()
            .all(|before| matches!(before.end, End::Refused(_)));
        if is_first && sent.end == End::Done && !ever(true) {
            report.violation("a closed cycle took a batch", told());
        }
    }
}
