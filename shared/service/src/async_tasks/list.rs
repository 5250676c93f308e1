//! The list of tasks that a station's staff see.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::{PageRequest, Pagination};
use task_store::task_queues::QueueName;
use task_store::tasks::TaskStatus;
use task_store::{Database, StationId};

use crate::error::Result;
use crate::tasks::{Columns, Filter, FoundBy, FrontTaskView, List, page};

/// Asks for a page of a station's tasks.
#[derive(Debug, Clone)]
pub struct TaskListRequest {
    /// The station.
    pub station: StationId,
    /// Only tasks in one of these statuses; in any when empty.
    pub statuses: Vec<TaskStatus>,
    /// Only tasks of this type.
    pub type_id: Option<i32>,
    /// Only tasks of this queue.
    pub queue: Option<QueueName>,
    /// Only tasks with this tag.
    pub tag: Option<String>,
    /// The page; it may come after a task's key: tasks with a smaller key follow.
    pub page: PageRequest,
}

impl TaskListRequest {
    /// Which tasks are meant; `only_shown`: of those that are listed to the station's staff.
    #[must_use]
    pub fn filter(&self, only_shown: bool) -> Filter<'_> {
        Filter {
            station: &self.station,
            statuses: &self.statuses,
            type_id: self.type_id,
            only_shown,
            found_by: FoundBy {
                queue: self.queue.as_ref().map(QueueName::as_str),
                tag: self.tag.as_deref(),
            },
        }
    }
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
    let columns = Columns {
        input: false,
        result: true,
    };
    let list = List {
        filter: request.filter(true),
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
