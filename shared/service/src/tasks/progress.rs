//! How far tasks are, 0 to 100: 100 only once a task is finished. It never goes down within a run.

use task_store::Connection;
use task_store::tasks::{self, Task, TaskStatus};

use crate::error::Result;

/// Tells how far a task is.
pub async fn progress(connection: &mut Connection, task: &Task) -> Result<u8> {
    let all = progress_of(connection, std::slice::from_ref(task)).await?;
    Ok(all.into_iter().next().unwrap_or(0))
}

/// Tells how far each of some tasks is, with one query for all batches that run.
pub(super) async fn progress_of(connection: &mut Connection, tasks: &[Task]) -> Result<Vec<u8>> {
    let running = tasks
        .iter()
        .filter(|task| task.is_batch && task.status == TaskStatus::Running)
        .map(|task| task.id)
        .collect::<Vec<_>>();
    let batches = tasks::batch_progress(connection, &running).await?;
    let percent = |task: &Task| match task.status {
        TaskStatus::Finished => 100,
        _ if !task.is_batch => u64::from(task.progress),
        TaskStatus::Submitted => 0,
        TaskStatus::Running => batches
            .iter()
            .find(|(id, ..)| *id == task.id)
            .map_or(0, |(_, settled, all)| settled * 100 / (*all).max(1))
            .min(99),
    };
    let percents = tasks.iter().map(percent);
    Ok(percents
        .map(|percent| u8::try_from(percent).unwrap_or(99))
        .collect())
}
