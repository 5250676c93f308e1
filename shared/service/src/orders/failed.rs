//! Finding an order of a batch by its number or its index.

use serde_json::value::RawValue;
use task_engine::{portions, sent_as};
use task_store::batches::Batch;
use task_store::items::{self, Item, ItemStatus};
use task_store::{Connection, Result};

use super::parse::KeyFields;
use crate::items::{object, usable_id};

/// Orders that are read at once while looking for one.
const PAGE: u32 = 250;

/// Which order of a batch. Everything that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Its place in the list.
    pub index: Option<u32>,
    /// The delivery address it was sent for.
    pub address_id: Option<String>,
    /// The caller's order number.
    pub out_order_no: Option<String>,
}

impl Which {
    fn matches(&self, index: u32, sent: &str) -> bool {
        let order = object::<KeyFields<'_>>(sent).unwrap_or_default();
        let address = usable_id(&order.address_id);
        let number = usable_id(&order.out_order_no);
        self.index.is_none_or(|wanted| wanted == index)
            && (self.address_id.is_none() || self.address_id.as_deref() == address)
            && (self.out_order_no.is_none() || self.out_order_no.as_deref() == number)
    }
}

/// Reads the order that was named, with how it was sent: the first failed one; when none is, the first that was given up,
/// or else has another outcome, so that a repeated mending finds its own effect.
pub(super) async fn find(
    connection: &mut Connection,
    batch: &Batch,
    which: &Which,
) -> Result<Option<(Item, Box<RawValue>)>> {
    if let Some(index) = which.index {
        let at = items::at(connection, batch.task_id, batch.run, &[index]).await?;
        return first(connection, at, which).await;
    }
    let order = [
        ItemStatus::Failed,
        ItemStatus::Dropped,
        ItemStatus::Amended,
        ItemStatus::Pending,
        ItemStatus::Success,
    ];
    for status in order {
        if let Some(found) = find_in(connection, batch, which, status).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn find_in(
    connection: &mut Connection,
    batch: &Batch,
    which: &Which,
    status: ItemStatus,
) -> Result<Option<(Item, Box<RawValue>)>> {
    let mut skip = 0;
    loop {
        let page = items::page(connection, batch.task_id, batch.run, status, PAGE, skip).await?;
        if page.is_empty() {
            return Ok(None);
        }
        skip += u64::from(PAGE);
        if let Some(found) = first(connection, page, which).await? {
            return Ok(Some(found));
        }
    }
}

async fn first(
    connection: &mut Connection,
    items: Vec<Item>,
    which: &Which,
) -> Result<Option<(Item, Box<RawValue>)>> {
    for portion in portions(connection, items).await? {
        let mut sent = sent_as(connection, &portion).await?;
        let found = portion.into_iter().find_map(|item| {
            let raw = sent.remove(&(item.chunk_id, item.outcome.index))?;
            which
                .matches(item.outcome.index, raw.get())
                .then_some((item, raw))
        });
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
