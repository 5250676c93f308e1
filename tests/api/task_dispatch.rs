//! `/task/add` with a queue, `/task/claim`, `/task/heartbeat`, `/task/fail`

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Answer, Api, eventually, unique, with_api};

/// A queue of a test's own.
pub(crate) async fn queue(api: &Api, policy: Value) -> String {
    let name = unique("q");
    let mut set = policy;
    set["queue"] = json!(name);
    api.post("/task/queue/set", &set).await.data();
    name
}

async fn add(api: &Api, queue: &str, more: Value) -> Answer {
    let mut task = more;
    for (name, value) in [
        ("station_id", "T1"),
        ("task_name", "n"),
        ("input", "i"),
        ("queue", queue),
    ] {
        if task[name].is_null() {
            task[name] = json!(value);
        }
    }
    api.post("/task/add", &task).await
}

pub(crate) async fn added(api: &Api, queue: &str) -> i64 {
    let answer = add(api, queue, json!({})).await;
    answer.data()["task_id"].as_i64().unwrap()
}

pub(crate) async fn claim(api: &Api, queue: &str, more: Value) -> Answer {
    let mut body = more;
    body["queue"] = json!(queue);
    api.post("/task/claim", &body).await
}

pub(crate) async fn get(api: &Api, id: i64) -> Value {
    let task = api.get(&format!("/task/get?task_id={id}")).await;
    task.data().clone()
}

#[tokio::test]
async fn a_task_goes_from_add_to_finish_through_a_worker() {
    with_api(async |api| {
        let queue = queue(api, json!({"timeout": 60, "max_attempts": 3})).await;
        let more = json!({"tags": ["a", "b"], "created_by": "erp"});
        let id = add(api, &queue, more).await.data()["task_id"]
            .as_i64()
            .unwrap();
        let claimed = claim(api, &queue, json!({"limit": 5})).await;
        assert_eq!(claimed.body["retry_after"], json!(null));
        let task = &claimed.data()[0];
        assert_eq!(
            json!([
                task["task_id"],
                task["status"],
                task["run_count"],
                task["attempt"],
                task["max_attempts"]
            ]),
            json!([id, 2, 1, 1, 3])
        );
        assert_eq!(
            json!([task["tags"], task["created_by"], task["queue"]]),
            json!([["a", "b"], "erp", queue])
        );
        let run = json!({"task_id": id, "run_count": 1});
        let beat = api.post("/task/heartbeat", &run).await;
        assert_eq!(beat.data()["cancelled"], false);
        assert!(beat.data()["lease_time"].is_string());
        let finish = json!({"task_id": id, "run_count": 1, "result": {"rows": 9}});
        assert_eq!(api.post("/task/finish", &finish).await.data(), &Value::Null);
        let detail = api
            .get(&format!("/async_task/detail?station_id=T1&task_id={id}"))
            .await;
        let runs = &detail.data()["runs"];
        assert_eq!(
            json!([runs[0]["run_count"], runs[0]["error"]]),
            json!([1, null])
        );
        assert_eq!(detail.data()["outcome"], "success");
        let empty = claim(api, &queue, json!({})).await;
        assert_eq!(
            json!([empty.data(), empty.body["retry_after"]]),
            json!([[], 5])
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_only_for_a_queue_is_refused_without_one() {
    with_api(async |api| {
        for (name, value) in [
            ("delay", json!(5)),
            ("run_at", json!("2030-01-01 00:00:00")),
            ("timeout", json!(60)),
            ("max_attempts", json!(2)),
            ("expire_at", json!("2030-01-01 00:00:00")),
        ] {
            let mut task = json!({"station_id": "T1", "task_name": "n", "input": "i"});
            task[name] = value;
            let refused = api.post("/task/add", &task).await;
            refused.refusal("PARAM_INVALID");
            assert!(refused.body["msg"].as_str().unwrap().contains(name));
        }
    })
    .await;
}

#[tokio::test]
async fn a_bad_member_of_a_dispatch_is_refused_by_its_name() {
    with_api(async |api| {
        let queue = queue(api, json!({})).await;
        for (name, value) in [
            ("queue", json!("nowhere")),
            ("queue", json!("No")),
            ("delay", json!(-1)),
            ("delay", json!(40_000_000)),
            ("run_at", json!("tomorrow")),
            ("run_at", json!("2099-01-01 00:00:00")),
            ("timeout", json!(5)),
            ("max_attempts", json!(0)),
            ("expire_at", json!("2026-13-01 00:00:00")),
            ("tags", json!(["x".repeat(33)])),
            ("created_by", json!("x".repeat(65))),
        ] {
            let mut more = json!({});
            more[name] = value;
            let refused = add(api, &queue, more).await;
            refused.refusal("PARAM_INVALID");
            let message = refused.body["msg"].as_str().unwrap();
            assert!(message.contains(name), "{message}");
        }
        let both = json!({"delay": 5, "run_at": "2027-01-01 00:00:00"});
        add(api, &queue, both).await.refusal("PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_claim_waits_until_there_is_a_task() {
    with_api(async |api| {
        let queue = queue(api, json!({})).await;
        add(api, &queue, json!({"delay": 1})).await.data();
        let began = Instant::now();
        let claimed = claim(api, &queue, json!({"wait": 10})).await;
        assert_eq!(claimed.data().as_array().unwrap().len(), 1);
        assert!(began.elapsed().as_secs() < 9);
        for bad in [
            json!({"wait": 11}),
            json!({"limit": 101}),
            json!({"claim_id": "a b"}),
        ] {
            claim(api, &queue, bad).await.refusal("PARAM_INVALID");
        }
    })
    .await;
}

#[tokio::test]
async fn a_failed_run_is_followed_by_another_and_its_late_worker_is_refused() {
    with_api(async |api| {
        let queue = queue(api, json!({"backoff": "0..0"})).await;
        let id = added(api, &queue).await;
        claim(api, &queue, json!({})).await.data();
        let start = api.post("/task/start", &json!({"task_id": id})).await;
        start.refusal("TASK_HELD");
        assert_eq!(start.body["data"]["task_id"], id);
        let fail = json!({"task_id": id, "run_count": 1, "msg": "磁盘已满"});
        let failed = api.post("/task/fail", &fail).await;
        assert_eq!(failed.data()["status"], 1);
        let task = get(api, id).await;
        assert_eq!(
            json!([task["last_error"], task["run_count"]]),
            json!(["磁盘已满", 1])
        );
        claim(api, &queue, json!({"wait": 5})).await.data();
        for path in ["/task/finish", "/task/heartbeat"] {
            let stale = api
                .post(path, &json!({"task_id": id, "run_count": 1}))
                .await;
            stale.refusal("RUN_STALE");
            assert_eq!(stale.body["data"]["run_count"], 2, "{path}");
        }
        let later = json!({"task_id": id, "run_count": 2, "msg": "later", "retry_after": 600});
        api.post("/task/fail", &later).await.data();
        let early = api.post("/task/start", &json!({"task_id": id})).await;
        early.refusal("TASK_NOT_DUE");
        assert!(early.body["data"]["next_run_time"].is_string());
        api.post("/task/fail", &json!({"task_id": id}))
            .await
            .refusal("PARAM_MISSING");
    })
    .await;
}

#[tokio::test]
async fn the_worker_of_a_closed_task_learns_with_its_next_heartbeat() {
    with_api(async |api| {
        let queue = queue(api, json!({})).await;
        let id = added(api, &queue).await;
        claim(api, &queue, json!({})).await.data();
        let close = json!({"task_id": id.to_string(), "station_id": "T1"});
        api.post("/async_task/close", &close).await.data();
        let run = json!({"task_id": id, "run_count": 1});
        let beat = api.post("/task/heartbeat", &run).await;
        assert_eq!(beat.data(), &json!({"lease_time": null, "cancelled": true}));
        let finish = api.post("/task/finish", &run).await;
        finish.refusal("TASK_FINISHED");
        assert_eq!(finish.body["data"]["outcome"], "cancelled");
    })
    .await;
}

#[tokio::test]
async fn a_silent_worker_is_followed_by_another_run_and_ends_the_task_at_last() {
    with_api(async |api| {
        let queue = queue(api, json!({"backoff": "0..0", "max_attempts": 1})).await;
        let id = added(api, &queue).await;
        claim(api, &queue, json!({})).await.data();
        api.database.silence(&queue).await;
        let ended = async || Some(get(api, id).await).filter(|task| task["status"] == 3);
        let task = eventually("the run is lost", ended).await;
        assert_eq!(task["outcome"], "failed");
        assert!(
            task["last_error"]
                .as_str()
                .unwrap()
                .starts_with("LEASE_LOST")
        );
    })
    .await;
}
