//! A station's tasks, a page at a time.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::tasks::{self, Columns, Filter, Part, Task};
use task_store::{Connection, Database};

use super::TaskView;
use super::progress::progress_of;
use crate::error::{Error, Result};

/// The highest total that is counted; beyond it only that there are more is known.
pub const MOST_COUNTED: u32 = 10_000;

/// Which page of which tasks, and which of their columns.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// Which tasks.
    pub filter: Filter<'a>,
    /// The most tasks to answer.
    pub limit: u32,
    /// The page, from 0.
    pub page: u32,
    /// Only tasks with a smaller key; pages count from there.
    pub after: Option<i64>,
    /// Which of the two large columns.
    pub columns: Columns,
}

impl List<'_> {
    fn part(&self) -> Part {
        Part {
            limit: u64::from(self.limit),
            skip: u64::from(self.limit) * u64::from(self.page),
            after: self.after,
        }
    }
}

/// Where in the whole list a page lies, as it is answered next to it.
#[derive(Debug, Clone, Serialize)]
pub struct Pagination {
    total: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_capped: bool,
    limit: u32,
    offset: u32,
    next_after_id: Option<i64>,
}

/// A page of tasks, each with how far it is.
pub async fn page(connection: &mut Connection, list: &List<'_>) -> Result<Vec<(Task, u8)>> {
    let found = tasks::list(connection, &list.filter, list.part(), list.columns).await?;
    let progress = progress_of(connection, &found).await?;
    Ok(found.into_iter().zip(progress).collect())
}

/// Where a page lies that found these tasks. Counts: only for whoever shows the total.
async fn pagination(
    connection: &mut Connection,
    list: &List<'_>,
    found: &[(Task, u8)],
) -> Result<Pagination> {
    let part = list.part();
    let counted = match last_page_total(part, found.len()) {
        Some(total) => total,
        None => tasks::count(connection, &list.filter, MOST_COUNTED + 1).await?,
    };
    let is_full = u64::try_from(found.len()) == Ok(part.limit);
    let next_after = found.last().filter(|_| is_full);
    Ok(Pagination {
        total: counted.min(MOST_COUNTED),
        total_capped: counted > MOST_COUNTED,
        limit: list.limit,
        offset: list.page,
        next_after_id: next_after.map(|(task, _)| task.id.get()),
    })
}

/// The total that the last page itself tells: nothing need be counted.
fn last_page_total(part: Part, found: usize) -> Option<u32> {
    let found = u64::try_from(found).ok()?;
    let is_last = found < part.limit && (found > 0 || part.skip == 0);
    let total = (is_last && part.after.is_none()).then_some(part.skip + found)?;
    u32::try_from(total).ok()
}

/// A page of tasks as other systems see them, times in a zone.
pub async fn list(
    database: &Database,
    list: &List<'_>,
    zone: &TimeZone,
) -> Result<(Vec<TaskView>, Pagination)> {
    let read = async |c: &mut _| {
        let found = page(c, list).await?;
        let pagination = pagination(c, list, &found).await?;
        Ok::<_, Error>((found, pagination))
    };
    let (found, pagination) = database.run(read).await?;
    let view = |(task, progress)| TaskView::with(task, progress, zone, list.columns);
    let views = found
        .into_iter()
        .map(view)
        .collect::<std::result::Result<_, _>>()?;
    Ok((views, pagination))
}
