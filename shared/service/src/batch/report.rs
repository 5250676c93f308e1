//! Reading a batch: which items have which outcome, and what they were sent as.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use task_store::batches::Batch;
use task_store::items::{self, Item, ItemStatus, Outcome};
use task_store::{Connection, Result};

use super::counts::Counts;
use super::job::JobKind;
use super::select::{ItemPage, Selected, code_counts, select};
use super::sent::{SentAs, portions, sent_as};
use super::standing::Standing;
use super::view::{ItemView, Made, Notice, Reasons, Sent};

/// Items whose outcomes are read at once: each may have a score of errors.
const OUTCOMES: usize = 250;
/// Things made whose content is read at once.
const MADE: usize = 20;

/// Where a page of items lies among all that were asked for.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Pagination {
    total: u32,
    limit: u32,
    offset: u32,
    next_after_index: Option<u32>,
}

/// A page of a batch's items, and where it lies among all of them.
#[derive(Debug)]
pub struct Page {
    /// In input order.
    pub items: Vec<ItemView>,
    /// All items of the run by what became of them.
    pub counts: Counts,
    /// How many items failed with which code.
    pub code_counts: BTreeMap<String, u32>,
    /// Where the page lies.
    pub pagination: Pagination,
}

/// Reads a page of a batch's current run, each item with its outcome and as it was sent. Counts and items are of one
/// reading. The page ends early, but not before its first item, where it would have more bytes than asked for.
pub async fn read(
    connection: &mut Connection,
    kind: &JobKind,
    batch: &Batch,
    page: &ItemPage,
    zone: &TimeZone,
) -> Result<Page> {
    let standing = Standing::read(connection, batch).await?;
    let counts = standing.counts();
    let code_counts = code_counts(connection, batch, &counts).await?;
    let selected = select(connection, batch, &standing, page).await?;
    let mut reader = Reader {
        kind,
        zone,
        shelf: Shelf::new(page.room),
    };
    for indexes in selected.indexes.chunks(OUTCOMES) {
        let items = outcomes(connection, batch, &standing, indexes).await?;
        if !reader.put(connection, items).await? {
            break;
        }
    }
    Ok(Page {
        pagination: pagination(page, &selected, &reader.shelf.items),
        items: reader.shelf.items,
        counts,
        code_counts,
    })
}

fn pagination(page: &ItemPage, selected: &Selected, answered: &[ItemView]) -> Pagination {
    let is_cut = selected.more || answered.len() < selected.indexes.len();
    Pagination {
        total: selected.total,
        limit: page.limit,
        offset: page.page,
        next_after_index: answered.last().filter(|_| is_cut).map(|item| item.index),
    }
}

/// Reads the outcomes of items: their rows, or as their chunks say.
async fn outcomes(
    connection: &mut Connection,
    batch: &Batch,
    standing: &Standing,
    indexes: &[u32],
) -> Result<Vec<Item>> {
    let stored = items::at(connection, batch.task_id, batch.run, indexes).await?;
    let mut stored = stored.into_iter().peekable();
    let mut item = |index: &u32| {
        stored
            .next_if(|item: &Item| item.outcome.index == *index)
            .or_else(|| standing.without_row(*index))
    };
    Ok(indexes.iter().filter_map(&mut item).collect())
}

/// Reads failed items without what they were sent as, but for the fields that tell which they are: as many as have
/// `room` bytes.
pub(super) async fn briefs(
    connection: &mut Connection,
    kind: &JobKind,
    items: Vec<Item>,
    room: usize,
) -> Result<Vec<ItemView>> {
    let mut shelf = Shelf::new(room);
    shelf.first_always = false;
    for portion in portions(connection, items).await? {
        let sent = sent_as(connection, &portion).await?;
        for item in portion {
            let raw = raw_of(&item, &sent);
            let identity = Sent::Identity((kind.identity)(raw.get()));
            if !shelf.put(view(kind, item, identity, None)) {
                return Ok(shelf.items);
            }
        }
    }
    Ok(shelf.items)
}

/// Reads items into a page.
struct Reader<'a> {
    kind: &'a JobKind,
    zone: &'a TimeZone,
    shelf: Shelf,
}

impl Reader<'_> {
    /// `false` when the page is full.
    async fn put(&mut self, connection: &mut Connection, items: Vec<Item>) -> Result<bool> {
        for portion in portions(connection, items).await? {
            let sent = sent_as(connection, &portion).await?;
            for part in portion.chunks(MADE) {
                let mut made = self.made(connection, part).await?;
                for item in part {
                    let raw = Sent::Whole(raw_of(item, &sent));
                    let made = item.outcome.made_id.and_then(|id| made.remove(&id));
                    if !self.shelf.put(view(self.kind, item.clone(), raw, made)) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Reads the content of what was made of items that carry a notice.
    async fn made(
        &self,
        connection: &mut Connection,
        items: &[Item],
    ) -> Result<HashMap<i64, Box<RawValue>>> {
        let noticed = items.iter().filter(|item| {
            item.outcome.status == ItemStatus::Success && item.outcome.code.is_some()
        });
        let ids: Vec<i64> = noticed.filter_map(|item| item.outcome.made_id).collect();
        match self.kind.made_as {
            Some(made_as) if !ids.is_empty() => {
                let made = made_as(connection, &ids, self.zone).await?;
                Ok(made.into_iter().collect())
            }
            _ => Ok(HashMap::new()),
        }
    }
}

/// Items of an answer, as many as have room.
struct Shelf {
    items: Vec<ItemView>,
    room: usize,
    first_always: bool,
    /// At most this many bytes: what can be told without printing.
    bound: usize,
    /// The bytes exactly, once they had to be counted.
    exact: Option<usize>,
}

impl Shelf {
    const fn new(room: usize) -> Self {
        Self {
            items: Vec::new(),
            room,
            first_always: true,
            bound: 0,
            exact: None,
        }
    }

    /// Adds an item if there is room for it.
    fn put(&mut self, item: ItemView) -> bool {
        self.bound += item.bound();
        if self.bound > self.room {
            let before = self.exact.unwrap_or_else(|| {
                let printed = self.items.iter().map(ItemView::printed);
                printed.sum()
            });
            let with_it = before + item.printed();
            if with_it > self.room && !(self.items.is_empty() && self.first_always) {
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

fn view(kind: &JobKind, item: Item, sent: Sent, made_as: Option<Box<RawValue>>) -> ItemView {
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
    let made = kind.made_name.map(|name| Made {
        id_and_name: made_id.map(|id| (id, name(id))),
    });
    let notice = match (status, code) {
        (ItemStatus::Success, Some(code)) => Some(Notice {
            code,
            msg: kind.notice,
            made: made_as,
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
