//! The list of tasks that a station's staff see.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::{PageRequest, Pagination};
use task_store::tasks::TaskStatus;
use task_store::{Database, StationId};

use crate::error::Result;
use crate::tasks::{Columns, Filter, FrontTaskView, List, page};

/// Asks for a page of a station's tasks.
#[derive(Debug, Clone)]
pub struct TaskListRequest {
    /// The station.
    pub station: StationId,
    /// Only tasks in one of these statuses; in any when empty.
    pub statuses: Vec<TaskStatus>,
    /// Only tasks of this type.
    pub type_id: Option<i32>,
    /// The page; it may come after a task's key: tasks with a smaller key follow.
    pub page: PageRequest,
}

/// A page of a station's tasks.
#[derive(Debug, Serialize)]
pub struct TaskList {
    /// The tasks, newest first.
    pub tasks: Vec<FrontTaskView>,
    /// None of them is open any more: the caller may stop asking.
    pub finish: bool,
    /// Where the page lies; answered beside it.
    #[serde(skip)]
    pub pagination: Pagination,
}

/// Returns a page of a station's tasks as its staff see them, times in a zone.
pub async fn list(
    database: &Database,
    request: &TaskListRequest,
    zone: &TimeZone,
) -> Result<TaskList> {
    let filter = Filter {
        station: &request.station,
        statuses: &request.statuses,
        type_id: request.type_id,
        only_shown: true,
    };
    let columns = Columns {
        input: false,
        result: true,
    };
    let list = List {
        filter,
        page: request.page,
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
