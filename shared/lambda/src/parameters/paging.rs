//! Reading the page of a list: `limit` rows from page `offset` (alias `page`), or the rows after a key.

use task_engine::PageRequest;
use task_service::tasks::{Columns, Counted};
use task_service::{Error, Result};
use task_store::tasks::TaskStatus;

use super::{Parameter, Parameters};

/// The most rows that a page skips: deeper pages are reached with `after_id`, at constant cost.
const MAX_SKIP: u64 = 10_000;
/// The highest page number.
const MAX_PAGE: u32 = 100_000;

impl Parameters<'_> {
    /// Reads `limit` (1 to `max`), `offset` and `after_id`.
    pub fn paging(&self, default: u32, max: u32) -> Result<PageRequest> {
        let request = PageRequest {
            after: self.optional("after_id", |id| id.integer(1..=i64::MAX))?,
            ..self.page(default, max)?
        };
        let (limit, page, skipped) = (request.limit, request.page, request.skip());
        if skipped > MAX_SKIP {
            let wrong = format!(
                "{page} would skip {skipped} rows with limit {limit}, at most {MAX_SKIP} are skipped: go on with after_id, the \
                 next_after_id of the page before"
            );
            return Err(Error::invalid(self.either("offset", "page"), &wrong));
        }
        Ok(request)
    }

    /// Reads `limit` (1 to `max`) and the page number `offset` or `page`.
    pub(super) fn page(&self, default: u32, max: u32) -> Result<PageRequest> {
        let limit = self.optional("limit", |limit| limit.integer(1..=max))?;
        let page = self.either("offset", "page");
        let page = self.optional(page, |page: Parameter<'_>| page.integer(0..=MAX_PAGE))?;
        Ok(PageRequest {
            limit: limit.unwrap_or(default),
            page: page.unwrap_or(0),
            after: None,
        })
    }

    /// Reads `status`: one or several of 1, 2 and 3; none when it is absent.
    pub fn statuses(&self) -> Result<Vec<TaskStatus>> {
        const WORDS: [(&str, TaskStatus); 3] = [
            ("1", TaskStatus::Submitted),
            ("2", TaskStatus::Running),
            ("3", TaskStatus::Finished),
        ];
        let statuses = self.optional("status", |status| status.some_of(&WORDS))?;
        Ok(statuses.unwrap_or_default())
    }

    /// Reads `count`: `exact` or `near`; `exact` when it is absent.
    pub fn counted(&self) -> Result<Counted> {
        const WORDS: [(&str, Counted); 2] = [("exact", Counted::Exact), ("near", Counted::Near)];
        let counted = self.optional("count", |count| count.one_of(&WORDS))?;
        Ok(counted.unwrap_or_default())
    }

    /// Reads `with`: `input`, `result`, both or `none`; both when it is absent.
    pub fn columns(&self) -> Result<Columns> {
        const WORDS: [(&str, &str); 3] = [("input", "input"), ("result", "result"), ("none", "")];
        let with = self.optional("with", |with| with.some_of(&WORDS))?;
        Ok(with.map_or(Columns::ALL, |with| Columns {
            input: with.contains(&"input"),
            result: with.contains(&"result"),
        }))
    }
}
