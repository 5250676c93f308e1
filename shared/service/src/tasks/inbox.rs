//! Tasks that callers add by SQL: adopted by the sweeper.

use task_engine::Deadline;
use task_store::inbox::{self, InboxRow};
use task_store::task_queues::QueueName;
use task_store::tasks::{IdScope, Start};
use task_store::{Connection, Database, StationId, UserTaskId};

use super::add_many::add_within;
use super::request::{DispatchRequest, TaskRequest};
use crate::error::{Error, Result};

/// Adopts rows until none is left or the deadline has passed; answers how many were looked at.
///
/// # Errors
/// The database's.
pub async fn adopt_all(database: &Database, scope: IdScope, deadline: Deadline) -> Result<usize> {
    let mut adopted = 0;
    while !deadline.has_passed() {
        match adopt(database, scope).await? {
            0 => break,
            rows => adopted += rows,
        }
    }
    Ok(adopted)
}

/// Adds the tasks of the oldest rows: lock, insert and delete in one transaction. A row that cannot be used keeps why. Answers
/// how many rows were looked at; 0: there are none.
///
/// # Errors
/// The database's: then every row is as it was.
pub async fn adopt(database: &Database, scope: IdScope) -> Result<usize> {
    database
        .transaction(async |c| adopt_some(c, scope).await)
        .await
}

async fn adopt_some(connection: &mut Connection, scope: IdScope) -> Result<usize> {
    let rows = inbox::take(connection).await?;
    let requests = rows.iter().map(request).collect();
    let answers = add_within(connection, requests, scope).await?;
    let (mut added, mut refused) = (Vec::new(), Vec::new());
    for (row, answer) in rows.iter().zip(answers) {
        match answer {
            Ok(_) => added.push(row.id),
            Err(refusal) => refused.push((row.id, refusal.to_string())),
        }
    }
    inbox::delete(connection, &added).await?;
    inbox::refuse(connection, &refused).await?;
    Ok(rows.len())
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
        tags: None,
        created_by: row.created_by.as_deref().map(Into::into),
        dispatch: dispatch(row)?,
    })
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

fn dispatch(row: &InboxRow) -> Result<Option<DispatchRequest>> {
    let Some(queue) = row.queue.as_deref().filter(|queue| !queue.is_empty()) else {
        return Ok(None);
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
    Ok(Some(DispatchRequest {
        queue,
        start: within("delay", row.delay, 0, 31_622_400)?.map_or(Start::Now, Start::In),
        timeout: within("timeout", row.timeout, 10, 43_200)?,
        max_attempts: within("max_attempts", row.max_attempts, 1, 50)?,
        expire_at: None,
    }))
}
