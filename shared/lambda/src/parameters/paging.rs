//! Which part of a list is asked for: `limit` rows from page `offset` (alias `page`), or the rows after a key.

use task_service::Result;

use super::{Parameter, Parameters};

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// The most rows to answer.
    pub limit: u32,
    /// The page number, from 0: `limit` × `page` rows are skipped.
    pub page: u32,
    /// Only rows with a smaller key.
    pub after_id: Option<i64>,
}

impl Paging {
    /// The highest page number: what lies deeper is reached with `after_id`, at constant cost.
    pub const MAX_PAGE: u32 = 100_000;

    /// How many rows come before the page.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.limit as u64 * self.page as u64
    }
}

impl Parameters<'_> {
    /// `limit` (1 to `max`), `offset` and `after_id`.
    pub fn paging(&self, default: u32, max: u32) -> Result<Paging> {
        let limit = self.optional("limit", |limit| limit.integer(1..=max))?;
        let page = self.either("offset", "page");
        let page = self.optional(page, |page: Parameter<'_>| {
            page.integer(0..=Paging::MAX_PAGE)
        })?;
        Ok(Paging {
            limit: limit.unwrap_or(default),
            page: page.unwrap_or(0),
            after_id: self.optional("after_id", |id| id.integer(1..=i64::MAX))?,
        })
    }
}
