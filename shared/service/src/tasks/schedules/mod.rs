//! Schedules: tasks that are added by the clock. Set, listed and deleted here; their tasks are added by [`add_due`].

mod due;
mod rule;
mod set;
mod task;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use task_store::schedules::{self, Misfire, Schedule, ScheduleFilter, ScheduleName};
use task_store::{Connection, Database, Moment, StoreError};

use super::dispatch_view::printed;
use crate::error::Result;

pub use due::{AddedBySchedules, add_due};
pub use rule::{MOST_CHARACTERS, Rule};
pub use set::{MOST_OF_A_STATION, ScheduleChange, set};
pub use task::{MOST_INPUT, ScheduledTask};

/// How many of its next instants a schedule is shown with.
const SHOWN: usize = 5;

/// A schedule as it is answered.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleView {
    name: String,
    station_id: String,
    cron: String,
    time_zone: String,
    misfire: Misfire,
    enabled: bool,
    task: Box<RawValue>,
    /// Its next instants; none while it is disabled.
    next: Vec<String>,
    /// The last instant that was come to.
    last_instant: Option<String>,
    last_error: Option<String>,
    create_time: Option<String>,
    modify_time: Option<String>,
}

impl ScheduleView {
    /// Makes the view of a schedule at a time; its times are in the zone of all answers.
    fn new(schedule: Schedule, now: Moment, zone: &TimeZone) -> Result<Self> {
        let rule = zone_of(&schedule).and_then(|zone| Rule::parse(&schedule.cron, zone).ok());
        let is_running = schedule.enabled && schedule.next_at.is_some();
        let rule = rule.filter(|_| is_running);
        let next = rule
            .map(|rule| rule.upcoming(now, SHOWN))
            .unwrap_or_default();
        Ok(Self {
            task: RawValue::from_string(schedule.task)
                .map_err(|_| StoreError::Unreadable("a schedule's task"))?,
            name: schedule.name,
            station_id: schedule.station,
            cron: schedule.cron,
            time_zone: schedule.time_zone,
            misfire: schedule.misfire,
            enabled: schedule.enabled,
            next: next.into_iter().map(|at| at.in_zone(zone)).collect(),
            last_instant: printed(last_instant(schedule.passed_to), zone),
            last_error: schedule.last_error,
            create_time: printed(schedule.created_at, zone),
            modify_time: printed(schedule.modified_at, zone),
        })
    }
}

/// Returns the last instant that was come to; none where later ones were taken back, and only a bound is known.
fn last_instant(passed_to: Option<Moment>) -> Option<Moment> {
    passed_to.filter(|at| at.seconds() % 60 == 0)
}

/// Returns the zone of a stored schedule; `None` where this version does not know it.
fn zone_of(schedule: &Schedule) -> Option<TimeZone> {
    TimeZone::get(&schedule.time_zone).ok()
}

/// A page of schedules.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleList {
    /// In the order of their names.
    pub schedules: Vec<ScheduleView>,
    /// Where the next page begins; `None`: there is none.
    pub next_after: Option<String>,
}

/// Returns schedules with their next instants.
pub async fn list(
    database: &Database,
    filter: &ScheduleFilter,
    limit: u32,
    zone: &TimeZone,
) -> Result<ScheduleList> {
    let read = async |c: &mut Connection| {
        let now = schedules::now(c).await?;
        Ok::<_, crate::Error>((now, schedules::list(c, filter, limit).await?))
    };
    let (now, schedules) = database.read(read).await?;
    let is_full = u32::try_from(schedules.len()) == Ok(limit);
    let last = schedules.last().filter(|_| is_full);
    let next_after = last.map(|schedule| schedule.name.clone());
    let views = schedules
        .into_iter()
        .map(|schedule| ScheduleView::new(schedule, now, zone));
    Ok(ScheduleList {
        schedules: views.collect::<Result<_>>()?,
        next_after,
    })
}

/// Deletes a schedule and those of its tasks whose time has not come; answers whether there was one.
pub async fn delete(database: &Database, name: &ScheduleName) -> Result<bool> {
    let delete = async |c: &mut Connection| {
        let Some(schedule) = schedules::lock(c, name).await? else {
            return Ok(false);
        };
        let now = schedules::now(c).await?;
        schedules::remove_upcoming(c, &schedule, now).await?;
        Ok::<_, crate::Error>(schedules::delete(c, name).await?)
    };
    database.transaction(delete).await
}
