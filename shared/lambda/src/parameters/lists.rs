//! Reading the filters of a list of tasks, and the pages of lists that only a key leads through.

use jiff::tz::TimeZone;
use task_engine::PageRequest;
use task_service::async_tasks::{OrderedBy, TaskListRequest};
use task_service::orders::OrderName;
use task_service::{Error, ErrorCode, Result};
use task_store::StationId;

use super::{Parameter, Parameters};

/// How a task has ended.
const OUTCOMES: [(&str, &str); 4] = [
    ("success", "success"),
    ("partial", "partial"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
];

/// The filters that leave a list without page numbers.
const KEYSET_ONLY: [&str; 7] = [
    "queue",
    "tag",
    "outcome",
    "name",
    "user_task_id",
    "created_from",
    "created_to",
];

impl Parameters<'_> {
    /// Reads the request for a list of tasks, of a station or of all.
    pub fn task_list(
        &self,
        station: Option<StationId>,
        zone: &TimeZone,
    ) -> Result<TaskListRequest> {
        let outcomes = self.optional("outcome", |outcome| outcome.some_of(&OUTCOMES))?;
        let request = TaskListRequest {
            statuses: self.statuses()?,
            type_id: self.optional("type_id", Parameter::int)?,
            outcomes: outcomes.unwrap_or_default(),
            queue: self.optional("queue", Parameter::queue)?,
            tag: self.optional("tag", |tag| Ok(tag.text(32)?.into_owned()))?,
            ordered_by: self.ordered_by(station.is_some(), zone)?,
            page: self.paging(10, 100)?,
            station,
        };
        let filter = KEYSET_ONLY.into_iter().find(|name| self.has(name));
        let filter = filter.or_else(|| request.station.is_none().then_some("all stations"));
        if request.page.page > 0
            && let Some(filter) = filter
        {
            let wrong = format!(
                "cannot be combined with {filter}: go on with after_id, the next_after_id of the page before"
            );
            return Err(Error::invalid(self.either("offset", "page"), &wrong));
        }
        Ok(request)
    }

    /// Reads the one filter that has an index in the order of its own.
    fn ordered_by(&self, is_of_station: bool, zone: &TimeZone) -> Result<Option<OrderedBy>> {
        let groups = ["name", "user_task_id", "created_from", "created_to"];
        let mut named = groups.into_iter().filter(|name| self.has(name));
        let Some(first) = named.next() else {
            return Ok(None);
        };
        let is_other = |name: &&str| !(first == "created_from" && *name == "created_to");
        if let Some(other) = named.find(is_other) {
            let wrong = format!(
                "cannot be combined with {other}: each of them has an index of its own, leave one out"
            );
            return Err(Error::invalid(first, &wrong));
        }
        if !is_of_station {
            let wrong = "needs one station: no index has it for all stations, name a station with station_id";
            return Err(Error::invalid(first, wrong));
        }
        Ok(Some(match first {
            "name" => {
                OrderedBy::Name(self.required(first, |name| Ok(name.text(64)?.into_owned()))?)
            }
            "user_task_id" => {
                let id = self.required(first, Parameter::user_task_id)?;
                OrderedBy::UserTaskId(id.as_str().to_owned())
            }
            _ => OrderedBy::Created(
                self.optional("created_from", |at| at.time(zone))?,
                self.optional("created_to", |at| at.time(zone))?,
            ),
        }))
    }

    /// Reads `limit` (1 to `max`) and `after_id` of a list without page numbers.
    pub fn keyset(&self, default: u32, max: u32) -> Result<PageRequest> {
        let limit = self.optional("limit", |limit| limit.integer(1..=max))?;
        Ok(PageRequest {
            limit: limit.unwrap_or(default),
            page: 0,
            after: self.optional("after_id", |id| id.integer(1..=i64::MAX))?,
        })
    }

    /// Reads the order that is named by `order_id`, `order_no` or `out_order_no`.
    pub fn order_name(&self) -> Result<OrderName> {
        let [id, of_number] =
            ["order_id", "order_no"].map(|name| self.optional(name, Parameter::order_id));
        let (id, of_number) = (id?, of_number?);
        let number = self.optional("out_order_no", Parameter::business_id)?;
        match (id.or(of_number), number.flatten()) {
            (Some(one), _) if of_number.is_some_and(|other| other != one) => Err(Error::invalid(
                "order_no",
                &format!("is another order's than order_id {one}"),
            )),
            (Some(id), None) => Ok(OrderName::Id(id)),
            (None, Some(number)) => Ok(OrderName::OutOrderNo(number)),
            (Some(_), Some(_)) => {
                let wrong =
                    "cannot be combined with order_id or order_no: name the order by one of them";
                Err(Error::invalid("out_order_no", wrong))
            }
            (None, None) => Err(Error::refused(
                ErrorCode::ParamMissing,
                "parameter order_id, order_no or out_order_no is missing",
            )),
        }
    }
}
