//! The report of a batch: its items with their outcomes.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use task_engine::{Counts, ItemRequest, ItemView, JobKind, JobKinds, Pagination};
use task_store::{Database, batches};

use crate::caller::{Caller, TaskReference};
use crate::error::{Error, ErrorCode, Result};
use crate::tasks;

/// Shows a person the items of a batch, to mend the failed ones or submit them again.
#[derive(Debug, Serialize)]
pub struct BatchReport {
    /// The kind of the batch.
    #[serde(skip)]
    pub kind: &'static JobKind,
    task_id: String,
    #[serde(flatten)]
    heading: Value,
    /// The items of the page, in input order.
    pub details: Vec<ItemView>,
    counts: Counts,
    code_counts: BTreeMap<String, u32>,
    pagination: Pagination,
}

/// Reads a page of a batch's items in input order.
pub async fn result(
    database: &Database,
    kinds: JobKinds,
    caller: &Caller,
    named: &TaskReference,
    request: &ItemRequest,
    zone: &TimeZone,
) -> Result<BatchReport> {
    let read = async |c: &mut _| {
        let task = tasks::find(c, caller, named).await?;
        let batch = batches::by_task(c, task.id).await?;
        let batch =
            batch.ok_or_else(|| Error::refused(ErrorCode::TaskNotFound, "no batch has this id"))?;
        let kind = kinds.of(&batch)?;
        let page = task_engine::read(c, kind, &batch, request, zone).await?;
        Ok(BatchReport {
            kind,
            task_id: task.called(),
            heading: (kind.heading)(&batch.params)?,
            details: page.items,
            counts: page.counts,
            code_counts: page.code_counts,
            pagination: page.pagination,
        })
    };
    database.run(read).await
}
