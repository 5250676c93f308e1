//! Several invocations at once in one process, as on a managed instance of Lambda.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::Executor as _;
use sqlx::mysql::MySqlConnection;

use crate::events::{answered, sample};
use crate::support::{Instance, OwnDatabase, eventually};

const AT_ONCE: usize = 8;
/// A database of the test's own, which the function that migrates has looked through.
async fn migrated() -> OwnDatabase {
    let database = OwnDatabase::take().await;
    let migrate = start("database-migrate", &database, "");
    migrate.send("migrate", &json!({}));
    assert_eq!(migrate.answer("migrate"), json!({"migrated": true}));
    drop(migrate);
    database
}

fn start(binary: &str, database: &OwnDatabase, at_once: &str) -> Instance {
    let environment = [
        ("DATABASE_URL", database.url.as_str()),
        // A migration, or a lock that is held, on a busy machine.
        ("DATABASE_TIMEOUT_MS", "120000"),
        ("METRICS_NAMESPACE", "tests"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", at_once),
    ];
    let binary = task_local::built_programs().join(binary);
    Instance::start(&binary, &environment)
}

/// Keeps every function from the tables, until the connection is told `UNLOCK TABLES`.
async fn held(database: &OwnDatabase) -> MySqlConnection {
    let mut connection = database.connect().await;
    let lock =
        "LOCK TABLES tbl_async_task WRITE, tbl_batch WRITE, tbl_batch_chunk WRITE, tbl_work WRITE";
    connection.execute(lock).await.unwrap();
    connection
}

/// Invokes a function so often that as many events wait in the database as it may have at once, none of them answered, then lets
/// them go on; their answers.
async fn at_once(function: &Instance, database: &OwnDatabase, events: &[Value]) -> Vec<Value> {
    function.polled(AT_ONCE);
    let mut held = held(database).await;
    for (number, event) in events.iter().enumerate() {
        function.send(&format!("request-{number}"), event);
    }
    let sessions = eventually("every event is in the database's hands", async || {
        assert_eq!(function.answered(), 0);
        let sessions = database.sessions().await;
        let waiting = |state: &&String| state.starts_with("Waiting for table");
        (sessions.iter().filter(waiting).count() == AT_ONCE).then_some(sessions)
    })
    .await;
    function.polled(0);
    let of_the_test = 2;
    assert_eq!(sessions.len(), AT_ONCE + of_the_test, "one connection each");
    held.execute("UNLOCK TABLES").await.unwrap();
    let answers = 0..events.len();
    answers
        .map(|number| function.answer(&format!("request-{number}")))
        .collect()
}

fn named(event: &str, body: &Value) -> Value {
    let mut event = sample(event);
    event["headers"]["content-type"] = json!("application/json");
    event["isBase64Encoded"] = json!(false);
    event["body"] = json!(body.to_string());
    event
}

#[tokio::test]
async fn eight_requests_are_in_flight_in_one_process_each_with_its_own_answer_connection_and_log() {
    let database = migrated().await;
    let add = start("task-add", &database, "8");
    let tasks: Vec<_> = (0..AT_ONCE).map(|n| format!("task-{n}")).collect();
    let added = tasks.iter().map(|id| {
        named(
            "task-add",
            &json!({"station_id": "T1", "task_name": id, "user_task_id": id, "input": "x"}),
        )
    });
    let added = at_once(&add, &database, &added.collect::<Vec<_>>()).await;
    let ids: BTreeSet<_> = added
        .iter()
        .map(|answer| answered(answer)["data"]["task_id"].to_string())
        .collect();
    assert_eq!(ids.len(), AT_ONCE, "{added:?}");
    drop(add);
    let get = start("task-get", &database, "8");
    let mut events = Vec::new();
    for id in &tasks {
        let mut event = sample("task-get");
        event["rawQueryString"] = json!(format!("user_task_id={id}"));
        events.push(event);
    }
    for _ in 0..2 {
        let read = at_once(&get, &database, &events).await;
        let names: Vec<_> = read
            .iter()
            .map(|answer| answered(answer)["data"]["task_name"].clone())
            .collect();
        assert_eq!(names, tasks);
    }
    the_lines_name_their_own(&get.stop());
    database.give_back().await;
}

fn the_lines_name_their_own(lines: &[Value]) {
    let answered = lines.iter().filter(|line| line["message"] == "answered");
    let mut named = Vec::new();
    for line in answered {
        let span = &line["span"];
        let request = span["request.id"].as_str().unwrap();
        assert_eq!(span["trace.id"], format!("trace-of-{request}"));
        assert_eq!(
            span["task.user_id"],
            request.replace("request", "task"),
            "{line}"
        );
        named.push(request);
    }
    named.sort_unstable();
    assert_eq!(named.len(), 2 * AT_ONCE);
    assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), AT_ONCE);
}

#[tokio::test]
async fn what_eight_invocations_measure_at_once_is_a_line_for_each() {
    let database = migrated().await;
    let worker = start("order-batch-worker", &database, "8");
    // Each of another number of messages, of chunks that there are not.
    let events = (1..=AT_ONCE).map(|records| {
        let mut event = sample("order-batch-worker");
        let mut record = event["Records"][0].clone();
        record["body"] = json!(r#"{"version":1,"task_id":1,"run":1,"chunk":0}"#);
        event["Records"] = json!(vec![record; records]);
        event
    });
    let answers = at_once(&worker, &database, &events.collect::<Vec<_>>()).await;
    assert!(
        answers
            .iter()
            .all(|answer| *answer == json!({"batchItemFailures": []})),
        "{answers:?}"
    );
    worker.polled(AT_ONCE);
    let lines = worker.stop();
    let measured = lines
        .iter()
        .filter_map(|line| line["ChunkTime"].as_array().map(Vec::len));
    let mut measured: Vec<_> = measured.collect();
    measured.sort_unstable();
    assert_eq!(measured, (1..=AT_ONCE).collect::<Vec<_>>());
    database.give_back().await;
}

#[tokio::test]
async fn where_lambda_sends_one_event_at_a_time_there_is_one_thread_and_one_poll() {
    let database = migrated().await;
    let get = start("task-get", &database, "");
    for _ in 0..2 {
        get.polled(1);
        get.send("only", &sample("task-get"));
        assert_eq!(answered(&get.answer("only"))["error"], "TASK_NOT_FOUND");
    }
    get.polled(1);
    assert_eq!(get.threads(), 1);
    database.give_back().await;
}
