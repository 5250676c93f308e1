//! Tasks of other systems: every row of the contract of `/task/*`.

mod add;
mod batch;
mod life;
mod list;
mod model;
mod names;
mod numbers;
mod path;
mod result;
mod runs;
mod sizes;
mod trips;

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use task_service::tasks::{
    self, Changes, IdScope, Labels, NewTask, Operation, ResultChange, TaskReference, amount,
    document, path,
};
use task_service::{Caller, Error, ErrorCode, Result};
use task_store::testing::TestDatabase;
use task_store::{StationId, TaskId};

use crate::support::{KINDS, STATION, first, id};

/// Adds a task, repeatable or not, and says its key.
async fn add(fresh: &TestDatabase, name: &str, input: &str, repeat: bool) -> Result<TaskId> {
    let new = NewTask {
        user_task_id: Some(&id(name)),
        station_id: &StationId::parse(STATION).unwrap(),
        name: "导出",
        input,
        type_id: 7,
        repeat,
        message_show: true,
        labels: Labels::default(),
        dispatch: None,
    };
    tasks::add(&fresh.database, &new, IdScope::Station).await
}

fn named(name: &str) -> TaskReference {
    TaskReference {
        user_task_id: Some(id(name)),
        ..TaskReference::default()
    }
}

/// The task as `/task/get` answers it.
async fn get(fresh: &TestDatabase, name: &str) -> Value {
    let (task, progress) = tasks::get(&fresh.database, &Caller::Unbound, &named(name))
        .await
        .unwrap();
    json!(tasks::TaskView::new(task, progress, &TimeZone::UTC).unwrap())
}

/// The task as `/task/start` answers it.
async fn start(fresh: &TestDatabase, name: &str) -> Result<Value> {
    let view = tasks::start(&fresh.database, &named(name), None, &TimeZone::UTC).await?;
    Ok(json!(view))
}

async fn finish(fresh: &TestDatabase, name: &str, changes: &Changes<'_>) -> Result<()> {
    tasks::finish(
        &fresh.database,
        KINDS,
        &named(name),
        changes,
        &TimeZone::UTC,
    )
    .await
}

/// A change inside the result, as `op`, `postion` and `value` would say it.
fn change(op: &str, position: &str, value: &Value) -> Result<Changes<'static>> {
    let json = || document("value", Cow::Owned(value.to_string()));
    let operation = match op {
        "set" => Operation::Set(json()?),
        "append" => Operation::Append(json()?),
        "increment" => Operation::Increment(amount("value", &value.to_string())?),
        _ => Operation::Remove,
    };
    let path = path("postion", position)?;
    Ok(Changes {
        result: Some(ResultChange { path, operation }),
        ..Changes::default()
    })
}

async fn update(
    fresh: &TestDatabase,
    name: &str,
    op: &str,
    position: &str,
    value: Value,
) -> Result<()> {
    tasks::update(
        &fresh.database,
        &named(name),
        &change(op, position, &value)?,
        &TimeZone::UTC,
    )
    .await
}

async fn set(fresh: &TestDatabase, name: &str, position: &str, value: Value) -> Result<()> {
    update(fresh, name, "set", position, value).await
}

fn code<T: std::fmt::Debug>(end: Result<T>) -> ErrorCode {
    end.unwrap_err().code()
}

/// The data of a refusal.
fn data(error: Error) -> Value {
    match error {
        Error::Refused { data, .. } => serde_json::from_str(data.unwrap().get()).unwrap(),
        Error::Store(fault) => panic!("{fault}"),
    }
}

async fn run(fresh: &TestDatabase, sql: &str) {
    let write =
        async |c: &mut _| Ok::<_, task_store::StoreError>(sqlx::query(sql).execute(c).await?);
    fresh.database.run(write).await.unwrap();
}
