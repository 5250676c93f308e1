//! `tbl_task_schedule`: tasks that are added by the clock.

mod due;
mod upcoming;

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::StationId;
use crate::time::Moment;

pub use due::{Passed, pass, take_due};
pub use upcoming::remove_upcoming;

/// The name of a schedule: 1 to 40 of the letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct ScheduleName(String);

impl ScheduleName {
    /// The most characters of a name: with an instant behind it, it is a `user_task_id`.
    pub const MAX: usize = 40;

    /// Reads a name; `None` when it is empty, too long, or holds another character.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let is_name = (1..=Self::MAX).contains(&text.len()) && text.chars().all(is_plain);
        is_name.then(|| Self(text.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The fate of instants that nobody came to in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Misfire {
    /// One task is added for all of them, that of the last.
    #[default]
    Once,
    /// No task is added for them.
    Skip,
}

impl Misfire {
    /// The words with their meaning.
    pub const WORDS: [(&'static str, Self); 2] = [("once", Self::Once), ("skip", Self::Skip)];

    const fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Skip => "skip",
        }
    }

    fn parse(word: &str) -> Result<Self> {
        let known = Self::WORDS.iter().find(|(known, _)| *known == word);
        known
            .map(|(_, misfire)| *misfire)
            .ok_or(StoreError::Unreadable("a schedule's misfire"))
    }
}

/// A schedule as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// The station of its tasks.
    pub station: String,
    /// Its cron expression.
    pub cron: String,
    /// The name of its time zone.
    pub time_zone: String,
    /// The fate of instants that nobody came to in time.
    pub misfire: Misfire,
    /// Tasks are added.
    pub enabled: bool,
    /// The members of its tasks, a JSON object.
    pub task: String,
    /// The next instant that nobody came to.
    pub next_at: Option<Moment>,
    /// The last instant that was come to.
    pub passed_to: Option<Moment>,
    /// Why the last instant that was come to has no task.
    pub last_error: Option<String>,
    /// When it was set first.
    pub created_at: Option<Moment>,
    /// When it was set last.
    pub modified_at: Option<Moment>,
}

macro_rules! schedule_columns {
    () => {
        "name, station_id, cron, time_zone, misfire, enabled, task, last_error,
           TIMESTAMPDIFF(SECOND, '1970-01-01', next_at) AS next_at, TIMESTAMPDIFF(SECOND, '1970-01-01', passed_to) AS passed_to,
           TIMESTAMPDIFF(SECOND, '1970-01-01', creat_time) AS created_at,
           TIMESTAMPDIFF(SECOND, '1970-01-01', modify_time) AS modified_at"
    };
}
use schedule_columns;

fn schedule(row: &MySqlRow) -> Result<Schedule> {
    let text = |column| Ok::<String, StoreError>(row.try_get_unchecked(column)?);
    Ok(Schedule {
        name: text("name")?,
        station: text("station_id")?,
        cron: text("cron")?,
        time_zone: text("time_zone")?,
        misfire: Misfire::parse(&text("misfire")?)?,
        enabled: row.try_get("enabled")?,
        task: text("task")?,
        next_at: Moment::from_row(row, "next_at")?,
        passed_to: Moment::from_row(row, "passed_to")?,
        last_error: row.try_get_unchecked("last_error")?,
        created_at: Moment::from_row(row, "created_at")?,
        modified_at: Moment::from_row(row, "modified_at")?,
    })
}

/// Returns the id of the task of a schedule's instant, such as `daily:2026-11-28T01:00:00Z`.
#[must_use]
pub fn task_id(name: &str, instant: Moment) -> String {
    let instant = instant.local(&jiff::tz::TimeZone::UTC);
    format!("{name}:{}", instant.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

/// Reads the database's clock.
pub async fn now(connection: &mut Connection) -> Result<Moment> {
    const NOW: &str = "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', NOW(3)) AS now";
    let row = sqlx::query(NOW).fetch_one(connection).await?;
    Moment::from_row(&row, "now")?.ok_or(StoreError::Unreadable("the clock"))
}

/// Reads and locks a schedule.
pub async fn lock(connection: &mut Connection, name: &ScheduleName) -> Result<Option<Schedule>> {
    const LOCK: &str = concat!(
        "SELECT ",
        schedule_columns!(),
        " FROM tbl_task_schedule WHERE name = ? FOR UPDATE"
    );
    let row = sqlx::query(LOCK).bind(name.as_str());
    let row = row.fetch_optional(connection).await?;
    row.as_ref().map(schedule).transpose()
}

/// The schedules that a list shows.
#[derive(Debug, Clone, Default)]
pub struct ScheduleFilter {
    /// Only those of this station.
    pub station: Option<StationId>,
    /// Only those with a later name.
    pub after: Option<ScheduleName>,
}

/// Reads schedules in the order of their names.
pub async fn list(
    connection: &mut Connection,
    filter: &ScheduleFilter,
    limit: u32,
) -> Result<Vec<Schedule>> {
    const ALL: &str = concat!(
        "SELECT ",
        schedule_columns!(),
        " FROM tbl_task_schedule WHERE name > ? ORDER BY name LIMIT ?"
    );
    const OF_STATION: &str = concat!(
        "SELECT ",
        schedule_columns!(),
        " FROM tbl_task_schedule FORCE INDEX (of_station) WHERE station_id = ? AND name > ? ORDER BY name LIMIT ?"
    );
    let after = filter.after.as_ref().map_or("", ScheduleName::as_str);
    let query = match &filter.station {
        Some(station) => sqlx::query(OF_STATION).bind(station.as_str()),
        None => sqlx::query(ALL),
    };
    let rows = query.bind(after).bind(limit).fetch_all(connection).await?;
    rows.iter().map(schedule).collect()
}

/// Counts the schedules of a station.
pub async fn count(connection: &mut Connection, station: &StationId) -> Result<u32> {
    const COUNT: &str = "
        SELECT CAST(COUNT(*) AS UNSIGNED) AS schedules
        FROM tbl_task_schedule FORCE INDEX (of_station)
        WHERE station_id = ?";
    let row = sqlx::query(COUNT).bind(station.as_str());
    let row = row.fetch_one(connection).await?;
    let schedules: u64 = row.try_get("schedules")?;
    Ok(u32::try_from(schedules).unwrap_or(u32::MAX))
}

/// The values of a schedule that is set.
#[derive(Debug, Clone)]
pub struct NewSchedule<'a> {
    /// Its name.
    pub name: &'a ScheduleName,
    /// The station of its tasks.
    pub station: &'a StationId,
    /// Its cron expression.
    pub cron: &'a str,
    /// The name of its time zone.
    pub time_zone: &'a str,
    /// The fate of instants that nobody came to in time.
    pub misfire: Misfire,
    /// Tasks are added.
    pub enabled: bool,
    /// The members of its tasks, a JSON object.
    pub task: &'a str,
    /// The next instant; `None` while it is disabled.
    pub next_at: Option<Moment>,
    /// The moment up to which instants were come to: none of them runs again.
    pub passed_to: Option<Moment>,
}

/// Stores a schedule. A name that is taken is a duplicate-key error.
pub async fn insert(connection: &mut Connection, new: &NewSchedule<'_>) -> Result<()> {
    const INSERT: &str = "
        INSERT INTO tbl_task_schedule (station_id, cron, time_zone, misfire, enabled, task, next_at, passed_to, name)
        VALUES (?, ?, ?, ?, ?, ?, TIMESTAMP('1970-01-01') + INTERVAL ? SECOND, TIMESTAMP('1970-01-01') + INTERVAL ? SECOND, ?)";
    new.bind(INSERT).execute(connection).await?;
    Ok(())
}

/// Replaces the values of a schedule.
pub async fn replace(connection: &mut Connection, new: &NewSchedule<'_>) -> Result<()> {
    const REPLACE: &str = "
        UPDATE tbl_task_schedule
        SET station_id  = ?,
            cron        = ?,
            time_zone   = ?,
            misfire     = ?,
            enabled     = ?,
            task        = ?,
            next_at     = TIMESTAMP('1970-01-01') + INTERVAL ? SECOND,
            passed_to   = TIMESTAMP('1970-01-01') + INTERVAL ? SECOND,
            last_error  = NULL,
            modify_time = NOW(3)
        WHERE name = ?";
    new.bind(REPLACE).execute(connection).await?;
    Ok(())
}

impl<'a> NewSchedule<'a> {
    fn bind(
        &self,
        sql: &'static str,
    ) -> sqlx::query::Query<'a, sqlx::MySql, sqlx::mysql::MySqlArguments> {
        sqlx::query(sql)
            .bind(self.station.as_str())
            .bind(self.cron)
            .bind(self.time_zone)
            .bind(self.misfire.word())
            .bind(self.enabled)
            .bind(self.task)
            .bind(self.next_at.map(Moment::seconds))
            .bind(self.passed_to.map(Moment::seconds))
            .bind(self.name.as_str())
    }
}

/// Deletes a schedule; answers whether there was one.
pub async fn delete(connection: &mut Connection, name: &ScheduleName) -> Result<bool> {
    const DELETE: &str = "DELETE FROM tbl_task_schedule WHERE name = ?";
    let deleted = sqlx::query(DELETE).bind(name.as_str());
    Ok(deleted.execute(connection).await?.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leaves_room_for_an_instant_behind_it() {
        for name in ["a", "Daily_report-1.x", &"x".repeat(40)] {
            assert!(ScheduleName::parse(name).is_some(), "{name:?}");
        }
        let instant = Moment::from_seconds(4_000_000_000).unwrap();
        let id = task_id(&"x".repeat(40), instant);
        assert!(id.ends_with(":2096-10-02T07:06:40Z"), "{id}");
        assert!(crate::UserTaskId::parse(&id).is_some(), "{id}");
        for name in ["", "a:b", "a b", "日报", "a/b", &"x".repeat(41)] {
            assert!(ScheduleName::parse(name).is_none(), "{name:?}");
        }
    }
}
