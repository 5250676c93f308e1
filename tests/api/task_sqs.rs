//! Mode `sqs`: a message of every run that may start goes to the queue's own consumers.

use serde_json::{Value, json};
use task_local::{StackConfig, TaskQueue, project_root};

use crate::support::{Api, eventually, with_own_api};

/// A queue whose messages wait for the test, and one that a function in Python consumes.
fn configure(config: StackConfig) -> StackConfig {
    let consumer = project_root().join("examples/sqs/consumer.py");
    StackConfig {
        task_queues: vec![
            TaskQueue::named("report"),
            TaskQueue {
                consumer: Some(consumer),
                ..TaskQueue::named("sums")
            },
        ],
        ..config
    }
}

async fn declare(api: &Api, queue: &str, more: Value) {
    let mut policy = more;
    policy["queue"] = json!(queue);
    policy["mode"] = json!("sqs");
    let set = api.post("/task/queue/set", &policy).await;
    assert_eq!(set.data()["mode"], "sqs");
}

async fn add(api: &Api, queue: &str, input: Value) -> i64 {
    let task = json!({"station_id": "T1", "task_name": "n", "input": input, "queue": queue});
    let added = api.post("/task/add", &task).await;
    added.data()["task_id"].as_i64().unwrap()
}

/// Takes the next message out of the queue of the reports.
async fn message(api: &Api) -> Value {
    let queue = TaskQueue::named("report").queue();
    let take = async || api.stack.take(&queue).await.unwrap().pop();
    let body = eventually("a message arrives", take).await;
    serde_json::from_str(&body).unwrap()
}

/// Lets every message that is not there any more count as lost.
async fn forget_messages(api: &Api) {
    let sql = "UPDATE tbl_work SET due_at = NOW(3) WHERE state = 0 AND kind = 2";
    api.database.execute(sql).await;
}

async fn start(api: &Api, message: &Value) -> crate::support::Answer {
    let run = json!({"task_id": message["task_id"], "run_count": message["run_count"]});
    api.post("/task/start", &run).await
}

#[tokio::test]
async fn a_message_starts_its_run_a_lost_one_comes_again_and_a_refused_start_loses_nothing() {
    with_own_api(configure, async |api| {
        declare(api, "report", json!({"backoff": "0..0"})).await;
        let id = add(api, "report", json!({})).await;
        let first = message(api).await;
        let expected =
            json!({"v": 1, "task_id": id.to_string(), "queue": "report", "run_count": 1});
        assert_eq!(first, expected);

        forget_messages(api).await;
        assert_eq!(
            message(api).await,
            expected,
            "the sweeper announces it again"
        );

        api.post(
            "/task/queue/set",
            &json!({"queue": "report", "paused": true}),
        )
        .await
        .data();
        start(api, &first).await.refusal("TASK_NOT_DUE");
        api.post(
            "/task/queue/set",
            &json!({"queue": "report", "paused": false}),
        )
        .await
        .data();
        forget_messages(api).await;
        assert_eq!(
            message(api).await,
            expected,
            "a refused start loses nothing"
        );

        let started = start(api, &first).await;
        assert_eq!(
            json!([started.data()["run_count"], started.data()["status"]]),
            json!([1, 2])
        );
        start(api, &first).await.refusal("TASK_HELD");

        let fail = json!({"task_id": id, "run_count": 1, "msg": "no paper"});
        api.post("/task/fail", &fail).await.data();
        let second = message(api).await;
        assert_eq!(second["run_count"], 2);
        start(api, &first).await.refusal("RUN_STALE");
        start(api, &second).await.data();
        api.database.silence("report").await;
        let third = message(api).await;
        assert_eq!(
            third["run_count"], 3,
            "a dead consumer is followed by another run"
        );
        start(api, &third).await.data();
        let finish = json!({"task_id": id, "run_count": 3, "result": {"pages": 3}});
        api.post("/task/finish", &finish).await.data();
        start(api, &third).await.refusal("TASK_FINISHED");

        let retried = api.post("/task/retry", &json!({"task_id": id})).await;
        assert_eq!(retried.data()["retried"], 1);
        assert_eq!(message(api).await["run_count"], 4);
        let close = json!({"task_id": id.to_string(), "station_id": "T1"});
        api.post("/async_task/close", &close).await.data();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_a_cap_leaves_no_room_for_is_announced_when_another_ends() {
    with_own_api(configure, async |api| {
        declare(api, "report", json!({"concurrency": 1})).await;
        let ids = [
            add(api, "report", json!({})).await,
            add(api, "report", json!({})).await,
        ];
        let (first, second) = (message(api).await, message(api).await);
        start(api, &first).await.data();
        start(api, &second).await.refusal("TASK_NOT_DUE");
        let finish = json!({"task_id": first["task_id"], "run_count": 1});
        api.post("/task/finish", &finish).await.data();
        assert_eq!(message(api).await, second);
        start(api, &second).await.data();
        let close = json!({"task_ids": ids.map(|id| id.to_string()), "station_id": "T1"});
        api.post("/async_task/close", &close).await.data();
    })
    .await;
}

#[tokio::test]
async fn a_message_that_was_given_up_does_not_lose_its_task() {
    with_own_api(configure, async |api| {
        declare(api, "sums", json!({"max_attempts": 1})).await;
        // No consumer takes it: its queue is away, and with it the message.
        api.stack.kill_queue().await.unwrap();
        let id = add(api, "sums", json!({"numbers": [1, 2, 3]})).await;
        api.stack.start_queue().await.unwrap();
        let ended = async || {
            forget_messages(api).await;
            let task = api.get(&format!("/task/get?task_id={id}")).await;
            (task.data()["status"] == 3).then(|| task.data().clone())
        };
        let task = eventually("the task is done", ended).await;
        assert_eq!(
            json!([task["outcome"], task["result"]["sum"]]),
            json!(["success", 6])
        );
    })
    .await;
}

#[tokio::test]
async fn a_lambda_function_in_python_consumes_a_task_queue() {
    with_own_api(configure, async |api| {
        declare(api, "sums", json!({"max_attempts": 2, "backoff": "0..0"})).await;
        let tasks: Vec<_> = (0..5)
            .map(|n| json!({"station_id": "T1", "task_name": "n", "queue": "sums", "input": {"numbers": [n, 1]}}))
            .chain([json!({"station_id": "T1", "task_name": "n", "queue": "sums", "input": {"numbers": "x"}})])
            .collect();
        let added = api.post("/task/add", &json!({"tasks": tasks})).await;
        let ids: Vec<_> = added.data().as_array().unwrap().iter().map(|task| task["task_id"].as_i64().unwrap()).collect();
        let mut ends = Vec::new();
        for id in ids {
            let ended = async || {
                let task = api.get(&format!("/task/get?task_id={id}")).await;
                (task.data()["status"] == 3).then(|| task.data().clone())
            };
            let task = eventually("the task is done", ended).await;
            ends.push(json!([task["outcome"], task["run_count"], task["result"]["sum"]]));
        }
        let mut expected: Vec<_> = (0..5).map(|n| json!(["success", 1, n + 1])).collect();
        expected.push(json!(["failed", 2, null]));
        assert_eq!(ends, expected);
    })
    .await;
}

#[tokio::test]
async fn a_reference_file_may_declare_queues_that_have_an_sqs_queue() {
    with_own_api(configure, async |api| {
        let file = |queue: &str| json!({"queues": [{"queue": queue, "mode": "sqs"}]});
        let loaded = api.post("/reference/load", &file("report")).await;
        assert_eq!(loaded.data()["queues"], 1);
        let listed = api.get("/task/queue/list").await;
        let queues = listed.data().as_array().unwrap();
        let report = queues.iter().find(|queue| queue["queue"] == "report");
        assert_eq!(report.unwrap()["mode"], "sqs");
        let refused = api.post("/reference/load", &file("stocktake")).await;
        let sentence = refused.refusal("PARAM_INVALID");
        assert!(sentence.contains("TaskQueues"), "{sentence}");
    })
    .await;
}
