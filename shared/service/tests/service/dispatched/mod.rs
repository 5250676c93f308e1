//! Tasks that are dispatched to the workers of a queue: added, claimed, renewed, ended, lost, repeated.

mod adding;
mod announcing;
mod claiming;
mod cost;
mod ending;
mod finding;
mod inbox;
mod lists;
mod model;
mod repeating;
mod schedules;
mod time;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use task_engine::Deadline;
use task_service::jobs::KINDS;
use task_service::tasks::runs::{self, ClaimRequest, FailRequest, Failed, Heartbeat, SweptRuns};
use task_service::tasks::{
    self, Changes, DispatchRequest, IdScope, Operation, ResultChange, Start, TaskReference,
    TaskRequest, document, path,
    queues::{self, SqsNames},
};
use task_service::{Caller, Error, ErrorCode, Result};
use task_store::task_queues::{PolicyChange, QueueName};
use task_store::testing::TestDatabase;
use task_store::{Database, StationId, StoreError, TaskId, UserTaskId};

/// The queue of most tests.
const QUEUE: &str = "report";

fn queue(name: &str) -> QueueName {
    QueueName::parse(name).unwrap()
}

async fn declare(fresh: &TestDatabase, change: PolicyChange) {
    let set = queues::set(
        &fresh.database,
        &SqsNames::default(),
        &queue(QUEUE),
        &change,
    )
    .await;
    set.unwrap();
}

/// The policy of a queue whose tasks run again at once.
fn without_wait() -> PolicyChange {
    PolicyChange {
        backoff_first: Some(0),
        ..PolicyChange::default()
    }
}

/// Declares a queue whose tasks run again at once.
async fn declare_without_wait(fresh: &TestDatabase) {
    declare(fresh, without_wait()).await;
}

/// Declares the queue, adds a task to it and claims the task; answers its key and its run.
async fn claimed(fresh: &TestDatabase, change: PolicyChange) -> (TaskId, i32) {
    declare(fresh, change).await;
    let id = add(fresh, "T1").await;
    (id, claim_one(fresh).await)
}

/// A new task, as requests of the tests say it.
#[derive(Debug, Clone)]
struct New {
    id: Option<UserTaskId>,
    station: StationId,
    queue: QueueName,
    input: String,
    start: Start,
    timeout: Option<u32>,
    max_attempts: Option<u32>,
    expire_at: Option<task_store::Moment>,
    repeat: bool,
}

impl New {
    fn of(station: &str) -> Self {
        Self {
            id: None,
            station: StationId::parse(station).unwrap(),
            queue: queue(QUEUE),
            input: "{}".to_owned(),
            start: Start::Now,
            timeout: None,
            max_attempts: None,
            expire_at: None,
            repeat: false,
        }
    }

    fn named(name: &str) -> Self {
        Self {
            id: UserTaskId::parse(name),
            ..Self::of("T1")
        }
    }

    fn request(&self) -> TaskRequest<'_> {
        TaskRequest {
            user_task_id: self.id.clone(),
            station_id: self.station.clone(),
            name: "报表".into(),
            input: self.input.as_str().into(),
            type_id: 7,
            repeat: self.repeat,
            message_show: true,
            tags: Some(r#"["月报"]"#.to_owned()),
            created_by: Some("erp".into()),
            callback: None,
            keep_days: None,
            dispatch: Some(DispatchRequest {
                queue: self.queue.clone(),
                start: self.start,
                timeout: self.timeout,
                max_attempts: self.max_attempts,
                expire_at: self.expire_at,
            }),
        }
    }

    async fn add(&self, fresh: &TestDatabase) -> Result<TaskId> {
        add_to(&fresh.database, &self.request()).await
    }
}

async fn add_to(database: &Database, request: &TaskRequest<'_>) -> Result<TaskId> {
    tasks::add(database, &request.task(), IdScope::Station).await
}

/// Adds a task that is not dispatched.
async fn add_plain(fresh: &TestDatabase) -> TaskId {
    let new = New::of("T1");
    let request = TaskRequest {
        dispatch: None,
        ..new.request()
    };
    add_to(&fresh.database, &request).await.unwrap()
}

async fn add(fresh: &TestDatabase, station: &str) -> TaskId {
    New::of(station).add(fresh).await.unwrap()
}

fn key(id: TaskId) -> TaskReference {
    TaskReference {
        task_id: Some(id),
        ..TaskReference::default()
    }
}

async fn get(fresh: &TestDatabase, id: TaskId) -> Value {
    let (task, progress) = tasks::get(&fresh.database, &Caller::Unbound, &key(id))
        .await
        .unwrap();
    json!(tasks::TaskView::new(task, progress, &TimeZone::UTC).unwrap())
}

/// The members of a task that tell where it is.
async fn place(fresh: &TestDatabase, id: TaskId) -> Value {
    let task = get(fresh, id).await;
    json!([
        task["status"],
        task["run_count"],
        task["attempt"],
        task["outcome"]
    ])
}

async fn claim_as(database: &Database, limit: u32, claim_id: Option<&str>) -> Result<Vec<Value>> {
    let request = ClaimRequest {
        queue: &queue(QUEUE),
        limit,
        wait: Duration::ZERO,
        most_waiting: None,
        claim_id,
        worker: "request-1",
    };
    let claimed = runs::claim(database, &request, &TimeZone::UTC).await?;
    Ok(claimed.tasks.iter().map(|task| json!(task)).collect())
}

async fn claim(fresh: &TestDatabase, limit: u32) -> Vec<Value> {
    claim_as(&fresh.database, limit, None).await.unwrap()
}

/// Claims the only task there is to claim; answers its run.
async fn claim_one(fresh: &TestDatabase) -> i32 {
    let claimed = claim(fresh, 1).await;
    i32::try_from(claimed[0]["run_count"].as_i64().unwrap()).unwrap()
}

fn keys(tasks: &[Value]) -> Vec<i64> {
    let key = |task: &Value| task["task_id"].as_i64().unwrap();
    tasks.iter().map(key).collect()
}

fn of_run(run_count: Option<i32>) -> Changes<'static> {
    let json = document("result", r#"{"rows":9}"#.into()).unwrap();
    Changes {
        result: Some(ResultChange {
            path: path("postion", "$").unwrap(),
            operation: Operation::Set(json),
        }),
        run_count,
        ..Changes::default()
    }
}

async fn update(fresh: &TestDatabase, id: TaskId, run: Option<i32>) -> Result<()> {
    let changes = of_run(run);
    tasks::update(&fresh.database, &key(id), &changes, &TimeZone::UTC).await
}

async fn finish(fresh: &TestDatabase, id: TaskId, run: Option<i32>) -> Result<()> {
    let (key, changes) = (key(id), of_run(run));
    tasks::finish(&fresh.database, KINDS, &key, &changes, &TimeZone::UTC).await
}

async fn start(fresh: &TestDatabase, id: TaskId) -> Result<Value> {
    let started = tasks::start(&fresh.database, &key(id), None, &TimeZone::UTC).await;
    Ok(json!(started?))
}

async fn beat(fresh: &TestDatabase, id: TaskId, run: Option<i32>) -> Result<Heartbeat> {
    runs::heartbeat(&fresh.database, &key(id), run, &TimeZone::UTC).await
}

async fn fail(fresh: &TestDatabase, id: TaskId, run: Option<i32>, retry: bool) -> Result<Failed> {
    let request = FailRequest {
        run_count: run,
        message: "磁盘已满",
        retry,
        retry_after: None,
    };
    runs::fail(&fresh.database, &key(id), &request, &TimeZone::UTC).await
}

async fn sweep(fresh: &TestDatabase) -> SweptRuns {
    let swept = runs::sweep(&fresh.database, Deadline::default()).await;
    swept.unwrap()
}

/// Lets the lease of every run be over.
async fn silence(fresh: &TestDatabase) {
    let sql = "UPDATE tbl_work SET lease_until = NOW(3) - INTERVAL 1 SECOND, due_at = NOW(3) - INTERVAL 1 SECOND WHERE state = 3";
    execute(fresh, sql).await;
}

/// Lets the time of every delayed task come.
async fn hasten(fresh: &TestDatabase) {
    let sql = "UPDATE tbl_work SET due_at = NOW(3) - INTERVAL 1 SECOND WHERE state = 1";
    execute(fresh, sql).await;
}

async fn execute(fresh: &TestDatabase, sql: &str) {
    let run = async |c: &mut _| Ok::<_, StoreError>(sqlx::query(sql).execute(c).await?);
    fresh.database.run(run).await.unwrap();
}

async fn count(fresh: &TestDatabase, sql: &str) -> i64 {
    let read = async |c: &mut _| Ok::<i64, StoreError>(sqlx::query_scalar(sql).fetch_one(c).await?);
    fresh.database.run(read).await.unwrap()
}

async fn units(fresh: &TestDatabase) -> i64 {
    count(fresh, "SELECT COUNT(*) FROM tbl_work").await
}

async fn close(fresh: &TestDatabase, id: TaskId) {
    let named = [key(id)];
    let closed =
        task_service::async_tasks::close(&fresh.database, KINDS, &Caller::Unbound, &named).await;
    assert_eq!(closed.unwrap(), 1);
}

fn code<T: std::fmt::Debug>(end: Result<T>) -> ErrorCode {
    end.unwrap_err().code()
}

/// The code of a refusal that shows the task.
fn code_with_task<T: std::fmt::Debug>(end: Result<T>, id: TaskId) -> ErrorCode {
    let error = end.unwrap_err();
    let Error::Refused { code, data, .. } = &error else {
        panic!("{error}")
    };
    let task: Value = serde_json::from_str(data.as_ref().unwrap().get()).unwrap();
    assert_eq!(task["task_id"], id.get());
    *code
}
