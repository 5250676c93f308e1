//! Selecting the items of a page: by status, by code, from a place on.

use std::collections::{BTreeMap, HashSet};

use task_store::batches::Batch;
use task_store::codes;
use task_store::items::ItemStatus;
use task_store::{Connection, Result};

use super::counts::Counts;
use super::item_statuses::ItemStatuses;
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
        }
    }
}

/// The items of a page.
#[derive(Debug)]
pub(super) struct Selected {
    /// In input order, at most as many as the page may have.
    pub(super) indexes: Vec<u32>,
    /// There are more behind them.
    pub(super) more: bool,
    /// How many items have the status and the code.
    pub(super) total: u32,
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

/// Finds the items of a page.
pub(super) async fn select(
    connection: &mut Connection,
    batch: &Batch,
    statuses: &ItemStatuses,
    request: &ItemRequest,
) -> Result<Selected> {
    let coded: Option<HashSet<u32>> = match request.code.as_deref() {
        None | Some(CANCELLED) => None,
        Some(code) => {
            let found = codes::indexes(connection, batch.task_id, batch.run, code).await?;
            Some(found.into_iter().collect())
        }
    };
    let has_code = |index, status| match (&request.code, &coded) {
        (None, _) => true,
        (Some(_), None) => status == ItemStatus::Cancelled,
        (Some(_), Some(coded)) => status == ItemStatus::Failed && coded.contains(&index),
    };
    let wanted = statuses.all().filter(|(index, status)| {
        request.status.is_none_or(|wanted| wanted == *status) && has_code(*index, *status)
    });
    Ok(cut(wanted.map(|(index, _)| index), request.page))
}

fn cut(wanted: impl Iterator<Item = u32>, page: PageRequest) -> Selected {
    let skip = page.skip();
    let end = skip + u64::from(page.limit);
    let mut selected = Selected {
        indexes: Vec::new(),
        more: false,
        total: 0,
    };
    let mut at = 0;
    for index in wanted {
        selected.total += 1;
        if page.after.is_some_and(|after| i64::from(index) <= after) {
            continue;
        }
        if (skip..end).contains(&at) {
            selected.indexes.push(index);
        }
        at += 1;
    }
    selected.more = at > end;
    selected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_counts_from_the_index_it_comes_after_and_says_whether_there_is_more() {
        let page = |after, limit, page| PageRequest { limit, page, after };
        let cut = |asked: PageRequest| {
            let selected = cut([2, 5, 8, 9, 12].into_iter(), asked);
            assert_eq!(selected.total, 5);
            (selected.indexes, selected.more)
        };
        assert_eq!(cut(page(None, 2, 0)), (vec![2, 5], true));
        assert_eq!(cut(page(None, 2, 2)), (vec![12], false));
        assert_eq!(cut(page(Some(5), 2, 0)), (vec![8, 9], true));
        assert_eq!(cut(page(Some(6), 2, 1)), (vec![12], false));
        assert_eq!(cut(page(Some(12), 2, 0)), (vec![], false));
        assert_eq!(cut(page(None, 5, 0)), (vec![2, 5, 8, 9, 12], false));
    }
}
