//! Submitting a list of orders as a batch.

use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use task_engine::{Dispatcher, Elements, Payload, Queue, Settings, Submission};
use task_store::batches::Batch;
use task_store::reference::{self, CycleRow};
use task_store::tasks::IdScope;
use task_store::{Connection, Database, StationId, UserTaskId};

use super::import::{ORDER_IMPORT, OrderImport};
use super::params::ImportParams;
use super::stored;
use crate::batches::BatchLabels;
use crate::callbacks;
use crate::caller::Caller;
use crate::error::{Error, ErrorCode, Result};

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
    /// Tags, author, callback and days of its task.
    pub labels: &'a BatchLabels,
    /// All of them are asked to be worked again, although the same list was worked before.
    pub rerun: bool,
    /// Where the caller's id is unique.
    pub scope: IdScope,
}

/// A list of orders as it is stored: nothing of the request is needed any more.
#[derive(Debug)]
pub struct OrderBatch {
    /// The caller's id for this batch.
    pub user_task_id: UserTaskId,
    time_config_id: String,
    params: String,
    payload: Payload,
    labels: BatchLabels,
    scope: IdScope,
    rerun: bool,
}

impl OrderList<'_> {
    /// Cuts it into chunks.
    ///
    /// # Errors
    /// `PARAM_INVALID` when it is no list.
    pub fn cut(&self, settings: &Settings) -> Result<OrderBatch> {
        let most = settings.max_items as usize;
        let orders = Elements::parse(self.orders.get(), most)
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
            labels: self.labels.clone(),
            scope: self.scope,
            rerun: self.rerun,
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
    callbacks::check(&dispatcher.database, list.labels.callback.as_ref()).await?;
    let (station, closed) = cycle(&dispatcher.database, job, caller, list).await?;
    let submission = Submission {
        user_task_id: &list.user_task_id,
        station: &station,
        params: &list.params,
        payload: &list.payload,
        labels: list.labels.stored(),
        scope: list.scope,
        rerun: list.rerun,
        closed: closed.as_deref(),
    };
    Ok(task_engine::submit::<OrderImport, _>(dispatcher, &submission).await?)
}

/// Returns the station whose operating cycle it is, and why the cycle takes no orders now where it takes none.
async fn cycle(
    database: &Database,
    job: &OrderImport,
    caller: &Caller,
    list: &OrderBatch,
) -> Result<(StationId, Option<String>)> {
    let row = database
        .read(async |c| reference::cycle(c, &list.time_config_id).await)
        .await?;
    let Some(row) = row.filter(|row| caller.may_access(&row.station)) else {
        let message = format!(
            "operating cycle {} does not exist",
            shown(&list.time_config_id)
        );
        return Err(Error::refused(ErrorCode::CycleNotFound, message));
    };
    let station = row.station.clone();
    Ok((station, closed(row, &job.zone)?))
}

/// Tells why a cycle takes no orders now, where it takes none.
fn closed(row: CycleRow, zone: &TimeZone) -> Result<Option<String>> {
    let now = row.now.local(zone);
    let cycle = stored::cycle(row)?;
    Ok((!cycle.is_open_at(now)).then(|| {
        let (id, time) = (&cycle.id, now.strftime("%H:%M"));
        format!("operating cycle {id} takes no orders at {time}")
    }))
}

/// Checks that the operating cycle of a batch of orders takes orders now. Any other batch has none.
///
/// # Errors
/// `CYCLE_CLOSED`; `CYCLE_NOT_FOUND` when the cycle is gone.
pub(crate) async fn check_open(
    connection: &mut Connection,
    batch: &Batch,
    zone: &TimeZone,
) -> Result<()> {
    if batch.job != ORDER_IMPORT.name {
        return Ok(());
    }
    let id = ImportParams::from_stored(&batch.params)?.time_config_id;
    let row = reference::cycle(connection, &id).await?;
    let gone = || {
        let message = format!("operating cycle {} does not exist", shown(&id));
        Error::refused(ErrorCode::CycleNotFound, message)
    };
    match closed(row.ok_or_else(gone)?, zone)? {
        Some(reason) => Err(Error::refused(ErrorCode::CycleClosed, reason)),
        None => Ok(()),
    }
}

/// Returns a value a caller sent, cut to a readable length.
fn shown(value: &str) -> String {
    value.chars().take(64).collect()
}
