//! One task in detail: for a batch, its counts and a page of its items.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::{Counts, EarlierRun, ItemRequest, ItemView, JobKinds, Pagination, earlier_runs};
use task_store::tasks::Task;
use task_store::{Connection, Database, batches, work};

use crate::caller::{Caller, TaskReference};
use crate::error::Result;
use crate::tasks::{FrontTaskView, RunView, find, progress};

/// A task with everything there is to see of it.
#[derive(Debug, Serialize)]
pub struct Detail {
    #[serde(flatten)]
    task: FrontTaskView,
    run_count: i32,
    message_show: bool,
    counts: Counts,
    code_counts: BTreeMap<String, u32>,
    /// The ended runs of a dispatched task.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<Vec<RunView>>,
    #[serde(flatten)]
    batch: Option<Items>,
}

#[derive(Debug, Serialize)]
struct Items {
    items: Vec<ItemView>,
    earlier_runs: Vec<EarlierRun>,
    pagination: Pagination,
}

/// Returns a task that the caller may see, in detail, times in a zone. A task that is no batch has no items and counts of
/// 0.
pub async fn detail(
    database: &Database,
    kinds: JobKinds,
    caller: &Caller,
    named: &TaskReference,
    mut request: ItemRequest,
    zone: &TimeZone,
) -> Result<Detail> {
    request.room = ItemRequest::ROOM_OF_DETAIL;
    let read = async |c: &mut _| {
        let task = find(c, caller, named).await?;
        let (counts, code_counts, batch) = items(c, kinds, &task, &request, zone).await?;
        let runs = runs(c, &task, zone).await?;
        let (run_count, message_show) = (task.run_count, task.message_show);
        let progress = progress(c, &task).await?;
        let task = FrontTaskView::new(task, progress, zone)?;
        Ok(Detail {
            task,
            run_count,
            message_show,
            counts,
            code_counts,
            runs,
            batch,
        })
    };
    database.run(read).await
}

/// Reads the ended runs of a dispatched task, the last one first.
async fn runs(
    connection: &mut Connection,
    task: &Task,
    zone: &TimeZone,
) -> Result<Option<Vec<RunView>>> {
    if task.queue.is_none() {
        return Ok(None);
    }
    let runs = work::runs(connection, task.id).await?;
    let views = runs.into_iter().map(|run| RunView::new(run, zone));
    Ok(Some(views.collect()))
}

async fn items(
    connection: &mut Connection,
    kinds: JobKinds,
    task: &Task,
    request: &ItemRequest,
    zone: &TimeZone,
) -> Result<(Counts, BTreeMap<String, u32>, Option<Items>)> {
    let batch = match task.is_batch {
        true => batches::by_task(connection, task.id).await?,
        false => None,
    };
    let Some(batch) = batch else {
        return Ok((Counts::default(), BTreeMap::new(), None));
    };
    let page = task_engine::read(connection, kinds.of(&batch)?, &batch, request, zone).await?;
    let (items, pagination) = (page.items, page.pagination);
    let earlier_runs = earlier_runs(&batch, zone)?;
    let items = Items {
        items,
        earlier_runs,
        pagination,
    };
    Ok((page.counts, page.code_counts, Some(items)))
}
