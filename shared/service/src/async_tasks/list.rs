//! The panel's list of tasks.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::Database;
use task_store::tasks::TaskStatus;

use crate::error::Result;
use crate::tasks::{FrontTaskView, List, page};

/// A page of the panel's list.
#[derive(Debug, Serialize)]
pub struct TaskList {
    /// The tasks, newest first.
    pub tasks: Vec<FrontTaskView>,
    /// None of them is open any more: the panel may stop asking.
    pub finish: bool,
}

/// A page of a station's tasks as its staff see them, times in a zone.
pub async fn list(database: &Database, list: &List<'_>, zone: &TimeZone) -> Result<TaskList> {
    let (found, _) = database.run(async |c| page(c, list).await).await?;
    let finish = found
        .iter()
        .all(|(task, _)| task.status == TaskStatus::Finished);
    let views = found
        .into_iter()
        .map(|(task, progress)| FrontTaskView::new(task, progress, zone));
    Ok(TaskList {
        tasks: views.collect::<task_store::Result<_>>()?,
        finish,
    })
}
