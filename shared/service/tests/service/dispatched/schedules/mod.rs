//! Tasks that are added by the clock.

mod adding;
mod lateness;
mod setting;

use sqlx::Row as _;
use task_service::sqs::TaskQueues;
use task_service::tasks::schedules::{self, AddedBySchedules, ScheduleChange, ScheduledTask};
use task_store::Moment;
use task_store::schedules::{Misfire, ScheduleFilter, ScheduleName};
use task_store::testing::with_database;

use super::*;

fn name(name: &str) -> ScheduleName {
    ScheduleName::parse(name).unwrap()
}

/// The task of most schedules: of a station, for the queue of most tests.
fn task_of(station: &str) -> ScheduledTask {
    ScheduledTask::of(&New::of(station).request()).unwrap()
}

/// A schedule of `T1` in UTC.
fn by(cron: &str) -> ScheduleChange {
    ScheduleChange {
        cron: Some(cron.to_owned()),
        time_zone: Some("UTC".to_owned()),
        task: Some(task_of("T1")),
        ..ScheduleChange::default()
    }
}

/// Connects to a database that takes a time for the present one: for statements of this connection its clock stands still.
async fn clock(fresh: &TestDatabase, time: &str) -> Database {
    let database = fresh.another(1);
    set_clock(&database, time).await;
    database
}

/// Lets the clock of a connection stand at a time, in UTC.
async fn set_clock(database: &Database, time: &str) {
    let instant: jiff::Timestamp = format!("{}Z", time.replace(' ', "T")).parse().unwrap();
    let sql = format!("SET SESSION timestamp = {}", instant.as_second());
    let run = async |c: &mut _| Ok::<_, StoreError>(sqlx::query(&sql).execute(c).await?);
    database.run(run).await.unwrap();
}

async fn set(database: &Database, named: &str, change: &ScheduleChange) -> Result<Value> {
    let set = schedules::set(database, &name(named), change, &TimeZone::UTC).await;
    Ok(json!(set?))
}

async fn add_due(database: &Database) -> AddedBySchedules {
    let queue = TaskQueues::default();
    let deadline = Deadline::default();
    let added = schedules::add_due(database, &queue, IdScope::Station, deadline).await;
    added.unwrap()
}

/// The ids of all tasks, in their order.
async fn ids(fresh: &TestDatabase) -> Vec<String> {
    let sql = "SELECT user_task_id FROM tbl_async_task ORDER BY user_task_id";
    let read = async |c: &mut _| {
        let rows = sqlx::query(sql).fetch_all(c).await?;
        let id = |row: &sqlx::mysql::MySqlRow| Ok(row.try_get_unchecked(0)?);
        rows.iter()
            .map(id)
            .collect::<std::result::Result<_, StoreError>>()
    };
    fresh.database.run(read).await.unwrap()
}

/// The schedule as a list shows it.
async fn shown(database: &Database, named: &str) -> Value {
    let all = schedules::list(database, &ScheduleFilter::default(), 50, &TimeZone::UTC).await;
    let all = json!(all.unwrap().schedules);
    let all = all.as_array().unwrap().iter();
    let mut found = all.filter(|schedule| schedule["name"] == named);
    found.next().cloned().unwrap_or_default()
}
