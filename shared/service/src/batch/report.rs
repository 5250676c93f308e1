//! Reading a batch: which items have which outcome, and what they were sent as.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;
use task_store::batches::Batch;
use task_store::items::{self, Item, ItemStatus, Outcome};
use task_store::{Connection, Result, StoreError, payloads};

use super::counts::Counts;
use super::job::JobKind;
use super::standing::Standing;
use super::view::{ItemView, Made, Reasons, Sent};

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

/// A page of a batch's items, and where it lies among all of them.
#[derive(Debug)]
pub struct Page {
    /// In input order.
    pub items: Vec<ItemView>,
    /// All items of the run by what became of them.
    pub counts: Counts,
    /// Where the page lies.
    pub pagination: Pagination,
}

/// Reads a page of a batch's current run, each item with its outcome and as it was sent. Counts and items are of one
/// reading.
pub async fn read(
    connection: &mut Connection,
    kind: &JobKind,
    batch: &Batch,
    page: ItemPage,
) -> Result<Page> {
    let standing = Standing::read(connection, batch).await?;
    let counts = standing.counts();
    let items = select(connection, batch, &standing, page).await?;
    let sent = sent_as(connection, &items).await?;
    let views = items
        .into_iter()
        .map(|item| view(kind, item, &sent, Sent::Whole));
    Ok(Page {
        items: views.collect(),
        counts,
        pagination: Pagination {
            total: counts.of_status(page.status),
            limit: page.limit,
            offset: page.page,
        },
    })
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
    standing: &Standing,
    page: ItemPage,
) -> Result<Vec<Item>> {
    let wanted = |status| page.status.is_none_or(|wanted| wanted == status);
    let skip = u64::from(page.limit) * u64::from(page.page);
    let indexes: Vec<u32> = standing
        .all()
        .filter_map(|(index, status)| wanted(status).then_some(index))
        .skip(usize::try_from(skip).unwrap_or(usize::MAX))
        .take(page.limit as usize)
        .collect();
    let stored = items::at(connection, batch.task_id, batch.run, &indexes).await?;
    let mut stored = stored.into_iter().peekable();
    let mut item = |index| {
        stored
            .next_if(|item: &Item| item.outcome.index == index)
            .or_else(|| standing.without_row(index))
    };
    Ok(indexes.into_iter().filter_map(&mut item).collect())
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
