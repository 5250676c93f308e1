//! Reading the values of a new task, its dispatch, and a queue's policy.

use std::borrow::Cow;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::value::RawValue;
use task_engine::Elements;
use task_service::batches::BatchLabels;
use task_service::tasks::queues::TargetChange;
use task_service::tasks::{
    DispatchRequest, MOST_DELAY, MOST_TAGS, Start, TaskRequest, is_tag, is_too_far,
};
use task_service::{Error, Result};
use task_store::Moment;
use task_store::callbacks::CallbackName;
use task_store::task_queues::{Mode, PolicyChange, QueueName};

use super::{Parameter, Parameters, shown};

/// Seconds a run may be silent.
const TIMEOUTS: std::ops::RangeInclusive<u32> = 10..=43_200;
/// The first second of the year 1000: the database has no earlier one. The calendar here ends with its own.
const FIRST_SECOND: i64 = -30_610_224_000;
/// The most days for which a task is kept: a hundred years.
const MOST_KEEP_DAYS: u32 = 36_500;
/// Runs of a task.
const ATTEMPTS: std::ops::RangeInclusive<u32> = 1..=50;
/// The parameters that say how a task is dispatched, beside `queue`.
const OF_DISPATCH: [&str; 5] = ["delay", "run_at", "timeout", "max_attempts", "expire_at"];

impl Parameter<'_> {
    /// Reads the name of a queue.
    pub fn queue(self) -> Result<QueueName> {
        let text = self.scalar()?;
        QueueName::parse(&text).ok_or_else(|| {
            let max = QueueName::MAX;
            self.invalid(&format!(
                "must be a lower-case letter and up to {} more letters a-z and digits, not {}",
                max - 1,
                shown(&text)
            ))
        })
    }

    /// Reads the name of a callback.
    pub fn callback(self) -> Result<CallbackName> {
        let name = self.queue()?;
        CallbackName::parse(name.as_str()).ok_or_else(|| self.invalid("is no name"))
    }

    /// Reads for how many days a task is kept once it has ended; 0: for ever.
    pub fn keep_days(self) -> Result<u32> {
        self.integer(0..=MOST_KEEP_DAYS)
    }

    /// Reads a time: `YYYY-MM-DD HH:MM:SS` in a zone, or with its own offset as RFC 3339 has it.
    pub fn time(self, zone: &TimeZone) -> Result<Moment> {
        let text = self.scalar()?;
        let zoned = || {
            let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", &*text).ok()?;
            let instant = zone.to_ambiguous_timestamp(local).compatible().ok();
            // The last instant lies some hours before the end of the last day.
            instant.or_else(|| (local.year() == 9999).then_some(Timestamp::MAX))
        };
        let instant = zoned().or_else(|| text.parse::<Timestamp>().ok());
        instant
            .filter(|instant| instant.as_second() >= FIRST_SECOND)
            .and_then(|instant| Moment::from_seconds(instant.as_second()))
            .ok_or_else(|| {
                self.invalid(&format!(
                    "must be a time YYYY-MM-DD HH:MM:SS, or one with an offset such as 2026-11-28T09:00:00+08:00, of the years 1000 to 9999, not {}",
                    shown(&text)
                ))
            })
    }

    /// Reads an id of at most 64 of the characters that ids have.
    pub fn token(self) -> Result<Cow<'static, str>> {
        let text = self.scalar()?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            return Ok(Cow::Owned(text.into_owned()));
        }
        Err(self.invalid(&format!(
            "must be 1 to 64 of the characters A-Z a-z 0-9 . _ : -, not {}",
            shown(&text)
        )))
    }

    /// Reads tags as the JSON array that is stored: at most 10 of at most 32 characters.
    fn tags(self) -> Result<String> {
        let tags = self.items(MOST_TAGS)?;
        if let Some(bad) = tags.iter().find(|tag| !is_tag(tag)) {
            let shown = shown(bad);
            return Err(self.invalid(&format!(
                "holds {shown}, a tag has 1 to 32 characters, none of them a control character"
            )));
        }
        serde_json::to_string(&tags).map_err(|_| self.invalid("holds what is no text"))
    }

    /// Reads the first and the longest wait of a back-off, in seconds: `10..3600`.
    fn backoff(self) -> Result<(u32, u32)> {
        let text = self.scalar()?;
        let parts = text.split_once("..");
        let seconds = |part: &str| part.parse().ok().filter(|seconds| *seconds <= 86_400);
        let waits = parts.and_then(|(first, longest)| Some((seconds(first)?, seconds(longest)?)));
        waits.filter(|(first, longest)| first <= longest).ok_or_else(|| {
            self.invalid(&format!(
                "must be the first and the longest wait in seconds, such as 10..3600, at most 86400, not {}",
                shown(&text)
            ))
        })
    }
}

impl Parameters<'_> {
    /// Reads the page of a list of queues: the name it begins after, and at most 50 queues.
    pub fn queue_page(&self) -> Result<(Option<QueueName>, u32)> {
        let after = self.optional("after", Parameter::queue)?;
        let limit = self.optional("limit", |limit| limit.integer(1..=50))?;
        Ok((after, limit.unwrap_or(50)))
    }

    /// Reads the values of a new task; its times are in a zone.
    pub fn new_task(&self, zone: &TimeZone) -> Result<TaskRequest<'_>> {
        Ok(TaskRequest {
            user_task_id: self.optional("user_task_id", Parameter::user_task_id)?,
            station_id: self.required("station_id", Parameter::station_id)?,
            name: self.required("task_name", |name| name.text(64))?,
            input: self.required("input", Parameter::as_text)?,
            type_id: self.optional("type_id", Parameter::int)?.unwrap_or(0),
            repeat: self.optional("repeat", Parameter::flag)?.unwrap_or(false),
            message_show: self
                .optional("message_show", Parameter::flag)?
                .unwrap_or(true),
            tags: self.optional("tags", Parameter::tags)?,
            created_by: self.optional("created_by", |name| name.text(64))?,
            callback: self.optional("callback", Parameter::callback)?,
            keep_days: self.optional("keep_days", Parameter::keep_days)?,
            dispatch: self.dispatch(zone)?,
        })
    }

    /// Reads the labels of a batch; its author is the person whose token it is.
    pub fn batch_labels(&self, created_by: Option<&str>) -> Result<BatchLabels> {
        Ok(BatchLabels {
            tags: self.optional("tags", Parameter::tags)?,
            created_by: created_by.map(str::to_owned),
            callback: self.optional("callback", Parameter::callback)?,
            keep_days: self.optional("keep_days", Parameter::keep_days)?,
        })
    }

    fn dispatch(&self, zone: &TimeZone) -> Result<Option<DispatchRequest>> {
        let Some(queue) = self.optional("queue", Parameter::queue)? else {
            let lonely = OF_DISPATCH.into_iter().find(|name| self.has(name));
            let wrong = "is only for a task with a queue: name one, or leave it out";
            return lonely.map_or(Ok(None), |name| Err(Error::invalid(name, wrong)));
        };
        Ok(Some(DispatchRequest {
            queue,
            start: self.start(zone)?,
            timeout: self.optional("timeout", |seconds| seconds.integer(TIMEOUTS))?,
            max_attempts: self.optional("max_attempts", |runs| runs.integer(ATTEMPTS))?,
            expire_at: self.optional("expire_at", |at| at.time(zone))?,
        }))
    }

    /// Reads the start of a task: after `delay` seconds, at the time `run_at`, or at once.
    fn start(&self, zone: &TimeZone) -> Result<Start> {
        let delay = self.optional("delay", |seconds| seconds.integer(0..=MOST_DELAY))?;
        let run_at = self.optional("run_at", |at| {
            let moment = at.time(zone)?;
            match is_too_far(moment) {
                true => Err(at.invalid("is more than a year ahead")),
                false => Ok(moment),
            }
        })?;
        match (delay, run_at) {
            (Some(_), Some(_)) => Err(Error::invalid("run_at", "and delay cannot both be given")),
            (Some(seconds), None) => Ok(Start::In(seconds)),
            (None, Some(moment)) => Ok(Start::At(moment)),
            (None, None) => Ok(Start::Now),
        }
    }

    /// Reads the members of a queue's policy that are to be set.
    pub fn policy(&self) -> Result<PolicyChange> {
        let backoff = self.optional("backoff", Parameter::backoff)?;
        let number = |name, range| self.optional(name, |n: Parameter<'_>| n.integer(range));
        Ok(PolicyChange {
            mode: self.optional("mode", Parameter::mode)?,
            timeout: number("timeout", TIMEOUTS)?,
            max_attempts: number("max_attempts", ATTEMPTS)?,
            backoff_first: backoff.map(|(first, _)| first),
            backoff_longest: backoff.map(|(_, longest)| longest),
            concurrency: number("concurrency", 0..=100_000)?,
            station_concurrency: number("station_concurrency", 0..=100_000)?,
            paused: self.optional("paused", Parameter::flag)?,
        })
    }

    /// Reads the members of a queue's target that are to be set.
    pub fn queue_target(&self) -> Result<TargetChange> {
        let url = self.optional("url", |url| url.text(1_000))?;
        Ok(TargetChange {
            url: url.map(Cow::into_owned),
            secret: self.optional("secret", Parameter::secret)?,
        })
    }

    /// Reads the elements of a list of objects, each as the parameters of a call of its own.
    pub fn each<'j>(name: &str, list: &'j RawValue, max: usize) -> Result<Vec<Parameters<'j>>> {
        let invalid = |wrong: &str| Error::invalid(name, wrong);
        let elements = Elements::parse(list.get(), max)
            .map_err(|error| invalid(&format!("must be a JSON list: {error}")))?;
        let count = elements.count;
        if count == 0 || elements.is_cut() {
            return Err(invalid(&format!(
                "has {count} elements, 1 to {max} are allowed"
            )));
        }
        let parameters = elements.first.into_iter().enumerate().map(|(no, element)| {
            if !element.get().starts_with('{') {
                let shown = shown(element.get());
                return Err(invalid(&format!(
                    "must hold objects, element {no} is {shown}"
                )));
            }
            Parameters::parse("", Some("application/json"), element.get())
        });
        parameters.collect()
    }
}

impl Parameter<'_> {
    /// Reads the way in which the workers of a queue get their tasks.
    fn mode(self) -> Result<Mode> {
        let word = self.scalar()?;
        let wrong = || self.invalid(&format!("must be pull, sqs or push, not {}", shown(&word)));
        Mode::parse(&word).ok_or_else(wrong)
    }
}
