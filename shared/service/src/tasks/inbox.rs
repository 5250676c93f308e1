//! Tasks that callers add by SQL: adopted by the housekeeper.

use task_engine::Deadline;
use task_store::inbox::{self, InboxRow, MOST_INPUT};
use task_store::task_queues::QueueName;
use task_store::tasks::{IdScope, Start};
use task_store::work::Announcer;
use task_store::{Connection, Database, StationId, TaskId, UserTaskId};

use super::add_many::add_within;
use super::field::{MOST_TAGS, is_tag};
use super::halves::{by_halves, not_taken};
use super::request::{DispatchRequest, MOST_DELAY, TaskRequest, is_too_far};
use super::runs::{self, RunQueue};
use crate::error::{Error, Result};

/// Adopts rows until none is left or the deadline has passed; answers how many were looked at.
///
/// # Errors
/// The database's.
pub async fn adopt_all(
    database: &Database,
    queue: &impl RunQueue,
    scope: IdScope,
    deadline: Deadline,
) -> Result<usize> {
    let mut adopted = 0;
    while !deadline.has_passed() {
        match adopt(database, queue, scope).await? {
            0 => break,
            rows => adopted += rows,
        }
    }
    Ok(adopted)
}

/// Adds the tasks of the oldest rows, and announces them: lock, insert and delete in one transaction. A row that cannot be used
/// keeps why, also a row that the database itself refuses, and keeps no other waiting. Answers how many rows were looked at; 0:
/// there are none.
///
/// # Errors
/// The database's, when it cannot be used: then every row is as it was.
pub async fn adopt(database: &Database, queue: &impl RunQueue, scope: IdScope) -> Result<usize> {
    let adopt = async |c: &mut Connection| {
        let rows = inbox::take(c).await?;
        let adopt = async |c: &mut _, part: &[InboxRow]| adopt_part(c, scope, part).await;
        let tasks = by_halves(c, &rows, adopt, refuse).await?;
        Ok::<_, Error>((rows.len(), tasks.concat()))
    };
    let (rows, tasks) = database.transaction(adopt).await?;
    runs::announce(database, queue, tasks).await;
    Ok(rows)
}

/// Keeps why the database does not take the task of a row.
async fn refuse(connection: &mut Connection, row: &InboxRow, fault: &str) -> Result<Vec<TaskId>> {
    let why = not_taken(fault);
    tracing::error!(
        error = fault,
        "a row of the inbox is refused by the database"
    );
    inbox::refuse(connection, &[(row.id, why)]).await?;
    Ok(Vec::new())
}

/// Adds the tasks of locked rows; answers the tasks.
async fn adopt_part(
    connection: &mut Connection,
    scope: IdScope,
    rows: &[InboxRow],
) -> Result<Vec<TaskId>> {
    let requests = rows.iter().map(request).collect();
    let answers = add_within(connection, requests, scope, Announcer::Caller).await?;
    let (mut tasks, mut added, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (row, answer) in rows.iter().zip(answers) {
        match answer {
            Ok(task) => {
                tasks.push(task.task_id);
                added.push(row.id);
            }
            Err(refusal) => refused.push((row.id, refusal.to_string())),
        }
    }
    inbox::delete(connection, &added).await?;
    inbox::refuse(connection, &refused).await?;
    Ok(tasks)
}

/// Returns a row as the request it stands for.
fn request(row: &InboxRow) -> Result<TaskRequest<'_>> {
    let station = StationId::parse(&row.station_id)
        .ok_or_else(|| Error::invalid("station_id", "must be 1 to 16 characters without blanks"))?;
    let own = row.user_task_id.as_deref().filter(|id| !id.is_empty());
    let own = own.map(|id| {
        UserTaskId::parse(id).ok_or_else(|| {
            let wrong = "must be 1 to 64 of the characters A-Z a-z 0-9 . _ : -";
            Error::invalid("user_task_id", wrong)
        })
    });
    check_input(row.input_bytes)?;
    check_length("task_name", &row.task_name)?;
    check_length("created_by", row.created_by.as_deref().unwrap_or("-"))?;
    Ok(TaskRequest {
        user_task_id: own.transpose()?,
        station_id: station,
        name: row.task_name.as_str().into(),
        input: row.input.as_str().into(),
        type_id: row.type_id,
        repeat: row.repeat,
        message_show: row.message_show,
        tags: row.tags.as_deref().map(tags).transpose()?,
        created_by: row.created_by.as_deref().map(Into::into),
        callback: None,
        keep_days: None,
        dispatch: dispatch(row)?,
    })
}

fn check_input(bytes: u64) -> Result<()> {
    if bytes <= MOST_INPUT {
        return Ok(());
    }
    let wrong = format!("has {bytes} bytes, at most {MOST_INPUT} are allowed");
    Err(Error::invalid("input", &wrong))
}

fn check_length(name: &str, text: &str) -> Result<()> {
    match text.chars().count() {
        1..=64 => Ok(()),
        length => Err(Error::invalid(
            name,
            &format!("has {length} characters, must have 1 to 64"),
        )),
    }
}

/// Tags as they are stored.
fn tags(text: &str) -> Result<String> {
    let tags: Option<Vec<String>> = serde_json::from_str(text).ok();
    let tags = tags.filter(|tags| tags.len() <= MOST_TAGS && tags.iter().all(|tag| is_tag(tag)));
    let wrong =
        "must be a JSON array of at most 10 texts of 1 to 32 characters, no control characters";
    let tags = tags.ok_or_else(|| Error::invalid("tags", wrong))?;
    serde_json::to_string(&tags).map_err(|_| Error::invalid("tags", wrong))
}

/// Finds a column that only a task with a queue may have.
fn lonely(row: &InboxRow) -> Option<&'static str> {
    let columns = [
        ("delay", row.delay.is_some()),
        ("run_at", row.run_at.is_some()),
        ("timeout", row.timeout.is_some()),
        ("max_attempts", row.max_attempts.is_some()),
        ("expire_at", row.expire_at.is_some()),
    ];
    columns
        .into_iter()
        .find_map(|(name, is_given)| is_given.then_some(name))
}

fn dispatch(row: &InboxRow) -> Result<Option<DispatchRequest>> {
    let Some(queue) = row.queue.as_deref().filter(|queue| !queue.is_empty()) else {
        let wrong = "is only for a task with a queue: name one, or leave it out";
        return match lonely(row) {
            Some(name) => Err(Error::invalid(name, wrong)),
            None => Ok(None),
        };
    };
    let queue = QueueName::parse(queue).ok_or_else(|| {
        let wrong = "must be a lower-case letter and up to 31 more letters a-z and digits";
        Error::invalid("queue", wrong)
    })?;
    let within = |name, value: Option<u32>, least: u32, most: u32| match value {
        Some(number) if !(least..=most).contains(&number) => {
            let wrong = format!("is {number}, must be from {least} to {most}");
            Err(Error::invalid(name, &wrong))
        }
        value => Ok(value),
    };
    let delay = within("delay", row.delay, 0, MOST_DELAY)?;
    let start = match (delay, row.run_at) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("run_at", "and delay cannot both be given"));
        }
        (Some(seconds), None) => Start::In(seconds),
        (None, Some(moment)) if is_too_far(moment) => {
            return Err(Error::invalid("run_at", "is more than a year ahead"));
        }
        (None, Some(moment)) => Start::At(moment),
        (None, None) => Start::Now,
    };
    Ok(Some(DispatchRequest {
        queue,
        start,
        timeout: within("timeout", row.timeout, 10, 43_200)?,
        max_attempts: within("max_attempts", row.max_attempts, 1, 50)?,
        expire_at: row.expire_at,
    }))
}
