//! Reading what became of the items of a batch.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use task_store::{Database, batches};

use super::counts::Counts;
use super::job::JobKind;
use super::report::{self, Pagination};
use super::select::ItemPage;
use super::view::ItemView;
use crate::caller::{Caller, TaskReference};
use crate::error::{Error, ErrorCode, Result};
use crate::{jobs, tasks};

/// What a person needs to mend the failed items of a batch and submit them again.
#[derive(Debug, Serialize)]
pub struct BatchReport {
    /// What kind of batch it is.
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
    caller: &Caller,
    named: &TaskReference,
    page: &ItemPage,
    zone: &TimeZone,
) -> Result<BatchReport> {
    let read = async |c: &mut _| {
        let task = tasks::find(c, caller, named).await?;
        let batch = batches::by_task(c, task.id).await?;
        let batch =
            batch.ok_or_else(|| Error::refused(ErrorCode::TaskNotFound, "no batch has this id"))?;
        let kind = jobs::kind_of(&batch)?;
        let page = report::read(c, kind, &batch, page, zone).await?;
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
