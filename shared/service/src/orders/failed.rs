//! Finding the order of a batch that a person mends, by its index, its address or its number.

use serde_json::value::RawValue;
use task_engine::{portions, sent_as};
use task_store::batches::Batch;
use task_store::items::{self, Item};
use task_store::{Connection, rework};

use super::parse::KeyFields;
use crate::error::{Error, ErrorCode, Result};
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

/// An item, and its content.
type Found = (Item, Box<RawValue>);

/// Reads the order that a person means. With an index it is the order there. Without one it is the only failed, dropped or
/// amended order that fits; but a correction that is sent again, `content`, means the order that has it by now.
///
/// # Errors
/// `PARAM_INVALID` when several failed, dropped or amended orders fit.
pub(super) async fn find(
    connection: &mut Connection,
    batch: &Batch,
    which: &Which,
    content: Option<&str>,
) -> Result<Option<Found>> {
    let mut found = match which.index {
        Some(index) => {
            let at = items::at(connection, batch.task_id, batch.run, &[index]).await?;
            fitting(connection, at, which, 1).await?
        }
        None => mendable(connection, batch, which).await?,
    };
    if let [(first, _), (second, _)] = &found[..] {
        return Err(several(first, second));
    }
    let is_certain = which.index.is_some() && !found.is_empty();
    match content.filter(|_| !is_certain) {
        Some(content) => {
            let again = worked_again(connection, batch, which, content).await?;
            Ok(again.or_else(|| found.pop()))
        }
        None => Ok(found.pop()),
    }
}

fn several(first: &Item, second: &Item) -> Error {
    let (first, second) = (first.outcome.index, second.outcome.index);
    let message = format!(
        "several orders of the batch fit, e.g. at {first} and {second}: name `index`; nothing was changed"
    );
    Error::refused(ErrorCode::ParamInvalid, message)
}

/// Reads the failed, dropped and amended orders that fit: the first two, which is one too many.
async fn mendable(connection: &mut Connection, batch: &Batch, which: &Which) -> Result<Vec<Found>> {
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let page = rework::mendable(connection, batch.task_id, batch.run, from, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        from = last.outcome.index.saturating_add(1);
        let missing = 2 - found.len();
        found.extend(fitting(connection, page, which, missing).await?);
        if found.len() == 2 {
            return Ok(found);
        }
    }
}

/// Reads the order that is, or was, worked again with exactly this content. It fits by what it is now, or by what it was
/// before: a correction may change the address and the number by which the order was named.
async fn worked_again(
    connection: &mut Connection,
    batch: &Batch,
    which: &Which,
    content: &str,
) -> Result<Option<Found>> {
    let (task, run) = (batch.task_id, batch.run);
    for item in rework::worked_again(connection, task, run, content).await? {
        let chunks = rework::chunks_of_item(connection, task, run, item.outcome.index).await?;
        let contents = chunks.into_iter().map(|chunk_id| Item {
            chunk_id,
            ..item.clone()
        });
        let fits = fitting(connection, contents.collect(), which, 1).await?;
        if !fits.is_empty() {
            let content = RawValue::from_string(content.to_owned());
            return Ok(content.ok().map(|content| (item, content)));
        }
    }
    Ok(None)
}

/// Reads the contents of items, in their order; answers those that fit, `most` of them.
async fn fitting(
    connection: &mut Connection,
    items: Vec<Item>,
    which: &Which,
    most: usize,
) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for portion in portions(connection, items).await? {
        let mut sent = sent_as(connection, &portion).await?;
        for item in portion {
            let index = item.outcome.index;
            let raw = sent.remove(&(item.chunk_id, index));
            found.extend(
                raw.filter(|raw| which.matches(index, raw.get()))
                    .map(|raw| (item, raw)),
            );
            if found.len() == most {
                return Ok(found);
            }
        }
    }
    Ok(found)
}
