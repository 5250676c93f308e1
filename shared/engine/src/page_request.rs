//! Pages of a list: which one is asked for, and where an answered one lies.

use serde::Serialize;

/// Asks for one page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The most entries to answer.
    pub limit: u32,
    /// The page, from 0.
    pub page: u32,
    /// The id or index that the pages come after, in the order of the list.
    pub after: Option<i64>,
}

impl PageRequest {
    /// Counts the entries before the page.
    #[must_use]
    pub fn skip(self) -> u64 {
        u64::from(self.limit) * u64::from(self.page)
    }
}

/// Tells where a page lies in the whole list, as it is answered beside the page.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Pagination {
    /// All entries of the list; left out where nobody counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// There are more than `total`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub total_capped: bool,
    /// The most entries of a page.
    pub limit: u32,
    /// The page, from 0.
    pub offset: u32,
    /// The place after which the next page begins.
    #[serde(flatten)]
    pub next: NextPage,
}

impl Pagination {
    /// Tells where a page of a list lies whose entries nobody counts; `last` is the key of the last of its `entries`.
    #[must_use]
    pub fn by_keys(page: PageRequest, entries: usize, last: Option<i64>) -> Self {
        let is_full = u32::try_from(entries) == Ok(page.limit);
        Self {
            total: None,
            total_capped: false,
            limit: page.limit,
            offset: 0,
            next: NextPage::AfterId(last.filter(|_| is_full)),
        }
    }
}

/// The place after which the next page begins; `None` when there is no further entry.
#[derive(Debug, Clone, Copy, Serialize)]
pub enum NextPage {
    /// An item of a batch.
    #[serde(rename = "next_after_index")]
    AfterIndex(Option<u32>),
    /// A task.
    #[serde(rename = "next_after_id")]
    AfterId(Option<i64>),
}
