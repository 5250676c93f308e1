//! The numbers that operators count and time. A measurement is a tracing event of the target [`TARGET`] whose fields are
//! metrics. The program that runs the engine decides where it goes; without a listener it costs next to nothing. A counter
//! whose name only its kind of batch knows is named by the field `counter`, and its value is the field `count`.

use task_store::Moment;
use task_store::items::{ItemStatus, Outcome};

use crate::job::JobKind;

/// The target of measurements.
pub const TARGET: &str = "metrics";

/// Counts items that have their outcome now: these, and `made` ones that need no outcome of their own.
pub(crate) fn settled(kind: &JobKind, outcomes: &[Outcome], made: usize) {
    let failed = outcomes
        .iter()
        .filter(|outcome| outcome.status == ItemStatus::Failed)
        .count();
    let succeeded = made + outcomes.len() - failed;
    tracing::info!(target: TARGET, counter = kind.succeeded_metric, count = succeeded);
    tracing::info!(target: TARGET, counter = kind.failed_metric, count = failed);
}

/// Notes that a batch that was accepted at this time is finished now.
pub(crate) fn finished(accepted_at: Moment) {
    let seconds = accepted_at.age().as_secs_f64();
    tracing::info!(target: TARGET, BatchTime = seconds);
}
