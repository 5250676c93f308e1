//! Reading a page of a batch's items, each with its outcome and as it was sent.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use task_store::batches::Batch;
use task_store::items::{self, Item, ItemStatus, Outcome};
use task_store::{Connection, Result};

use super::counts::Counts;
use super::item_statuses::ItemStatuses;
use super::select::{ItemRequest, Selected, code_counts, select};
use super::sent::{SentAs, portions, sent_as};
use super::view::{ItemView, Made, Notice, Reasons, Sent};
use crate::job::JobKind;
use crate::page_request::{NextPage, Pagination};

/// Items whose outcomes are read at once: each may have a score of errors.
const OUTCOMES: usize = 250;
/// Things made whose content is read at once.
const MADE: usize = 20;

/// A page of a batch's items, and its place among all of them.
#[derive(Debug)]
pub struct ItemPage {
    /// In input order.
    pub items: Vec<ItemView>,
    /// All items of the run, counted by their outcome.
    pub counts: Counts,
    /// How many items failed with which code.
    pub code_counts: BTreeMap<String, u32>,
    /// The page's place.
    pub pagination: Pagination,
}

/// Reads a page of a batch's current run, each item with its outcome and as it was sent. Counts and items are of one
/// reading. The page ends early, but not before its first item, where it would have more bytes than asked for.
pub async fn read(
    connection: &mut Connection,
    kind: &JobKind,
    batch: &Batch,
    request: &ItemRequest,
    zone: &TimeZone,
) -> Result<ItemPage> {
    let statuses = match request.is_counted {
        true => ItemStatuses::read(connection, batch).await?,
        false => ItemStatuses::uncounted(connection, batch).await?,
    };
    let counts = statuses.counts();
    let code_counts = code_counts(connection, batch, &counts).await?;
    let selected = select(connection, batch, &statuses, request).await?;
    let mut reader = Reader {
        kind,
        zone,
        room: Room::new(request.room),
    };
    for indexes in selected.indexes.chunks(OUTCOMES) {
        let items = outcomes(connection, batch, &statuses, indexes).await?;
        if !reader.put(connection, items).await? {
            break;
        }
    }
    let total = request.total(&counts, &code_counts);
    Ok(ItemPage {
        pagination: pagination(request, &selected, total, &reader.room.items),
        items: reader.room.items,
        counts,
        code_counts,
    })
}

fn pagination(
    request: &ItemRequest,
    selected: &Selected,
    total: u32,
    answered: &[ItemView],
) -> Pagination {
    let is_cut = selected.more || answered.len() < selected.indexes.len();
    Pagination {
        total: request.is_counted.then_some(total),
        total_capped: false,
        limit: request.page.limit,
        offset: request.page.page,
        next: NextPage::AfterIndex(answered.last().filter(|_| is_cut).map(|item| item.index)),
    }
}

/// Reads the outcomes of items: from their rows, or else from their chunks.
async fn outcomes(
    connection: &mut Connection,
    batch: &Batch,
    statuses: &ItemStatuses,
    indexes: &[u32],
) -> Result<Vec<Item>> {
    let stored = items::at(connection, batch.task_id, batch.run, indexes).await?;
    let mut stored = stored.into_iter().peekable();
    let mut item = |index: &u32| {
        stored
            .next_if(|item: &Item| item.outcome.index == *index)
            .or_else(|| statuses.without_row(*index))
    };
    Ok(indexes.iter().filter_map(&mut item).collect())
}

/// Reads failed items with only the fields that tell which they are: as many as fit `room` bytes.
pub(crate) async fn failed_briefs(
    connection: &mut Connection,
    kind: &JobKind,
    items: Vec<Item>,
    room: usize,
) -> Result<Vec<ItemView>> {
    let mut room = Room::new(room);
    room.first_always = false;
    for portion in portions(connection, items).await? {
        let sent = sent_as(connection, &portion).await?;
        for item in portion {
            let raw = raw_of(&item, &sent);
            let identity = Sent::Identity((kind.identity)(raw.get()));
            if !room.put(view(kind, item, identity, None)) {
                return Ok(room.items);
            }
        }
    }
    Ok(room.items)
}

/// Reads items into a page.
struct Reader<'a> {
    kind: &'a JobKind,
    zone: &'a TimeZone,
    room: Room,
}

impl Reader<'_> {
    /// Adds items to the page; `false` when it is full.
    async fn put(&mut self, connection: &mut Connection, items: Vec<Item>) -> Result<bool> {
        for portion in portions(connection, items).await? {
            let sent = sent_as(connection, &portion).await?;
            for part in portion.chunks(MADE) {
                let mut made = self.made(connection, part).await?;
                for item in part {
                    let raw = Sent::Whole(raw_of(item, &sent));
                    let made = item.outcome.made_id.and_then(|id| made.remove(&id));
                    if !self.room.put(view(self.kind, item.clone(), raw, made)) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Reads the things that were made of items that carry a notice.
    async fn made(
        &self,
        connection: &mut Connection,
        items: &[Item],
    ) -> Result<HashMap<i64, Box<RawValue>>> {
        let noticed = items.iter().filter(|item| {
            item.outcome.status == ItemStatus::Success && item.outcome.code.is_some()
        });
        let ids: Vec<i64> = noticed.filter_map(|item| item.outcome.made_id).collect();
        match self.kind.made {
            Some(kind) if !ids.is_empty() => {
                let made = (kind.read)(connection, &ids, self.zone).await?;
                Ok(made.into_iter().collect())
            }
            _ => Ok(HashMap::new()),
        }
    }
}

/// Collects the items of an answer while they fit its bytes.
struct Room {
    items: Vec<ItemView>,
    bytes: usize,
    first_always: bool,
    /// The most bytes the items may have, told without printing.
    bound: usize,
    /// The bytes exactly, once they had to be counted.
    exact: Option<usize>,
}

impl Room {
    const fn new(bytes: usize) -> Self {
        Self {
            items: Vec::new(),
            bytes,
            first_always: true,
            bound: 0,
            exact: None,
        }
    }

    /// Adds an item if there is room for it.
    fn put(&mut self, item: ItemView) -> bool {
        self.bound += item.bound();
        if self.bound > self.bytes {
            let before = self.exact.unwrap_or_else(|| {
                let printed = self.items.iter().map(ItemView::printed);
                printed.sum()
            });
            let with_it = before + item.printed();
            if with_it > self.bytes && !(self.items.is_empty() && self.first_always) {
                return false;
            }
            self.exact = Some(with_it);
        }
        self.items.push(item);
        true
    }
}

fn raw_of(item: &Item, sent: &SentAs) -> Box<RawValue> {
    let raw = sent.get(&(item.chunk_id, item.outcome.index)).cloned();
    raw.unwrap_or_else(|| RawValue::NULL.to_owned())
}

fn view(kind: &JobKind, item: Item, sent: Sent, content: Option<Box<RawValue>>) -> ItemView {
    let Outcome {
        index,
        status,
        made_id,
        code,
        error_count,
        errors,
    } = item.outcome;
    let errors = match status {
        ItemStatus::Cancelled => Reasons::cancelled(),
        _ => errors.and_then(|errors| Reasons::from_stored(errors, error_count)),
    };
    let made = kind.made.map(|kind| Made { kind, id: made_id });
    let notice = match (status, code, kind.made) {
        (ItemStatus::Success, Some(code), Some(kind)) => Some(Notice {
            code,
            kind,
            made: content,
        }),
        _ => None,
    };
    ItemView {
        index,
        status,
        made,
        errors,
        notice,
        sent,
    }
}
