//! Submitting a list of price changes as a batch.

use serde_json::value::RawValue;
use task_engine::{BatchJob, Dispatcher, Elements, Payload, Queue, Settings, Submission};
use task_store::UserTaskId;
use task_store::tasks::IdScope;

use super::job::PriceChange;
use crate::batches::BatchLabels;
use crate::callbacks;
use crate::caller::Caller;
use crate::error::{Error, Result};

/// A list of price changes as it was submitted.
#[derive(Debug, Clone, Copy)]
pub struct PriceList<'a> {
    /// The caller's id for this batch: the idempotency key.
    pub user_task_id: &'a UserTaskId,
    /// The changes as they were sent: a JSON array.
    pub items: &'a RawValue,
    /// Tags, author, callback and days of its task.
    pub labels: &'a BatchLabels,
    /// All of them are asked to be worked again, although the same list was worked before.
    pub rerun: bool,
    /// Where the caller's id is unique.
    pub scope: IdScope,
}

/// A list of price changes as it is stored: nothing of the request is needed any more.
#[derive(Debug)]
pub struct PriceBatch {
    /// The caller's id for this batch.
    pub user_task_id: UserTaskId,
    payload: Payload,
    labels: BatchLabels,
    scope: IdScope,
    rerun: bool,
}

impl PriceList<'_> {
    /// Cuts it into chunks.
    ///
    /// # Errors
    /// `PARAM_INVALID` when it is no list.
    pub fn cut(&self, settings: &Settings) -> Result<PriceBatch> {
        let items = Elements::parse(self.items.get(), settings.max_items as usize)
            .map_err(|_| Error::invalid("items", "is not a list of price changes"))?;
        Ok(PriceBatch {
            user_task_id: self.user_task_id.clone(),
            payload: Payload::cut(PriceChange::KIND, "", &items, settings),
            labels: self.labels.clone(),
            scope: self.scope,
            rerun: self.rerun,
        })
    }
}

/// Stores a list of price changes durably and wakes the workers. `Ok` means that every change will get its outcome.
pub async fn submit<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    caller: &Caller,
    list: &PriceBatch,
) -> Result<()> {
    callbacks::check(&dispatcher.database, list.labels.callback.as_ref()).await?;
    let submission = Submission {
        user_task_id: &list.user_task_id,
        station: caller.required_station()?,
        params: "{}",
        payload: &list.payload,
        labels: list.labels.stored(),
        scope: list.scope,
        rerun: list.rerun,
        closed: None,
    };
    Ok(task_engine::submit::<PriceChange, _>(dispatcher, &submission).await?)
}
