//! The sights of callers: progress never goes down within a run, and a finished task stays as it is.

use super::Report;
use super::history::{BatchHistory, Seen};
use super::rows::Rows;

pub(super) fn check(report: &mut Report<'_>, batch: &BatchHistory, rows: &Rows) {
    for (at, seen) in batch.seen.iter().enumerate() {
        let earlier = batch.seen[..at].iter().rfind(|other| other.run == seen.run);
        if let Some(earlier) = earlier {
            check_order(report, earlier, seen);
        }
        if batch.seen[..at].iter().any(|other| other.run > seen.run) {
            report.violation("an earlier run was seen again", format!("{seen:?}"));
        }
        if seen.run > rows.run {
            report.violation("a run that was seen is gone", format!("{seen:?}"));
        }
        let is_full = seen.progress == 100;
        if is_full != (seen.status == 3) || seen.progress > 100 {
            report.violation("100 % and finished are not the same", format!("{seen:?}"));
        }
    }
}

fn check_order(report: &mut Report<'_>, earlier: &Seen, later: &Seen) {
    let told = || format!("{earlier:?}, then {later:?}");
    if later.progress < earlier.progress {
        report.violation("progress went down", told());
    }
    if later.status < earlier.status {
        report.violation("the status went back", told());
    }
    if earlier.status == 3 && later.end_time != earlier.end_time {
        report.violation("a finished task's end changed", told());
    }
}
