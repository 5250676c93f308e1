//! Finding an order of a batch by what a person knows of it.

use serde_json::value::RawValue;
use task_store::batches::Batch;
use task_store::items::{self, Item, ItemStatus};
use task_store::{Connection, Result};

use super::parse;
use crate::batch::sent_as;

/// Orders that are read at once while looking for one.
const PAGE: u32 = 1000;

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
        let order = parse(sent).ok();
        let address = order.as_ref().and_then(|order| order.address_id());
        let number = order.as_ref().and_then(|order| order.out_order_no());
        self.index.is_none_or(|wanted| wanted == index)
            && (self.address_id.is_none() || self.address_id.as_deref() == address)
            && (self.out_order_no.is_none() || self.out_order_no.as_deref() == number)
    }
}

/// The order that was named, with how it was sent: the first failed one; when none is, the first that has another
/// outcome, so that a mending that is repeated finds what it did.
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
        ItemStatus::Amended,
        ItemStatus::Dropped,
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
    let mut sent = sent_as(connection, &items).await?;
    let found = items.into_iter().find_map(|item| {
        let raw = sent.remove(&(item.chunk_id, item.outcome.index))?;
        which
            .matches(item.outcome.index, raw.get())
            .then_some((item, raw))
    });
    Ok(found)
}
