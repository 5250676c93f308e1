//! Reading a batch: which items have which outcome, and what they were sent as.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;
use task_store::batches::Batch;
use task_store::items::{self, Item, ItemStatus, Outcome};
use task_store::{Connection, Result, StoreError, payloads};

use super::counts::Counts;
use super::job::JobKind;
use super::view::{ItemView, Made, Reasons, Sent};

/// Which items of a batch to read.
#[derive(Debug, Clone, Copy)]
pub struct Selection {
    /// Only those with this status; `None` for every one.
    pub status: Option<ItemStatus>,
    /// At most this many.
    pub limit: u32,
    /// Leaving out this many from the front.
    pub skip: u64,
}

/// A page of items, as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ItemPage {
    /// Only those with this status; `None` for every one.
    pub status: Option<ItemStatus>,
    /// Items on a page.
    pub limit: u32,
    /// Which page, from 0.
    pub page: u32,
}

/// Where a page of items lies among all that were asked for.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Pagination {
    total: u32,
    limit: u32,
    offset: u32,
}

impl ItemPage {
    pub(crate) fn selection(self) -> Selection {
        let skip = u64::from(self.limit) * u64::from(self.page);
        Selection {
            status: self.status,
            limit: self.limit,
            skip,
        }
    }

    pub(crate) fn pagination(self, counts: &Counts) -> Pagination {
        let total = counts.of_status(self.status);
        Pagination {
            total,
            limit: self.limit,
            offset: self.page,
        }
    }
}

/// Reads items of a batch's current run in input order, each with its outcome and as it was sent. `open`: the run
/// has not finished.
pub async fn read(
    connection: &mut Connection,
    kind: &JobKind,
    batch: &Batch,
    open: bool,
    selection: Selection,
) -> Result<Vec<ItemView>> {
    let items = select(connection, batch, open, selection).await?;
    let sent = sent_as(connection, &items).await?;
    Ok(items
        .into_iter()
        .map(|item| view(kind, item, &sent, Sent::Whole))
        .collect())
}

/// The same items without what they were sent as, but for the fields that tell which they are.
pub(super) async fn briefs(
    connection: &mut Connection,
    kind: &JobKind,
    items: Vec<Item>,
) -> Result<Vec<ItemView>> {
    let sent = sent_as(connection, &items).await?;
    let brief = |raw: Box<RawValue>| Sent::Identity((kind.identity)(raw.get()));
    Ok(items
        .into_iter()
        .map(|item| view(kind, item, &sent, brief))
        .collect())
}

async fn select(
    connection: &mut Connection,
    batch: &Batch,
    open: bool,
    selection: Selection,
) -> Result<Vec<Item>> {
    let (task, run) = (batch.task_id, batch.run);
    let without_row = if open {
        ItemStatus::Pending
    } else {
        ItemStatus::Cancelled
    };
    let indexes = match selection.status {
        Some(status) if !matches!(status, ItemStatus::Pending | ItemStatus::Cancelled) => {
            return items::page(
                connection,
                task,
                run,
                status,
                selection.limit,
                selection.skip,
            )
            .await;
        }
        status => {
            let stored: HashMap<_, _> = match status {
                None => HashMap::new(),
                Some(_) => items::statuses(connection, task, run)
                    .await?
                    .into_iter()
                    .collect(),
            };
            let of = |index| stored.get(&index).copied().unwrap_or(without_row);
            let wanted = (0..batch.item_count)
                .filter(|index| status.is_none_or(|status| of(*index) == status));
            let skip = usize::try_from(selection.skip).unwrap_or(usize::MAX);
            wanted
                .skip(skip)
                .take(selection.limit as usize)
                .collect::<Vec<u32>>()
        }
    };
    let stored = items::at(connection, task, run, &indexes).await?;
    filled(connection, batch, &indexes, stored, without_row).await
}

/// Adds the items that have no row: their outcome is their chunk's.
async fn filled(
    connection: &mut Connection,
    batch: &Batch,
    indexes: &[u32],
    stored: Vec<Item>,
    status: ItemStatus,
) -> Result<Vec<Item>> {
    if stored.len() == indexes.len() {
        return Ok(stored);
    }
    let ranges = payloads::ranges(connection, batch.task_id, batch.run).await?;
    let chunk_of = |index: u32| {
        let holds =
            |&&(_, first, count): &&(i64, u32, u32)| (first..first + count).contains(&index);
        ranges
            .iter()
            .find(holds)
            .map(|(id, _, _)| *id)
            .ok_or(StoreError::Unreadable("a chunk's range"))
    };
    let mut stored = stored.into_iter().peekable();
    let mut items = Vec::with_capacity(indexes.len());
    for &index in indexes {
        match stored.next_if(|item| item.outcome.index == index) {
            Some(item) => items.push(item),
            None => items.push(Item {
                outcome: Outcome {
                    index,
                    status,
                    made_id: None,
                    errors: None,
                },
                chunk_id: chunk_of(index)?,
                attempts: 0,
            }),
        }
    }
    Ok(items)
}

/// What items were sent as, by chunk and index: an index alone has one item in each run.
pub(crate) async fn sent_as(
    connection: &mut Connection,
    items: &[Item],
) -> Result<HashMap<(i64, u32), Box<RawValue>>> {
    let mut by_chunk: HashMap<i64, Vec<u32>> = HashMap::new();
    for item in items {
        by_chunk
            .entry(item.chunk_id)
            .or_default()
            .push(item.outcome.index);
    }
    let chunks: Vec<i64> = by_chunk.keys().copied().collect();
    let mut sent = HashMap::with_capacity(items.len());
    for (chunk, first_index, text) in payloads::of_chunks(connection, &chunks).await? {
        let all: Vec<&RawValue> =
            serde_json::from_str(&text).map_err(|_| StoreError::Unreadable("a payload"))?;
        for index in by_chunk.get(&chunk).into_iter().flatten() {
            let raw = index
                .checked_sub(first_index)
                .and_then(|at| all.get(at as usize));
            sent.extend(raw.map(|raw| ((chunk, *index), (*raw).to_owned())));
        }
    }
    Ok(sent)
}

fn view(
    kind: &JobKind,
    item: Item,
    sent: &HashMap<(i64, u32), Box<RawValue>>,
    shown: impl Fn(Box<RawValue>) -> Sent,
) -> ItemView {
    let Outcome {
        index,
        status,
        made_id,
        errors,
    } = item.outcome;
    let errors = match status {
        ItemStatus::Cancelled => Reasons::cancelled(),
        _ => errors.and_then(Reasons::from_stored),
    };
    let made = kind.made_name.map(|name| Made {
        id_and_name: made_id.map(|id| (id, name(id))),
    });
    let raw = sent
        .get(&(item.chunk_id, index))
        .cloned()
        .unwrap_or_else(|| RawValue::NULL.to_owned());
    ItemView {
        index,
        status,
        made,
        errors,
        sent: shown(raw),
    }
}
