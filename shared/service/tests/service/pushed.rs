//! Mode `push`: the target of a queue is called for each run, and its answer says what becomes of the run.

mod answers;
mod faults;
mod target;

use jiff::tz::TimeZone;
use task_service::push::{PushMessage, PushQueue, Pusher};
use task_service::secrets::Role;
use task_service::targets::{SecretName, SecretSource, Secrets, TargetCaller};
use task_service::targets::{TargetClient, TargetHosts};
use task_service::tasks::queues::{self, PolicyView, SqsNames, TargetChange};
use task_service::tasks::{self, DispatchRequest, IdScope, Start, TaskRequest};
use task_service::{ErrorCode, Result};
use task_store::task_queues::{Mode, PolicyChange, QueueName};
use task_store::tasks::{Task, TaskStatus};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Database, StationId, TaskId};

use crate::support::*;
use target::{Target, answer};

const NOWHERE: &str = "http://127.0.0.1:9/";

fn name() -> QueueName {
    QueueName::parse("report").unwrap()
}

fn role() -> Role {
    Role {
        region: "eu-central-1".to_owned(),
        key: "test".to_owned(),
        secret: "test".to_owned(),
        token: None,
    }
}

fn hosts() -> TargetHosts {
    TargetHosts::parse("127.0.0.1").unwrap()
}

async fn set(fresh: &TestDatabase, change: &PolicyChange, url: Option<&str>) -> Result<PolicyView> {
    let target = TargetChange {
        url: url.map(str::to_owned),
        secret: url.and_then(|_| SecretName::parse("erp")),
    };
    let target = (&hosts(), &target);
    queues::set_with_target(
        &fresh.database,
        &SqsNames::default(),
        target,
        &name(),
        change,
    )
    .await
}

/// The policy of a queue in mode `push` whose tasks run again at once.
fn push_policy() -> PolicyChange {
    PolicyChange {
        mode: Some(Mode::Push),
        backoff_first: Some(0),
        max_attempts: Some(3),
        ..PolicyChange::default()
    }
}

async fn add(fresh: &TestDatabase) -> TaskId {
    add_for(fresh, "T1").await
}

fn request(station: &str, start: Start) -> TaskRequest<'static> {
    TaskRequest {
        user_task_id: None,
        station_id: StationId::parse(station).unwrap(),
        name: "报表".into(),
        input: r#"{"count": 10}"#.into(),
        type_id: 7,
        repeat: true,
        message_show: true,
        tags: None,
        created_by: None,
        callback: None,
        keep_days: None,
        dispatch: Some(DispatchRequest {
            queue: name(),
            start,
            timeout: None,
            max_attempts: None,
            expire_at: None,
        }),
    }
}

async fn add_for(fresh: &TestDatabase, station: &str) -> TaskId {
    let request = request(station, Start::Now);
    let new = request.task();
    let added = tasks::add(&fresh.database, &new, IdScope::Station);
    added.await.unwrap()
}

/// Declares the queue for a target, and adds a task to it.
async fn added(fresh: &TestDatabase, url: &str) -> TaskId {
    set(fresh, &push_policy(), Some(url)).await.unwrap();
    add(fresh).await
}

/// The state of `task-push`, with a file of secrets that is removed with it.
struct Function {
    pusher: Pusher,
    secrets: std::path::PathBuf,
}

impl Function {
    fn on(database: Database) -> Self {
        let file = format!("push-secrets-{:x}.json", fastrand::u64(..));
        let secrets = std::env::temp_dir().join(file);
        let text = r#"{"erp":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#;
        std::fs::write(&secrets, text).unwrap();
        let source = Secrets::new(SecretSource::File(secrets.clone()));
        let pusher = Pusher {
            database,
            targets: TargetCaller::new(TargetClient::new(hosts()), source),
            zone: TimeZone::UTC,
        };
        Self { pusher, secrets }
    }

    async fn handle(&self, task: TaskId) {
        let message = format!(r#"{{"version":1,"task_id":{task}}}"#);
        let message = PushMessage::parse(&message).unwrap();
        self.pusher.handle(message).await.unwrap();
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.secrets);
    }
}

/// Lets `task-push` handle the message of a task.
async fn push(fresh: &TestDatabase, task: TaskId) {
    Function::on(fresh.another(1)).handle(task).await;
}

/// Lets the time of a task's next run come.
async fn hasten(fresh: &TestDatabase) {
    run(fresh, "UPDATE tbl_work SET due_at = NOW(3) WHERE state = 1").await;
}

async fn task(fresh: &TestDatabase, id: TaskId) -> Task {
    let read = async |c: &mut _| task_store::tasks::by_id(c, id).await;
    fresh.database.run(read).await.unwrap().unwrap()
}

/// Status, outcome and last error of a task.
async fn state(fresh: &TestDatabase, id: TaskId) -> (TaskStatus, Option<String>, Option<String>) {
    let task = task(fresh, id).await;
    (task.status, task.outcome, task.last_error)
}

fn failed(outcome: Option<&str>, error: &str) -> (TaskStatus, Option<String>, Option<String>) {
    let status = match outcome {
        Some(_) => TaskStatus::Finished,
        None => TaskStatus::Submitted,
    };
    (status, outcome.map(str::to_owned), Some(error.to_owned()))
}

async fn free_places(fresh: &TestDatabase) -> i64 {
    let free = "SELECT COUNT(*) FROM tbl_call_place WHERE target = 'report' AND until <= NOW(3)";
    number(fresh, free).await
}

#[tokio::test]
async fn mode_push_wants_an_allowed_url_and_a_secret_and_shows_them() {
    with_database(async |fresh| {
        let push = push_policy();
        assert_eq!(code(set(fresh, &push, None).await), ErrorCode::ParamMissing);
        for bad in [
            "https://evil.example/",
            "http://169.254.169.254/",
            "ftp://127.0.0.1/",
        ] {
            let refused = set(fresh, &push, Some(bad)).await;
            assert_eq!(code(refused), ErrorCode::ParamInvalid, "{bad}");
        }
        let pull = PolicyChange::default();
        let refused = set(fresh, &pull, Some(NOWHERE)).await;
        assert_eq!(
            code(refused),
            ErrorCode::ParamInvalid,
            "mode pull calls nobody"
        );
        set(fresh, &push, Some(NOWHERE)).await.unwrap();
        let again = set(fresh, &PolicyChange::default(), None).await.unwrap();
        let shown = serde_json::to_value(&again).unwrap();
        assert_eq!(shown["mode"], "push");
        assert_eq!(
            (&shown["url"], &shown["secret"]),
            (&NOWHERE.into(), &"erp".into())
        );
        let list = queues::list(&fresh.database, None, 10, &TimeZone::UTC).await;
        let listed = serde_json::to_value(&list.unwrap().queues[0]).unwrap();
        assert_eq!(listed["url"], NOWHERE);
    })
    .await;
}
