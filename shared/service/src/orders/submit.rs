//! Submitting a list of orders as a batch.

use serde_json::value::RawValue;
use task_store::batches;
use task_store::tasks::{self, Named, TaskStatus};
use task_store::{Database, StationId, UserTaskId, reference};

use super::import::{ORDER_IMPORT, OrderImport};
use super::params::ImportParams;
use super::stored;
use crate::batch::{self, Dispatcher, Payload, Settings, Submission};
use crate::caller::Caller;
use crate::error::{Error, Result, Word};
use crate::queue::Queue;

/// A list of orders as it was submitted.
#[derive(Debug, Clone, Copy)]
pub struct OrderList<'a> {
    /// The caller's id for this batch: the idempotency key.
    pub user_task_id: &'a UserTaskId,
    /// The operating cycle the orders are for.
    pub time_config_id: &'a str,
    /// The file the staff read them from, at most 128 characters.
    pub file_name: Option<&'a str>,
    /// The orders as they were sent: a JSON array.
    pub orders: &'a RawValue,
}

/// A list of orders as it is stored: nothing of the request is needed any more.
#[derive(Debug)]
pub struct OrderBatch {
    /// The caller's id for this batch.
    pub user_task_id: UserTaskId,
    time_config_id: String,
    params: String,
    payload: Payload,
}

impl OrderList<'_> {
    /// Cuts it into chunks.
    ///
    /// # Errors
    /// `PARAM_INVALID` when it is no list.
    pub fn cut(&self, settings: &Settings) -> Result<OrderBatch> {
        let orders: Vec<&RawValue> = serde_json::from_str(self.orders.get())
            .map_err(|_| Error::invalid("order_data", "is not a list of orders"))?;
        let params = ImportParams {
            time_config_id: self.time_config_id.to_owned(),
            file_name: self.file_name.map(str::to_owned),
        };
        Ok(OrderBatch {
            user_task_id: self.user_task_id.clone(),
            time_config_id: self.time_config_id.to_owned(),
            params: params.to_stored()?,
            payload: Payload::cut(&ORDER_IMPORT, self.time_config_id, &orders, settings),
        })
    }
}

/// Stores a list of orders durably and wakes the workers. `Ok` means that every order will get its outcome.
pub async fn submit<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    job: &OrderImport,
    caller: &Caller,
    list: &OrderBatch,
) -> Result<()> {
    let station = open_cycle(&dispatcher.database, job, caller, list).await?;
    let submission = Submission {
        user_task_id: &list.user_task_id,
        station: &station,
        params: &list.params,
        payload: &list.payload,
    };
    batch::submit::<OrderImport, _>(dispatcher, &submission).await
}

/// The station whose operating cycle it is, if it takes orders now. A batch in flight was accepted when it did,
/// so that a request that is sent again is not refused for having been slow.
async fn open_cycle(
    database: &Database,
    job: &OrderImport,
    caller: &Caller,
    list: &OrderBatch,
) -> Result<StationId> {
    let row = database
        .read(async |c| reference::cycle(c, &list.time_config_id).await)
        .await?;
    let Some(row) = row.filter(|row| caller.may_access(&row.station)) else {
        let message = format!(
            "operating cycle {} does not exist",
            shown(&list.time_config_id)
        );
        return Err(Error::refused(Word::CycleNotFound, message));
    };
    let (station, now) = (row.station.clone(), row.now.local(&job.zone));
    let cycle = stored::cycle(row)?;
    if cycle.is_open_at(now) || in_flight(database, &station, list).await? {
        return Ok(station);
    }
    let message = format!(
        "operating cycle {} takes no orders at {}",
        cycle.id,
        now.strftime("%H:%M")
    );
    Err(Error::refused(Word::CycleClosed, message))
}

async fn in_flight(database: &Database, station: &StationId, list: &OrderBatch) -> Result<bool> {
    let named = Named::from(&list.user_task_id).at(Some(station));
    database
        .read(async |c| {
            let Some(task) = tasks::find(c, named).await? else {
                return Ok(false);
            };
            let batch = batches::by_task(c, task.id).await?;
            Ok(task.status != TaskStatus::Finished
                && batch.is_some_and(|batch| batch.job == ORDER_IMPORT.name))
        })
        .await
}

/// A value a caller sent, cut to a readable length.
fn shown(value: &str) -> String {
    value.chars().take(64).collect()
}
