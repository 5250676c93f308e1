//! Mending one failed order of a batch, without submitting the batch again.

use serde::Serialize;
use serde_json::value::RawValue;
use task_engine::failpoints::{Failpoint, reach};
use task_engine::{
    Counts, Dispatcher, ItemStatuses, MAX_ITEM_BYTES, Queue, announce, minified, refresh,
};
use task_store::batches::{self, Batch};
use task_store::items::{Item, ItemStatus};
use task_store::outbox::Announcement;
use task_store::tasks::{self, Task};
use task_store::{Connection, orders, payloads, rework};

use super::failed::{Which, find};
use super::import::ORDER_IMPORT;
use super::parse::key;
use crate::caller::{Caller, TaskReference};
use crate::error::{Error, ErrorCode, Result};
use crate::tasks::find as find_task;

/// Corrections that are read at once.
const AT_ONCE: usize = 8;

/// The way in which a person mended a failed order.
#[derive(Debug, Clone, Copy)]
pub enum Mending<'a> {
    /// Made it by hand: this is the order.
    Made(i64),
    /// Corrected it: it is worked again with this content.
    Corrected(&'a RawValue),
    /// Gave it up.
    Dropped,
}

/// The state of the mended order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mended {
    /// The batch, as its caller calls it.
    pub task_id: String,
    /// Its index in the batch.
    pub index: u32,
    /// The status of the mended item.
    pub status: &'static str,
    /// The whole batch after that.
    pub counts: Counts,
}

/// Mends an order that failed, or takes back one that was given up. The same call again finds its work done and is
/// harmless; an order that is neither failed nor given up nor mended in this very way is `ORDER_NOT_FOUND`.
///
/// # Errors
/// `PARAM_INVALID` when no index is named and several failed, given up or amended orders fit: nothing is changed.
pub async fn amend<Q: Queue>(
    dispatcher: &Dispatcher<Q>,
    caller: &Caller,
    named: &TaskReference,
    which: &Which,
    mending: Mending<'_>,
) -> Result<Mended> {
    let amend = async |c: &mut _| {
        let (task, _) = find_batch(c, caller, named).await?;
        // Whatever else changes the batch waits here: a submit of the same id, a close, the end of its last chunk.
        let task = tasks::lock(c, task.id).await?.ok_or_else(not_found)?;
        let (_, batch) = find_batch(c, caller, named).await?;
        let mut mend = Amend {
            dispatcher,
            task: &task,
            batch: &batch,
            due: Vec::new(),
        };
        let (index, status) = mend.apply(c, which, mending).await?;
        refresh(c, &ORDER_IMPORT, &task, &batch).await?;
        let counts = ItemStatuses::read(c, &batch).await?.counts();
        Ok::<_, Error>((
            Mended {
                task_id: task.called(),
                index,
                status: status.as_str(),
                counts,
            },
            mend.due,
        ))
    };
    let (mended, due) = dispatcher.database.transaction(amend).await?;
    reach(Failpoint::AmendStored).await?;
    announce(dispatcher, &due).await;
    Ok(mended)
}

struct Amend<'a, Q> {
    dispatcher: &'a Dispatcher<Q>,
    task: &'a Task,
    batch: &'a Batch,
    due: Vec<Announcement>,
}

impl<Q> Amend<'_, Q> {
    async fn apply(
        &mut self,
        connection: &mut Connection,
        which: &Which,
        mending: Mending<'_>,
    ) -> Result<(u32, ItemStatus)> {
        let content = match mending {
            Mending::Corrected(order) => Some(minified(order.get())),
            Mending::Made(_) | Mending::Dropped => None,
        };
        let found = find(connection, self.batch, which, content.as_deref()).await?;
        let (item, sent) = found.ok_or_else(not_found)?;
        let index = item.outcome.index;
        let status = item.outcome.status;
        let is_failed = status == ItemStatus::Failed;
        let is_open = is_failed || status == ItemStatus::Dropped;
        match (mending, content) {
            (Mending::Made(order), _) if is_open => self.made(connection, index, order).await,
            (Mending::Made(order), _)
                if status == ItemStatus::Amended && item.outcome.made_id == Some(order) =>
            {
                Ok((index, status))
            }
            (Mending::Dropped, _) if is_failed => {
                self.mark(connection, index, ItemStatus::Dropped, None)
                    .await
            }
            (Mending::Dropped, _) if status == ItemStatus::Dropped => Ok((index, status)),
            (Mending::Corrected(_), Some(content)) if is_open => {
                self.reopen(connection, index, &content).await
            }
            (Mending::Corrected(_), Some(content)) if is_again(&item, sent.get(), &content) => {
                Ok((index, status))
            }
            _ => Err(not_found()),
        }
    }

    async fn made(
        &self,
        connection: &mut Connection,
        index: u32,
        order: i64,
    ) -> Result<(u32, ItemStatus)> {
        if !orders::exists(connection, &self.task.station_id, order).await? {
            let message = format!("order_id {order} is no order of this station");
            return Err(Error::refused(ErrorCode::OrderNotFound, message));
        }
        self.mark(connection, index, ItemStatus::Amended, Some(order))
            .await
    }

    async fn mark(
        &self,
        connection: &mut Connection,
        index: u32,
        status: ItemStatus,
        made: Option<i64>,
    ) -> Result<(u32, ItemStatus)> {
        let batch = self.batch;
        let marked =
            rework::mark(connection, batch.task_id, batch.run, index, status, made).await?;
        marked.then_some((index, status)).ok_or_else(not_found)
    }

    /// Makes the order pending with its new content, in a chunk of its own.
    async fn reopen(
        &mut self,
        connection: &mut Connection,
        index: u32,
        item: &str,
    ) -> Result<(u32, ItemStatus)> {
        if item.len() > MAX_ITEM_BYTES {
            let wrong = format!(
                "has {} bytes, an order has at most {MAX_ITEM_BYTES}",
                item.len()
            );
            return Err(Error::invalid("order_data", &wrong));
        }
        let duplicate_of = self.duplicate_of(connection, index, item).await?;
        let (batch, resend) = (self.batch, self.dispatcher.settings.resend);
        let reopened = rework::reopen(
            connection,
            batch.task_id,
            batch.run,
            index,
            item,
            duplicate_of,
            resend,
        )
        .await?;
        self.due.push(Announcement {
            key: reopened,
            station: self.task.station_id.clone(),
            job: ORDER_IMPORT.name.to_owned(),
        });
        Ok((index, ItemStatus::Pending))
    }

    /// Reads another item of this run that has, or is about to have, an order with the same key.
    async fn duplicate_of(
        &self,
        connection: &mut Connection,
        index: u32,
        item: &str,
    ) -> Result<Option<u32>> {
        let Some(key) = key(item) else {
            return Ok(None);
        };
        let (task, run) = (self.batch.task_id, self.batch.run);
        let made = orders::made_by_task(connection, task, &[&key]).await?;
        if let Some((_, id)) = made.first()
            && let Some(other) = rework::index_of_made(connection, task, run, *id).await?
        {
            return Ok((other != index).then_some(other));
        }
        let others = rework::open_rework(connection, task, run).await?;
        // A few at a time: each may be as large as an order may be.
        for others in others.chunks(AT_ONCE) {
            for (_, other, items) in payloads::of_chunks(connection, others).await? {
                let same = serde_json::from_str::<[&RawValue; 1]>(&items)
                    .is_ok_and(|[one]| super::parse::key(one.get()).as_ref() == Some(&key));
                if same && other != index {
                    return Ok(Some(other));
                }
            }
        }
        Ok(None)
    }
}

/// Tells whether an item is being, or was, worked again with this very content.
fn is_again(item: &Item, sent: &str, content: &str) -> bool {
    let worked_again = matches!(
        item.outcome.status,
        ItemStatus::Pending | ItemStatus::Success
    );
    worked_again && sent == content
}

fn not_found() -> Error {
    Error::refused(
        ErrorCode::OrderNotFound,
        "the batch has no failed order like this",
    )
}

/// Reads a task of the caller's that is a batch of orders.
async fn find_batch(
    connection: &mut Connection,
    caller: &Caller,
    named: &TaskReference,
) -> Result<(Task, Batch)> {
    let task = find_task(connection, caller, named).await?;
    let batch = batches::by_task(connection, task.id).await?;
    let batch = batch.filter(|batch| batch.job == ORDER_IMPORT.name);
    let batch = batch
        .ok_or_else(|| Error::refused(ErrorCode::TaskNotFound, "no batch of orders has this id"))?;
    Ok((task, batch))
}
