//! The panel's list of tasks.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::tasks::TaskStatus;
use task_store::{Database, StationId};

use crate::error::Result;
use crate::tasks::{Columns, Filter, FrontTaskView, List, Pagination, page};

/// Which of a station's tasks the panel asks for.
#[derive(Debug, Clone)]
pub struct TaskListRequest {
    /// Whose.
    pub station: StationId,
    /// In one of these statuses; in any when empty.
    pub statuses: Vec<TaskStatus>,
    /// Of this kind.
    pub type_id: Option<i32>,
    /// The most tasks to answer.
    pub limit: u32,
    /// The page, from 0.
    pub page: u32,
    /// Only tasks with a smaller key; pages count from there.
    pub after: Option<i64>,
}

/// A page of the panel's list.
#[derive(Debug, Serialize)]
pub struct TaskList {
    /// The tasks, newest first.
    pub tasks: Vec<FrontTaskView>,
    /// None of them is open any more: the panel may stop asking.
    pub finish: bool,
    /// Where the page lies; answered beside it.
    #[serde(skip)]
    pub pagination: Pagination,
}

/// A page of a station's tasks as its staff see them, times in a zone.
pub async fn list(
    database: &Database,
    panel: &TaskListRequest,
    zone: &TimeZone,
) -> Result<TaskList> {
    let filter = Filter {
        station: &panel.station,
        statuses: &panel.statuses,
        type_id: panel.type_id,
        only_shown: true,
    };
    let columns = Columns {
        input: false,
        result: true,
    };
    let list = List {
        filter,
        limit: panel.limit,
        page: panel.page,
        after: panel.after,
        columns,
    };
    let found = database.run(async |c| page(c, &list).await).await?;
    let pagination = found.pagination(&list);
    let finish = found
        .tasks
        .iter()
        .all(|(task, _)| task.status == TaskStatus::Finished);
    let views = found
        .tasks
        .into_iter()
        .map(|(task, progress)| FrontTaskView::new(task, progress, zone));
    Ok(TaskList {
        tasks: views.collect::<task_store::Result<_>>()?,
        finish,
        pagination,
    })
}
