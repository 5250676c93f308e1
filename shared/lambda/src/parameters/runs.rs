//! Reading the parameters of a worker's run, and the filter of ended tasks that run again.

use std::time::Duration;

use jiff::tz::TimeZone;
use task_service::tasks::TaskReference;
use task_service::tasks::runs::{
    ClaimRequest, FailRequest, FinishRequest, RetryAfter, RetryFilter,
};
use task_service::{Error, ErrorCode, Result};
use task_store::StationId;
use task_store::task_queues::QueueName;

use super::{Parameter, Parameters};
use crate::ClaimPlaces;

/// How a task has ended.
const OUTCOMES: [(&str, &str); 4] = [
    ("failed", "failed"),
    ("cancelled", "cancelled"),
    ("partial", "partial"),
    ("success", "success"),
];

/// The parameters that name tasks.
const NAMES: [&str; 4] = ["task_id", "user_task_id", "task_ids", "user_task_ids"];

impl Parameters<'_> {
    /// Reads a worker's claim; `request_id` is the call's, `places` are those of claims that wait.
    pub fn claim<'c>(
        &self,
        queue: &'c QueueName,
        claim_id: Option<&'c str>,
        request_id: &'c str,
        places: ClaimPlaces,
    ) -> Result<ClaimRequest<'c>> {
        let limit = self.optional("limit", |limit| limit.integer(1..=100))?;
        let wait = self.optional("wait", |wait| wait.integer(0..=10))?;
        Ok(ClaimRequest {
            queue,
            limit: limit.unwrap_or(1),
            wait: Duration::from_secs(wait.unwrap_or(0)),
            most_waiting: places.0,
            claim_id,
            worker: request_id,
        })
    }

    /// Reads why a run failed: `msg`, `retry`, `retry_after`, and the run that speaks.
    pub fn failure<'m>(&self, message: &'m str) -> Result<FailRequest<'m>> {
        Ok(FailRequest {
            run_count: self.run_count()?,
            message,
            retry: self.optional("retry", Parameter::flag)?.unwrap_or(true),
            retry_after: self
                .optional("retry_after", |wait| wait.integer(0..=31_622_400))?
                .map(RetryAfter::Exactly),
        })
    }

    /// Reads one task to finish, with its last changes.
    pub fn finish(&self) -> Result<FinishRequest<'_>> {
        Ok(FinishRequest {
            task: self.task()?,
            changes: self.changes()?,
        })
    }

    /// Reads tasks by their keys: `task_ids`, at most `max`, or one by either id.
    pub fn tasks(&self, max: usize) -> Result<Vec<TaskReference>> {
        let keys = self.optional("task_ids", |ids| ids.integers(&(1..=i64::MAX), max))?;
        let station_id = self.optional("station_id", Parameter::station_id)?;
        let key = |key: i64| TaskReference {
            task_id: task_store::TaskId::parse(&key.to_string()),
            station_id: station_id.clone(),
            ..TaskReference::default()
        };
        match keys {
            Some(keys) => Ok(keys.into_iter().map(key).collect()),
            None if self.has("task_id") || self.has("user_task_id") => Ok(vec![self.task()?]),
            None => Err(Error::refused(
                ErrorCode::ParamMissing,
                "parameter task_id, user_task_id, task_ids or filter is missing",
            )),
        }
    }

    /// Reads the tasks that staff try again: as for closing, at most `max` in a list.
    pub fn retried(&self, max: usize) -> Result<Vec<TaskReference>> {
        if NAMES.into_iter().any(|name| self.has(name)) {
            return self.front_tasks(max);
        }
        Err(Error::refused(
            ErrorCode::ParamMissing,
            "parameter task_id, user_task_id, task_ids, user_task_ids or filter is missing",
        ))
    }

    /// Reads the `filter` of a call that tries tasks of `station` again, or of all; `None`: the call names tasks.
    pub fn filter_to_retry(
        &self,
        station: Option<StationId>,
        zone: &TimeZone,
    ) -> Result<Option<RetryFilter>> {
        let dry_run = self.optional("dry_run", Parameter::flag)?.unwrap_or(false);
        let Some(filter) = self.optional("filter", Parameter::object)? else {
            let wrong = "is only for a filter: tasks that are named would run again";
            return match dry_run {
                true => Err(Error::invalid("dry_run", wrong)),
                false => Ok(None),
            };
        };
        if let Some(name) = NAMES.into_iter().find(|name| self.has(name)) {
            let wrong = "cannot be combined with filter: name tasks, or send a filter";
            return Err(Error::invalid(name, wrong));
        }
        let filter = Parameters::parse("", Some("application/json"), filter.get())?;
        let filter = RetryFilter {
            after_id: self.optional("after_id", |id| id.integer(1..=i64::MAX))?,
            dry_run,
            ..filter.retry_filter(zone)?
        };
        at_station(filter, station).map(Some)
    }

    /// Reads the members of a `filter`.
    fn retry_filter(&self, zone: &TimeZone) -> Result<RetryFilter> {
        let known = [
            "queue",
            "outcome",
            "station_id",
            "created_from",
            "created_to",
        ];
        if let Some(name) = self.unknown(&known) {
            let known = known.join(", ");
            let wrong = format!("has the member {name:?}, only {known} are known");
            return Err(Error::invalid("filter", &wrong));
        }
        let outcome = self.optional("outcome", |word| word.one_of(&OUTCOMES))?;
        Ok(RetryFilter {
            queue: self.required("queue", Parameter::queue)?,
            outcome: outcome.unwrap_or("failed"),
            station: self.optional("station_id", Parameter::station_id)?,
            created_from: self.optional("created_from", |at| at.time(zone))?,
            created_to: self.optional("created_to", |at| at.time(zone))?,
            after_id: None,
            dry_run: false,
        })
    }
}

/// Narrows a filter to the station that its call names beside it.
fn at_station(filter: RetryFilter, named: Option<StationId>) -> Result<RetryFilter> {
    match (&filter.station, &named) {
        (Some(own), Some(named)) if own != named => {
            let wrong = format!("is {named}, but that of the filter is {own}");
            Err(Error::invalid("station_id", &wrong))
        }
        _ => Ok(RetryFilter {
            station: named.or(filter.station),
            ..filter
        }),
    }
}
