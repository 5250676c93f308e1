//! The line of the log that tells what came of a call.

use super::super::answer::Verdict;
use super::PushedRun;

/// Logs what came of a call. A fault that somebody must mend names the alarm that it rings.
pub(super) fn report(run: &PushedRun, verdict: &Verdict, is_written: bool) {
    let (id, run_count) = (run.task.id.get(), run.task.run_count);
    let queue = run.queue.as_str();
    match verdict {
        Verdict::Finished(_) | Verdict::Accepted => {
            let is_finished = matches!(verdict, Verdict::Finished(_));
            tracing::info!(
                task.id = id,
                run_count,
                queue.name = queue,
                is_finished,
                is_written,
                "run pushed"
            );
        }
        Verdict::Failed {
            message,
            is_alarming: true,
            ..
        }
        | Verdict::Uncalled(message) => {
            tracing::warn!(
                alarm = "RunsRefused",
                task.id = id,
                run_count,
                queue.name = queue,
                error = message,
                "a target refuses runs"
            );
        }
        Verdict::Failed { retry, .. } => {
            tracing::warn!(
                task.id = id,
                run_count,
                queue.name = queue,
                retry,
                is_written,
                "a pushed run failed"
            );
        }
        Verdict::Gone => {
            tracing::warn!(
                alarm = "TargetGone",
                task.id = id,
                run_count,
                queue.name = queue,
                "a target answered 410: its queue is paused"
            );
        }
        Verdict::Unknown => {
            tracing::warn!(
                task.id = id,
                run_count,
                queue.name = queue,
                "a target did not answer: the run keeps its lease"
            );
        }
    }
}
