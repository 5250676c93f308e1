//! Selecting the items of a page: by status, by code, from a place on.

use std::collections::BTreeMap;

use task_store::batches::Batch;
use task_store::codes;
use task_store::items::{self, ItemStatus, StoredStatus};
use task_store::{Connection, Result};

use super::counts::Counts;
use super::item_statuses::{ItemStatuses, all};
use crate::page_request::PageRequest;

/// The code of an item that was cancelled; no row holds it.
const CANCELLED: &str = "CANCELLED";

/// Asks for a page of a batch's items.
#[derive(Debug, Clone)]
pub struct ItemRequest {
    /// Only items with this status; `None` for all.
    pub status: Option<ItemStatus>,
    /// Only items that failed, or were cancelled, with this code.
    pub code: Option<String>,
    /// The page; it may come after an index.
    pub page: PageRequest,
    /// The most bytes of a page, printed as JSON.
    pub room: usize,
    /// The answer tells counts and the total. Without them a page behind an index costs the same at any place of a batch.
    pub is_counted: bool,
}

impl ItemRequest {
    /// The most bytes of items in an answer that holds little else.
    pub const ROOM: usize = 2_700_000;
    /// The same for a table, whose every cell is quoted.
    pub const ROOM_OF_TABLE: usize = 1_600_000;
    /// The same beside a task with its result.
    pub const ROOM_OF_DETAIL: usize = 1_600_000;
}

impl Default for ItemRequest {
    fn default() -> Self {
        Self {
            status: None,
            code: None,
            page: PageRequest {
                limit: 100,
                page: 0,
                after: None,
            },
            room: Self::ROOM,
            is_counted: true,
        }
    }
}

/// Chunks whose items are looked at first; each further look is at twice as many.
const CHUNKS: usize = 4;

/// The items of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selected {
    /// In input order, at most as many as the page may have.
    pub(super) indexes: Vec<u32>,
    /// There are more behind them.
    pub(super) more: bool,
}

impl ItemRequest {
    /// Tells whether an item is one of those that were asked for.
    fn wants(&self, item: StoredStatus) -> bool {
        let has_code = match self.code.as_deref() {
            None => true,
            Some(CANCELLED) => item.status == ItemStatus::Cancelled,
            Some(_) => item.status == ItemStatus::Failed && item.has_code,
        };
        has_code && self.status.is_none_or(|wanted| wanted == item.status)
    }

    /// Answers how many items of a batch were asked for.
    pub(super) fn total(&self, counts: &Counts, code_counts: &BTreeMap<String, u32>) -> u32 {
        let Some(code) = self.code.as_deref() else {
            return counts.of_status(self.status);
        };
        let of_code = match code {
            CANCELLED => ItemStatus::Cancelled,
            _ => ItemStatus::Failed,
        };
        let is_wanted = self.status.is_none_or(|wanted| wanted == of_code);
        let count = code_counts.get(code).copied().unwrap_or_default();
        if is_wanted { count } else { 0 }
    }
}

/// Counts the failed items by code. An item has the code of its first error.
pub(super) async fn code_counts(
    connection: &mut Connection,
    batch: &Batch,
    counts: &Counts,
) -> Result<BTreeMap<String, u32>> {
    let mut codes = BTreeMap::new();
    if counts.failed > 0 {
        codes.extend(codes::count(connection, batch.task_id, batch.run).await?);
    }
    if counts.cancelled > 0 {
        codes.insert(CANCELLED.to_owned(), counts.cancelled);
    }
    Ok(codes)
}

/// Finds the items of a page. Chunks that lie before it are passed by their counts; of the others as many are looked at as it
/// takes.
pub(super) async fn select(
    connection: &mut Connection,
    batch: &Batch,
    statuses: &ItemStatuses,
    request: &ItemRequest,
) -> Result<Selected> {
    let (mut no, from, mut page) = start(statuses, request);
    let (ranges, code) = (statuses.ranges(), request.code.as_deref());
    let mut width = CHUNKS;
    while no < ranges.len() && !page.selected.more {
        let looked = &ranges[no..ranges.len().min(no + width)];
        let (Some(first), Some(last)) = (looked.first(), looked.last()) else {
            break;
        };
        let between = first.first_index.max(from)..last.indexes().end;
        let (task, run) = (batch.task_id, batch.run);
        let stored = items::between(connection, task, run, between, code).await?;
        // Rows before `from` were not read: their items are not looked at either.
        let wanted = all(looked, &stored).skip_while(|item| item.index < from);
        page.put(wanted.filter(|item| request.wants(*item)));
        no += width;
        width *= 2;
    }
    Ok(page.selected)
}

/// Finds the first chunk that a page may lie in, and the index that it begins at.
fn start(statuses: &ItemStatuses, request: &ItemRequest) -> (usize, u32, Page) {
    let after = request.page.after;
    let from = after.map_or(0, |after| u32::try_from(after + 1).unwrap_or(u32::MAX));
    let ranges = statuses.ranges();
    let mut no = ranges.partition_point(|range| range.indexes().end <= from);
    let mut skip = request.page.skip();
    while request.code.is_none()
        && let Some(range) = ranges.get(no)
        && range.first_index >= from
        && let Some(count) = statuses.count_in(no, request.status)
        && u64::from(count) <= skip
    {
        skip -= u64::from(count);
        no += 1;
    }
    let limit = request.page.limit as usize;
    (no, from, Page::new(skip, limit))
}

/// A page that is filled.
struct Page {
    skip: u64,
    limit: usize,
    selected: Selected,
}

impl Page {
    const fn new(skip: u64, limit: usize) -> Self {
        Self {
            skip,
            limit,
            selected: Selected {
                indexes: Vec::new(),
                more: false,
            },
        }
    }

    /// Adds items, in input order, until it is known whether there are more than fit.
    fn put(&mut self, wanted: impl Iterator<Item = StoredStatus>) {
        for item in wanted {
            if self.skip > 0 {
                self.skip -= 1;
            } else if self.selected.indexes.len() < self.limit {
                self.selected.indexes.push(item.index);
            } else {
                self.selected.more = true;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(indexes: &[u32]) -> impl Iterator<Item = StoredStatus> {
        indexes.iter().map(|index| StoredStatus {
            index: *index,
            status: ItemStatus::Failed,
            has_code: true,
        })
    }

    #[test]
    fn a_page_is_filled_look_by_look_and_says_whether_there_is_more() {
        let filled = |skip, limit, looks: &[&[u32]]| {
            let mut page = Page::new(skip, limit);
            for look in looks {
                page.put(items(look));
            }
            (page.selected.indexes, page.selected.more)
        };
        assert_eq!(filled(0, 2, &[&[2, 5, 8]]), (vec![2, 5], true));
        assert_eq!(
            filled(3, 2, &[&[2, 5], &[8, 9], &[12]]),
            (vec![9, 12], false)
        );
        assert_eq!(filled(4, 2, &[&[2, 5, 8, 9, 12]]), (vec![12], false));
        assert_eq!(filled(0, 2, &[&[2, 5], &[], &[8]]), (vec![2, 5], true));
        assert_eq!(filled(5, 2, &[&[2, 5]]), (vec![], false));
    }

    #[test]
    fn a_code_is_one_of_failed_items_and_the_code_of_a_close_one_of_cancelled_items() {
        let counts = Counts {
            total: 9,
            failed: 4,
            cancelled: 2,
            ..Counts::default()
        };
        let codes = BTreeMap::from([("X".to_owned(), 3), (CANCELLED.to_owned(), 2)]);
        let total = |status, code: Option<&str>| {
            let code = code.map(str::to_owned);
            let request = ItemRequest {
                status,
                code,
                ..ItemRequest::default()
            };
            request.total(&counts, &codes)
        };
        let (failed, cancelled) = (Some(ItemStatus::Failed), Some(ItemStatus::Cancelled));
        assert_eq!((total(None, None), total(failed, None)), (9, 4));
        assert_eq!((total(None, Some("X")), total(failed, Some("X"))), (3, 3));
        assert_eq!(
            (total(cancelled, Some("X")), total(None, Some("Y"))),
            (0, 0)
        );
        assert_eq!(total(cancelled, Some(CANCELLED)), 2);
    }
}
