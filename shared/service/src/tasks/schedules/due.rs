//! Adding the tasks of schedules, up to a minute ahead of their time, so that they are there when it comes.
//!
//! A schedule's row is locked while its instants are added, and says in the same transaction how far it was come: two
//! housekeepers at once add different schedules, and a clock that steps back adds nothing again. The id of a task is made of its
//! instant, so that the unique key forbids what this should ever miss.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use task_engine::Deadline;
use task_engine::metrics::Metric;
use task_store::schedules::{self, Misfire, Passed, Schedule};
use task_store::work::Announcer;
use task_store::{Connection, Database, Moment, TaskId, UserTaskId};

use super::{Rule, ScheduledTask, zone_of};
use crate::error::Result;
use crate::tasks::add_many::add_within;
use crate::tasks::halves::{by_halves, not_taken};
use crate::tasks::runs::{self, RunQueue};
use crate::tasks::{IdScope, TaskRequest};

/// How many seconds ahead of its time a task is added: a minute, until the next housekeeper comes, and a reserve.
const AHEAD: u32 = 75;
/// Seconds after which an instant that nobody came to counts as missed: two minutes without a housekeeper.
const MISSED: i64 = 120;
/// How many schedules are looked at in one transaction.
const PAGE: u32 = 200;

/// The counts of a look at the schedules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AddedBySchedules {
    /// Tasks that were added.
    pub scheduled: usize,
    /// Instants whose task was refused, and schedules that cannot be read.
    pub schedules_refused: usize,
}

/// Adds the tasks of all schedules whose next instant is due or about to be, until none is left or the deadline has passed; then
/// announces them. Safe to run twice at once.
///
/// # Errors
/// The database's, when it cannot be used.
pub async fn add_due(
    database: &Database,
    queue: &impl RunQueue,
    scope: IdScope,
    deadline: Deadline,
) -> Result<AddedBySchedules> {
    let mut all = AddedBySchedules::default();
    while !deadline.has_passed() {
        let add = async |c: &mut Connection| add_page(c, scope).await;
        let page = database.transaction(add).await?;
        runs::announce(database, queue, page.tasks.iter().copied()).await;
        all.scheduled += page.tasks.len();
        all.schedules_refused += page.refused;
        if page.schedules < PAGE as usize {
            break;
        }
    }
    if all.schedules_refused > 0 {
        let refused = u32::try_from(all.schedules_refused).unwrap_or(u32::MAX);
        Metric::SchedulesRefused.record(refused);
    }
    Ok(all)
}

/// What a transaction did.
#[derive(Debug, Default)]
struct Page {
    schedules: usize,
    tasks: Vec<TaskId>,
    refused: usize,
}

/// A schedule whose time has come, with the tasks of its instants.
struct Due {
    tasks: Vec<TaskRequest<'static>>,
    passed: Passed,
}

async fn add_page(connection: &mut Connection, scope: IdScope) -> Result<Page> {
    let due = schedules::take_due(connection, AHEAD, PAGE).await?;
    if due.is_empty() {
        return Ok(Page::default());
    }
    let now = schedules::now(connection).await?;
    let mut page = Page {
        schedules: due.len(),
        ..Page::default()
    };
    let due: Vec<_> = due.iter().map(|schedule| planned(schedule, now)).collect();
    let add = async |c: &mut Connection, part: &[Due]| add_part(c, scope, part).await;
    for (tasks, refused) in by_halves(connection, &due, add, refuse).await? {
        page.tasks.extend(tasks);
        page.refused += refused;
    }
    Ok(page)
}

/// Adds the tasks of schedules, and notes how far each was come; answers the tasks, and how many schedules were refused one.
async fn add_part(
    connection: &mut Connection,
    scope: IdScope,
    part: &[Due],
) -> Result<(Vec<TaskId>, usize)> {
    let requests = part.iter().flat_map(|due| due.tasks.iter().cloned());
    let requests = requests.map(Ok).collect();
    let added = add_within(connection, requests, scope, Announcer::Caller).await?;
    let mut added = added.into_iter();
    let (mut tasks, mut refused, mut passed) = (Vec::new(), 0, Vec::new());
    for due in part {
        let mut end = due.passed.clone();
        for (task, answer) in due.tasks.iter().zip(&mut added) {
            match answer {
                Ok(added) => tasks.push(added.task_id),
                Err(refusal) => end.error = Some(of_instant(task, &refusal.to_string())),
            }
        }
        refused += usize::from(note(&end));
        passed.push(end);
    }
    schedules::pass(connection, &passed).await?;
    Ok((tasks, refused))
}

/// Notes why the database does not take the tasks of a schedule.
async fn refuse(
    connection: &mut Connection,
    due: &Due,
    fault: &str,
) -> Result<(Vec<TaskId>, usize)> {
    let why = not_taken(fault);
    let error = due.tasks.last().map(|task| of_instant(task, &why));
    let end = Passed {
        error: error.or(Some(why)),
        ..due.passed.clone()
    };
    note(&end);
    schedules::pass(connection, &[end]).await?;
    Ok((Vec::new(), 1))
}

/// Returns a refusal with the id that the task of the instant would have had.
fn of_instant(task: &TaskRequest<'_>, refusal: &str) -> String {
    let id = task.user_task_id.as_ref().map_or("", UserTaskId::as_str);
    format!("{id}: {refusal}")
}

/// Logs that a schedule's task was refused; answers whether it was.
fn note(end: &Passed) -> bool {
    let Some(error) = &end.error else {
        return false;
    };
    let name = &end.name;
    tracing::warn!(schedule.name = name, error, "a schedule has no task");
    true
}

/// Works out the tasks of a schedule. A schedule for which that cannot be done is not looked at again until it is set anew.
fn planned(schedule: &Schedule, now: Moment) -> Due {
    // The expression is a caller's and the parser another's: whatever it does must not end the process of all schedules.
    let plan = catch_unwind(AssertUnwindSafe(|| plan(schedule, now)));
    let plan = plan.unwrap_or_else(|_| Err("the cron expression cannot be worked out".to_owned()));
    plan.unwrap_or_else(|wrong| Due {
        tasks: Vec::new(),
        passed: Passed {
            name: schedule.name.clone(),
            passed_to: None,
            next_at: None,
            error: Some(format!("{wrong}: set the schedule again")),
        },
    })
}

fn plan(schedule: &Schedule, now: Moment) -> std::result::Result<Due, String> {
    let zone = zone_of(schedule);
    let zone = zone.ok_or_else(|| format!("time zone {} is not known", schedule.time_zone))?;
    let rule = Rule::parse(&schedule.cron, zone).map_err(|wrong| wrong.to_string())?;
    let task = ScheduledTask::parse(&schedule.task).map_err(|wrong| wrong.to_string())?;
    let first = schedule.next_at.unwrap_or(now);
    let (instants, passed_to, next_at) = instants(&rule, schedule.misfire, first, now);
    let request = |instant| task.request(&schedule.name, instant);
    let tasks = instants.into_iter().map(request).collect::<Result<_>>();
    Ok(Due {
        tasks: tasks.map_err(|wrong| wrong.to_string())?,
        passed: Passed {
            name: schedule.name.clone(),
            passed_to: Some(passed_to),
            next_at,
            error: None,
        },
    })
}

/// Returns the instants that get a task, the last one that was come to, and the next.
fn instants(
    rule: &Rule,
    misfire: Misfire,
    first: Moment,
    now: Moment,
) -> (Vec<Moment>, Moment, Option<Moment>) {
    let (in_time, ahead) = (now.plus(-MISSED), now.plus(i64::from(AHEAD)));
    let (mut instants, mut passed, mut next) = (Vec::new(), first, Some(first));
    if first < in_time {
        passed = rule.last(first, in_time.plus(-1)).unwrap_or(first);
        next = rule.next(passed);
        if misfire == Misfire::Once {
            instants.push(passed);
        }
    }
    while let Some(instant) = next.filter(|instant| *instant <= ahead) {
        instants.push(instant);
        passed = instant;
        next = rule.next(instant);
    }
    (instants, passed, next)
}
