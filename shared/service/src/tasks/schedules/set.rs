//! Setting a schedule.

use jiff::tz::TimeZone;
use task_store::schedules::{self, Misfire, NewSchedule, Schedule, ScheduleName};
use task_store::{Connection, Database, Moment, StationId, task_queues};

use super::{Rule, ScheduleView, ScheduledTask};
use crate::callbacks;
use crate::error::{Error, Result};
use crate::tasks::queues::undeclared;

/// The most schedules of a station.
pub const MOST_OF_A_STATION: u32 = 1_000;

/// How often a schedule is looked for again after another call has stored it.
const ATTEMPTS: u32 = 3;

/// The members of a schedule that a call sets; absent ones stay, or get their defaults where the schedule is new.
#[derive(Debug, Clone, Default)]
pub struct ScheduleChange {
    /// The cron expression; a new schedule needs it.
    pub cron: Option<String>,
    /// The name of the time zone; by default the service's.
    pub time_zone: Option<String>,
    /// The fate of instants that nobody came to in time.
    pub misfire: Option<Misfire>,
    /// Tasks are added.
    pub enabled: Option<bool>,
    /// The tasks; a new schedule needs them.
    pub task: Option<ScheduledTask>,
}

/// Stores a schedule, or changes the members given; answers it with its next instants. Tasks that were added ahead of their time
/// are taken back: the next instants are those of the new schedule only. A change that keeps `cron` and `time_zone` keeps the instant,
/// too, that has come without its task having been added.
///
/// # Errors
/// `PARAM_MISSING` for a new schedule without `cron` or `task`; `PARAM_INVALID` for a bad expression, a zone that is not known, a
/// schedule that never runs, a queue or a callback that is not declared, and when the station has as many schedules as it may.
pub async fn set(
    database: &Database,
    name: &ScheduleName,
    change: &ScheduleChange,
    zone: &TimeZone,
) -> Result<ScheduleView> {
    let write = async |c: &mut Connection| set_within(c, name, change, zone).await;
    let mut attempt = 1;
    loop {
        match database.transaction(write).await {
            Err(Error::Store(fault)) if fault.is_duplicate_key() && attempt < ATTEMPTS => {
                attempt += 1;
            }
            end => return end,
        }
    }
}

async fn set_within(
    connection: &mut Connection,
    name: &ScheduleName,
    change: &ScheduleChange,
    zone: &TimeZone,
) -> Result<ScheduleView> {
    let before = schedules::lock(connection, name).await?;
    let now = schedules::now(connection).await?;
    let merged = Merged::of(change, before.as_ref(), zone)?;
    let rule = Rule::parse(&merged.cron, merged.zone.clone())?;
    if rule.next(now).is_none() {
        let wrong = "never runs: no such day is in any year, such as the 30th of February";
        return Err(Error::invalid("cron", wrong));
    }
    let station = merged.task.station()?;
    check_queue(connection, merged.task.queue()).await?;
    if let Some(callback) = merged.task.callback() {
        callbacks::check_named(connection, callback).await?;
    }
    let is_new_there = before
        .as_ref()
        .is_none_or(|it| it.station != station.as_str());
    if is_new_there {
        check_count(connection, &station).await?;
    }
    let passed = match &before {
        Some(before) => passed_to(connection, before, now).await?,
        None => None,
    };
    let time_zone = merged.zone.iana_name().unwrap_or("UTC");
    let overdue = before
        .as_ref()
        .filter(|before| before.cron == merged.cron && before.time_zone == time_zone)
        .and_then(|before| before.next_at.filter(|next| *next <= now));
    let next = overdue.or_else(|| rule.next(passed.map_or(now, |passed| passed.max(now))));
    let new = NewSchedule {
        name,
        station: &station,
        cron: &merged.cron,
        time_zone,
        misfire: merged.misfire,
        enabled: merged.enabled,
        task: &merged.task.text()?,
        next_at: next.filter(|_| merged.enabled),
        passed_to: passed,
    };
    match before {
        Some(_) => schedules::replace(connection, &new).await?,
        None => schedules::insert(connection, &new).await?,
    }
    let stored = schedules::lock(connection, name).await?;
    let stored = stored.ok_or(task_store::StoreError::Unreadable("a schedule"))?;
    ScheduleView::new(stored, now, zone)
}

/// The members of a schedule after a change.
struct Merged {
    cron: String,
    zone: TimeZone,
    misfire: Misfire,
    enabled: bool,
    task: ScheduledTask,
}

impl Merged {
    fn of(change: &ScheduleChange, before: Option<&Schedule>, zone: &TimeZone) -> Result<Self> {
        let cron = change.cron.clone();
        let cron = cron.or_else(|| before.map(|before| before.cron.clone()));
        let task = match (&change.task, before) {
            (Some(task), _) => task.clone(),
            (None, Some(before)) => ScheduledTask::parse(&before.task)?,
            (None, None) => return Err(Error::missing("task")),
        };
        let named = change.time_zone.as_deref();
        let zone = match named.or(before.map(|before| before.time_zone.as_str())) {
            Some(name) => known_zone(name)?,
            None => zone.clone(),
        };
        let misfire = change.misfire.or(before.map(|before| before.misfire));
        let enabled = change.enabled.or(before.map(|before| before.enabled));
        Ok(Self {
            cron: cron.ok_or_else(|| Error::missing("cron"))?,
            zone,
            misfire: misfire.unwrap_or_default(),
            enabled: enabled.unwrap_or(true),
            task,
        })
    }
}

fn known_zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        let shown: String = name.chars().take(64).collect();
        let wrong = format!("is {shown:?}, must be an IANA time zone such as Asia/Shanghai or UTC");
        Error::invalid("time_zone", &wrong)
    })
}

async fn check_queue(connection: &mut Connection, queue: &str) -> Result<()> {
    match task_queues::find(connection, queue).await? {
        Some(_) => Ok(()),
        None => Err(undeclared(queue)),
    }
}

async fn check_count(connection: &mut Connection, station: &StationId) -> Result<()> {
    let count = schedules::count(connection, station).await?;
    if count < MOST_OF_A_STATION {
        return Ok(());
    }
    let wrong = format!(
        "is {}, which has {count} schedules, at most {MOST_OF_A_STATION} are allowed: delete one with /task/schedule/delete",
        station.as_str()
    );
    Err(Error::invalid("station_id", &wrong))
}

/// Takes back the tasks that were added ahead; answers the moment up to which instants have been come to still: the second before
/// the first that was taken back.
async fn passed_to(
    connection: &mut Connection,
    before: &Schedule,
    now: Moment,
) -> Result<Option<Moment>> {
    let first = schedules::remove_upcoming(connection, before, now).await?;
    Ok(match (before.passed_to, first) {
        (Some(passed), Some(first)) => Some(passed.min(first.plus(-1))),
        (passed, _) => passed,
    })
}
