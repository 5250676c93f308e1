//! Measurements for operators. A measurement is a tracing event of the target [`TARGET`] with the fields `metric`, `unit` and
//! `value`: the program around the use-cases decides where it goes, and without a listener it costs next to nothing.

use task_store::Moment;
use task_store::items::{ItemStatus, Outcome};

use crate::job::JobKind;

/// The target of measurements.
pub const TARGET: &str = "metrics";

/// A metric: the one list of them. Counts are added up, of times every value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Messages that were received before.
    Retries,
    /// Messages that were received too often.
    DeadLetters,
    /// Time that a chunk took.
    ChunkTime,
    /// Time from the sending of a message to its first receipt.
    QueueWait,
    /// Time from the acceptance of a batch to its end.
    BatchTime,
    /// How long the task that waits longest has been ready, of any queue that is not paused.
    OldestTask,
    /// Schedules whose task was refused.
    SchedulesRefused,
    /// Items of a kind of batch with an outcome of one sort, under the name that the kind gives them.
    Items(&'static str),
}

impl Metric {
    /// Returns the name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retries => "Retries",
            Self::DeadLetters => "DeadLetters",
            Self::ChunkTime => "ChunkTime",
            Self::QueueWait => "QueueWait",
            Self::BatchTime => "BatchTime",
            Self::OldestTask => "OldestTask",
            Self::SchedulesRefused => "SchedulesRefused",
            Self::Items(name) => name,
        }
    }

    /// Returns the unit in CloudWatch.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Retries | Self::DeadLetters | Self::SchedulesRefused | Self::Items(_) => "Count",
            Self::ChunkTime | Self::QueueWait => "Milliseconds",
            Self::BatchTime | Self::OldestTask => "Seconds",
        }
    }

    /// Hands a value to whatever listens.
    pub fn record(self, value: impl Into<f64>) {
        let (metric, unit, value) = (self.name(), self.unit(), value.into());
        tracing::info!(target: TARGET, metric, unit, value);
    }
}

/// Counts items of a kind of batch that have their outcome now: `outcomes`, and `made` items without an outcome of their own.
pub(crate) fn settled(kind: &JobKind, outcomes: &[Outcome], made: usize) {
    let failed = outcomes
        .iter()
        .filter(|outcome| outcome.status == ItemStatus::Failed)
        .count();
    let succeeded = made + outcomes.len() - failed;
    let counts = [
        (kind.succeeded_metric, succeeded),
        (kind.failed_metric, failed),
    ];
    for (name, count) in counts {
        Metric::Items(name).record(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

/// Times a batch that was accepted at this time and is finished now.
pub(crate) fn finished(accepted_at: Moment) {
    Metric::BatchTime.record(accepted_at.age().as_secs_f64());
}
