//! Reading what became of the orders of a batch.

use serde::Serialize;
use task_store::batches::{self, Batch};
use task_store::tasks::Task;
use task_store::{Connection, Database};

use super::import::{ImportParams, ORDER_IMPORT};
use crate::batch::{self, Counts, ItemPage, ItemView, Pagination};
use crate::caller::{Caller, TaskReference};
use crate::error::{Error, Result, Word};
use crate::tasks;

/// What a person needs to mend the failed orders of a batch and submit them again.
#[derive(Debug, Serialize)]
pub struct OrderReport {
    task_id: String,
    file_name: Option<String>,
    time_config: TimeConfig,
    /// The orders of the page, in input order.
    pub details: Vec<ItemView>,
    counts: Counts,
    pagination: Pagination,
}

#[derive(Debug, Serialize)]
struct TimeConfig {
    time_config_id: String,
}

/// Reads a page of a batch's orders in input order.
pub async fn result(
    database: &Database,
    caller: &Caller,
    named: &TaskReference,
    page: ItemPage,
) -> Result<OrderReport> {
    let read = async |c: &mut _| {
        let (task, batch) = find_batch(c, caller, named).await?;
        let counts = Counts::of(c, &batch).await?;
        let params = ImportParams::from_stored(&batch.params)?;
        Ok(OrderReport {
            task_id: task.called(),
            file_name: params.file_name,
            time_config: TimeConfig {
                time_config_id: params.time_config_id,
            },
            details: batch::read(c, &ORDER_IMPORT, &batch, page.selection()).await?,
            pagination: page.pagination(&counts),
            counts,
        })
    };
    database.run(read).await
}

/// A task of the caller's that is a batch of orders.
pub(super) async fn find_batch(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<(Task, Batch)> {
    let task = tasks::find(connection, caller, named).await?;
    let batch = batches::by_task(connection, task.id).await?;
    let batch = batch.filter(|batch| batch.job == ORDER_IMPORT.name);
    let batch = batch
        .ok_or_else(|| Error::refused(Word::TaskNotFound, "no batch of orders has this id"))?;
    Ok((task, batch))
}
