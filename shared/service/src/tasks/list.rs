//! A station's tasks, a page at a time.

use jiff::tz::TimeZone;
use task_engine::{NextPage, PageRequest, Pagination};
use task_store::tasks::{self, Columns, Filter, Part, Task};
use task_store::{Connection, Database};

use super::TaskView;
use super::progress::progress_of;
use crate::error::{Error, Result};

/// How far the total of a list is counted; beyond it only that there are more is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counted {
    /// To 10,000 tasks, which takes ten times as long as the page itself.
    #[default]
    Exact,
    /// To ten pages, or to the end of the page where that lies deeper.
    Near,
}

impl Counted {
    /// Returns the highest total that is counted for a page.
    fn most(self, page: PageRequest) -> u32 {
        let end =
            u32::try_from(page.skip()).map_or(u32::MAX, |skip| skip.saturating_add(page.limit));
        match self {
            Self::Exact => 10_000,
            Self::Near => end.max(page.limit.saturating_mul(10)),
        }
    }
}

/// Which page of which tasks, and which of their columns.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// Which tasks.
    pub filter: Filter<'a>,
    /// The page; it may come after a task's key: tasks with a smaller key follow.
    pub page: PageRequest,
    /// Which of the two large columns.
    pub columns: Columns,
    /// How far the total is counted, where the list has one.
    pub counted: Counted,
}

impl<'a> List<'a> {
    /// Asks for a page of the tasks that pass a filter.
    #[must_use]
    pub const fn new(filter: Filter<'a>, page: PageRequest, columns: Columns) -> Self {
        Self {
            filter,
            page,
            columns,
            counted: Counted::Exact,
        }
    }

    fn part(&self) -> Part {
        Part {
            limit: u64::from(self.page.limit),
            skip: self.page.skip(),
            after: self.page.after,
        }
    }
}

/// The most bytes that the tasks of a page take as they are printed; an answer has 2,800,000 at most.
const MOST_BYTES: u64 = 2_790_000;

/// A page of tasks, each with how far it is.
#[derive(Debug)]
pub struct Page {
    /// Newest first.
    pub tasks: Vec<(Task, u8)>,
    is_cut: bool,
    scanned_to: Option<i64>,
}

/// Reads a page of tasks: as many as fit an answer, at least one.
pub async fn page(connection: &mut Connection, list: &List<'_>) -> Result<Page> {
    let (filter, part) = (&list.filter, list.part());
    let found = tasks::list(connection, filter, part, list.columns, MOST_BYTES).await?;
    let found = found.ok_or_else(unknown_after)?;
    let progress = progress_of(connection, &found.tasks).await?;
    Ok(Page {
        tasks: found.tasks.into_iter().zip(progress).collect(),
        is_cut: found.is_cut,
        scanned_to: found.scanned_to,
    })
}

fn unknown_after() -> Error {
    Error::invalid(
        "after_id",
        "names no task of the station any more: begin again with the first page",
    )
}

impl Page {
    /// Returns where the page lies, without a total.
    #[must_use]
    pub fn pagination(&self, list: &List<'_>) -> Pagination {
        let is_full = u64::try_from(self.tasks.len()) == Ok(u64::from(list.page.limit));
        let oldest = self.tasks.last().filter(|_| is_full || self.is_cut);
        Pagination {
            total: None,
            total_capped: false,
            limit: list.page.limit,
            offset: list.page.page,
            next: NextPage::AfterId(oldest.map(|(task, _)| task.id.get()).or(self.scanned_to)),
        }
    }

    /// Describes the page with the total. It counts rows, so only callers that show the total ask for it.
    async fn counted(&self, connection: &mut Connection, list: &List<'_>) -> Result<Pagination> {
        // What no index serves is not counted.
        if !list.filter.is_counted() {
            return Ok(self.pagination(list));
        }
        let most = list.counted.most(list.page);
        let counted = match last_page_total(list.part(), self.tasks.len()) {
            Some(total) if !self.is_cut => total,
            _ => tasks::count(connection, &list.filter, most + 1).await?,
        };
        Ok(Pagination {
            total: Some(counted.min(most)),
            total_capped: counted > most,
            ..self.pagination(list)
        })
    }
}

/// Returns the total that the last page itself tells: nothing need be counted.
fn last_page_total(part: Part, found: usize) -> Option<u32> {
    let found = u64::try_from(found).ok()?;
    let is_last = found < part.limit && (found > 0 || part.skip == 0);
    let total = (is_last && part.after.is_none()).then_some(part.skip + found)?;
    u32::try_from(total).ok()
}

/// Returns a page of tasks as other systems see them, times in a zone.
pub async fn list(
    database: &Database,
    list: &List<'_>,
    zone: &TimeZone,
) -> Result<(Vec<TaskView>, Pagination)> {
    let read = async |c: &mut _| {
        let found = page(c, list).await?;
        let pagination = found.counted(c, list).await?;
        Ok::<_, Error>((found.tasks, pagination))
    };
    let (found, pagination) = database.run(read).await?;
    let view = |(task, progress)| TaskView::with(task, progress, zone, list.columns);
    let views = found
        .into_iter()
        .map(view)
        .collect::<std::result::Result<_, _>>()?;
    Ok((views, pagination))
}
