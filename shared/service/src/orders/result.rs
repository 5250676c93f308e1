//! Reading what became of the orders of a batch.

use serde::Serialize;
use task_store::batches::{self, Batch};
use task_store::items::ItemStatus;
use task_store::tasks::{Task, TaskStatus};
use task_store::{Connection, Database};

use super::import::{ImportParams, ORDER_IMPORT};
use crate::batch::{self, Counts, ItemView, Selection};
use crate::caller::Caller;
use crate::error::{Error, Result, Word};
use crate::tasks::{self, TaskReference};

/// What a person needs to mend the failed orders of a batch and submit them again.
#[derive(Debug, Serialize)]
pub struct OrderReport {
    task_id: String,
    file_name: Option<String>,
    time_config: TimeConfig,
    details: Vec<ItemView>,
    counts: Counts,
    pagination: Pagination,
}

#[derive(Debug, Serialize)]
struct TimeConfig {
    time_config_id: String,
}

#[derive(Debug, Serialize)]
struct Pagination {
    total: u32,
    limit: u32,
    offset: u64,
}

/// Reads a page of a batch's orders in input order.
pub async fn result(
    database: &Database,
    caller: &Caller,
    named: &TaskReference,
    status: Option<ItemStatus>,
    limit: u32,
    page: u32,
) -> Result<OrderReport> {
    let selection = Selection {
        status,
        limit,
        skip: u64::from(limit) * u64::from(page),
    };
    let read = async |c: &mut _| {
        let (task, batch) = find_batch(c, caller, named).await?;
        let open = task.status != TaskStatus::Finished;
        let counts = Counts::of(c, &batch, open).await?;
        let params = ImportParams::from_stored(&batch.params)?;
        Ok(OrderReport {
            task_id: task
                .user_task_id
                .map_or_else(|| task.id.to_string(), |id| id.to_string()),
            file_name: params.file_name,
            time_config: TimeConfig {
                time_config_id: params.time_config_id,
            },
            details: batch::read(c, &ORDER_IMPORT, &batch, open, selection).await?,
            counts,
            pagination: Pagination {
                total: batch::selected_total(&counts, status),
                limit,
                offset: page.into(),
            },
        })
    };
    database.run(read).await
}

/// A task of the caller's that is a batch of orders.
async fn find_batch(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<(Task, Batch)> {
    let task = tasks::find(connection, caller, named).await?;
    let batch = batches::by_task(connection, task.id)
        .await?
        .filter(|batch| batch.job == ORDER_IMPORT.name);
    let batch = batch
        .ok_or_else(|| Error::refused(Word::TaskNotFound, "no batch of orders has this id"))?;
    Ok((task, batch))
}
