//! The list of tasks that a station's staff see.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::{NextPage, PageRequest, Pagination};
use task_store::task_queues::QueueName;
use task_store::tasks::{Ordered, TaskStatus};
use task_store::{Database, Moment, StationId};

use crate::error::Result;
use crate::tasks::{Columns, Filter, FoundBy, FrontTaskView, List, page};

/// Asks for a page of a station's tasks.
#[derive(Debug, Clone)]
pub struct TaskListRequest {
    /// The station; `None`: all of them.
    pub station: Option<StationId>,
    /// Only tasks in one of these statuses; in any when empty.
    pub statuses: Vec<TaskStatus>,
    /// Only tasks of this type.
    pub type_id: Option<i32>,
    /// Only tasks that ended in one of these ways; in any when empty.
    pub outcomes: Vec<&'static str>,
    /// Only tasks of this queue.
    pub queue: Option<QueueName>,
    /// Only tasks with this tag.
    pub tag: Option<String>,
    /// Only a range of a column, in whose order the tasks are listed.
    pub ordered_by: Option<OrderedBy>,
    /// The page; it may come after a task's key: tasks with a smaller key follow.
    pub page: PageRequest,
}

impl TaskListRequest {
    /// Tells which tasks are meant; `only_shown`: of those that are listed to the station's staff.
    #[must_use]
    pub fn filter(&self, only_shown: bool) -> Filter<'_> {
        Filter {
            station: self.station.as_ref(),
            statuses: &self.statuses,
            type_id: self.type_id,
            only_shown,
            found_by: FoundBy {
                outcomes: &self.outcomes,
                queue: self.queue.as_ref().map(QueueName::as_str),
                tag: self.tag.as_deref(),
                ordered: self.ordered_by.as_ref().map(OrderedBy::range),
            },
        }
    }
}

/// A range of a column in whose order tasks are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderedBy {
    /// Names that begin with a text.
    Name(String),
    /// Callers' own ids that begin with a text.
    UserTaskId(String),
    /// Added at the first time or later, and before the second one.
    Created(Option<Moment>, Option<Moment>),
}

impl OrderedBy {
    fn range(&self) -> Ordered<'_> {
        match self {
            Self::Name(prefix) => Ordered::Name(prefix),
            Self::UserTaskId(prefix) => Ordered::UserTaskId(prefix),
            Self::Created(from, to) => Ordered::Created(*from, *to),
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
    let list = List::new(request.filter(true), request.page, columns);
    let found = database.run(async |c| page(c, &list).await).await?;
    let pagination = found.pagination(&list);
    // A page without a task, but with a next one, tells nothing.
    let tells = !found.tasks.is_empty() || matches!(pagination.next, NextPage::AfterId(None));
    let mut tasks = found.tasks.iter();
    let finish = tells && tasks.all(|(task, _)| task.status == TaskStatus::Finished);
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
