//! Callbacks: a delivery for each end of a task, written by the transaction that ends it, and told at least once.

mod declared;
mod ends;
mod places;
mod told;

use task_service::callbacks::{CallbackRequest, set};
use task_service::targets::{SecretName, TargetHosts};
use task_service::tasks::queues::SqsNames;
use task_service::tasks::{self, DispatchRequest, IdScope, Start, TaskReference, TaskRequest};
use task_service::{Error, ErrorCode, Result};
use task_store::callbacks::{CallbackName, Delivery, DeliveryFilter, deliveries};
use task_store::task_queues::{PolicyChange, QueueName};
use task_store::testing::TestDatabase;
use task_store::{StationId, TaskId};

use crate::support::*;

fn erp() -> CallbackName {
    CallbackName::parse("erp").unwrap()
}

fn hosts() -> TargetHosts {
    TargetHosts::parse("127.0.0.1").unwrap()
}

/// Declares the callback `erp`.
async fn declare(fresh: &TestDatabase, url: &str) {
    let request = CallbackRequest {
        url: Some(url.to_owned()),
        secret: SecretName::parse("erp"),
        ..CallbackRequest::default()
    };
    set(&fresh.database, &hosts(), &erp(), &request)
        .await
        .unwrap();
}

const NOWHERE: &str = "http://127.0.0.1:9/";

/// A task of the queue `report`, or of none, whose end `erp` is told.
fn request(queue: Option<&str>) -> TaskRequest<'static> {
    TaskRequest {
        user_task_id: None,
        station_id: StationId::parse("T1").unwrap(),
        name: "报表".into(),
        input: "{}".into(),
        type_id: 7,
        repeat: true,
        message_show: true,
        tags: None,
        created_by: None,
        callback: Some(erp()),
        keep_days: None,
        dispatch: queue.map(|queue| DispatchRequest {
            queue: QueueName::parse(queue).unwrap(),
            start: Start::Now,
            timeout: None,
            max_attempts: Some(1),
            expire_at: None,
        }),
    }
}

async fn add(fresh: &TestDatabase, request: &TaskRequest<'_>) -> Result<TaskId> {
    tasks::add(&fresh.database, &request.task(), IdScope::Station).await
}

async fn finish(fresh: &TestDatabase, id: TaskId) {
    let (none, zone) = (tasks::Changes::default(), jiff::tz::TimeZone::UTC);
    let named = key(id);
    let finished = tasks::finish(&fresh.database, KINDS, &named, &none, &zone);
    finished.await.unwrap();
}

async fn declare_queue(fresh: &TestDatabase) {
    let name = QueueName::parse("report").unwrap();
    let change = PolicyChange::default();
    tasks::queues::set(&fresh.database, &SqsNames::default(), &name, &change)
        .await
        .unwrap();
}

fn key(id: TaskId) -> TaskReference {
    TaskReference {
        task_id: Some(id),
        ..TaskReference::default()
    }
}

/// The deliveries of a task, the newest first.
async fn of(fresh: &TestDatabase, task: TaskId) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        task: Some(task),
        ..DeliveryFilter::default()
    };
    let read = async |c: &mut _| deliveries(c, &filter, 100).await;
    fresh.database.run(read).await.unwrap()
}

/// Event, outcome and number of each delivery of a task, the newest first.
async fn told(fresh: &TestDatabase, task: TaskId) -> Vec<(String, String, u32)> {
    let deliveries = of(fresh, task).await.into_iter();
    deliveries
        .map(|one| (one.event, one.outcome, one.no))
        .collect()
}

async fn open_units(fresh: &TestDatabase) -> i64 {
    number(fresh, "SELECT COUNT(*) FROM tbl_work WHERE kind = 3").await
}

fn refusal<T: std::fmt::Debug>(end: Result<T>) -> (ErrorCode, String) {
    let error: Error = end.unwrap_err();
    (error.code(), error.to_string())
}
