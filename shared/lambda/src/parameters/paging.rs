//! Which part of a list is asked for: `limit` rows from page `offset` (alias `page`), or the rows after a key.

use task_service::async_tasks::TaskListRequest;
use task_service::tasks::{Columns, Filter, List};
use task_service::{Caller, Error, Result};
use task_store::tasks::TaskStatus;

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
    /// The most rows that a page skips: what lies deeper is reached with `after_id`, at constant cost.
    pub const MAX_SKIP: u64 = 10_000;
    /// The highest page number.
    pub const MAX_PAGE: u32 = 100_000;

    /// This part of a station's tasks.
    #[must_use]
    pub const fn of(self, filter: Filter<'_>, columns: Columns) -> List<'_> {
        List {
            filter,
            limit: self.limit,
            page: self.page,
            after: self.after_id,
            columns,
        }
    }
}

impl Parameters<'_> {
    /// `limit` (1 to `max`), `offset` and `after_id`.
    pub fn paging(&self, default: u32, max: u32) -> Result<Paging> {
        let (limit, page) = self.page(default, max)?;
        let skipped = u64::from(limit) * u64::from(page);
        if skipped > Paging::MAX_SKIP {
            let wrong = format!(
                "{page} would skip {skipped} rows with limit {limit}, at most {} are skipped: go on with after_id, the \
                 next_after_id of the page before",
                Paging::MAX_SKIP
            );
            return Err(Error::invalid(self.either("offset", "page"), &wrong));
        }
        Ok(Paging {
            limit,
            page,
            after_id: self.optional("after_id", |id| id.integer(1..=i64::MAX))?,
        })
    }

    /// `limit` (1 to `max`) and the page number `offset` or `page`.
    pub(super) fn page(&self, default: u32, max: u32) -> Result<(u32, u32)> {
        let limit = self.optional("limit", |limit| limit.integer(1..=max))?;
        let page = self.either("offset", "page");
        let page = self.optional(page, |page: Parameter<'_>| {
            page.integer(0..=Paging::MAX_PAGE)
        })?;
        Ok((limit.unwrap_or(default), page.unwrap_or(0)))
    }

    /// What the panel's list is asked for, by a caller of one station.
    pub fn panel(&self, caller: &Caller) -> Result<TaskListRequest> {
        let paging = self.paging(10, 100)?;
        Ok(TaskListRequest {
            station: caller.required_station()?.clone(),
            statuses: self.statuses()?,
            type_id: self.optional("type_id", Parameter::int)?,
            limit: paging.limit,
            page: paging.page,
            after: paging.after_id,
        })
    }

    /// `status`: one or several of 1, 2 and 3; none when it is absent.
    pub fn statuses(&self) -> Result<Vec<TaskStatus>> {
        const WORDS: [(&str, TaskStatus); 3] = [
            ("1", TaskStatus::Submitted),
            ("2", TaskStatus::Running),
            ("3", TaskStatus::Finished),
        ];
        let statuses = self.optional("status", |status| status.some_of(&WORDS))?;
        Ok(statuses.unwrap_or_default())
    }

    /// `with`: `input`, `result`, both or `none`; both when it is absent.
    pub fn columns(&self) -> Result<Columns> {
        const WORDS: [(&str, &str); 3] = [("input", "input"), ("result", "result"), ("none", "")];
        let with = self.optional("with", |with| with.some_of(&WORDS))?;
        Ok(with.map_or(Columns::ALL, |with| Columns {
            input: with.contains(&"input"),
            result: with.contains(&"result"),
        }))
    }
}
