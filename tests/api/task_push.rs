//! Queues in mode `push`: a target is called for each run, and its answers count.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answers, Api, Receiver, eventually, unique, with_api};

/// Declares a queue of a test's own whose target is called.
async fn declared(api: &Api, url: &str) -> String {
    let queue = unique("p");
    let policy =
        json!({"queue": queue, "mode": "push", "url": url, "secret": "demo", "backoff": "0..0"});
    api.post("/task/queue/set", &policy).await.data();
    queue
}

async fn added(api: &Api, queue: &str, input: &Value) -> i64 {
    let new = json!({"station_id": "T1", "task_name": "n", "input": input, "queue": queue});
    let added = api.post("/task/add", &new).await;
    added.data()["task_id"].as_i64().unwrap()
}

async fn task(api: &Api, id: i64) -> Value {
    let task = api.get(&format!("/task/get?task_id={id}")).await;
    task.data().clone()
}

async fn ended(api: &Api, id: i64) -> Value {
    let ended = async || Some(task(api, id).await).filter(|task| task["status"] == 3);
    eventually("the task has ended", ended).await
}

#[tokio::test]
async fn a_target_is_called_within_milliseconds_and_finishes_the_task_by_its_answer() {
    with_api(async |api| {
        let done = Answers::Text(200, r#"{"finished": true, "result": {"msg": "done"}}"#);
        let receiver = Receiver::start(&[done; 32]).await;
        let queue = declared(api, &receiver.url).await;
        let mut waits = Vec::new();
        for n in 0..31 {
            let start = Instant::now();
            let id = added(api, &queue, &json!("i")).await;
            let called = async || receiver.received().get(n).cloned();
            let called = eventually("the target is called", called).await;
            waits.push(called.at.saturating_duration_since(start));
            assert_eq!(called.id, format!("task_{id}_1"));
            assert_eq!(called.body["data"]["task_id"], id);
            let task = ended(api, id).await;
            assert_eq!(
                json!([task["outcome"], task["result"]["msg"]]),
                json!(["success", "done"])
            );
        }
        // The first calls start functions.
        let mut waits = waits.split_off(10);
        waits.sort_unstable();
        println!(
            "added to called: p50 {:?}, longest {:?}",
            waits[10], waits[20]
        );
        assert!(waits[10] < Duration::from_millis(500), "{waits:?}");
    })
    .await;
}

#[tokio::test]
async fn a_target_that_accepts_a_run_ends_it_itself_and_the_callback_is_told() {
    with_api(async |api| {
        let target = Receiver::start(&[Answers::Status(202)]).await;
        let told = Receiver::start(&[]).await;
        let queue = declared(api, &target.url).await;
        let callback = unique("cb");
        let set = json!({"name": callback, "url": told.url, "secret": "demo"});
        api.post("/task/callback/set", &set).await.data();
        let new = json!({"station_id": "T1", "task_name": "n", "input": "i", "queue": queue, "callback": callback});
        let id = api.post("/task/add", &new).await.data()["task_id"].clone();
        let called = async || target.received().first().cloned();
        let called = eventually("the target is called", called).await;
        let run = &called.body["data"];
        let step = json!({"task_id": id, "run_count": run["run_count"], "field": "progress", "value": 50});
        api.post("/task/update", &step).await.data();
        let end = json!({"task_id": id, "run_count": run["run_count"], "result": {"msg": "late"}});
        api.post("/task/finish", &end).await.data();
        let first = async || told.received().first().cloned();
        let told = eventually("the callback is told", first).await;
        assert_eq!(told.body["data"]["outcome"], "success");
    })
    .await;
}

#[tokio::test]
async fn a_callback_of_a_run_that_an_answer_finishes_does_not_wait_for_the_sweeper() {
    with_api(async |api| {
        let done = Answers::Text(200, r#"{"finished": true}"#);
        let target = Receiver::start(&[done]).await;
        let told = Receiver::start(&[]).await;
        let queue = declared(api, &target.url).await;
        let callback = unique("cb");
        let set = json!({"name": callback, "url": told.url, "secret": "demo"});
        api.post("/task/callback/set", &set).await.data();
        let new = json!({"station_id": "T1", "task_name": "n", "input": "i", "queue": queue, "callback": callback});
        api.post("/task/add", &new).await.data();
        let called = async || target.received().first().map(|call| call.at);
        let called = eventually("the target is called", called).await;
        let first = async || told.received().first().map(|call| call.at);
        let told = eventually("the callback is told", first).await;
        let wait = told.saturating_duration_since(called);
        assert!(wait < Duration::from_secs(1), "{wait:?}");
    })
    .await;
}

#[tokio::test]
async fn a_target_that_fails_or_resets_is_called_again_and_one_that_is_gone_pauses_its_queue() {
    with_api(async |api| {
        let answers = [
            Answers::Status(500),
            Answers::Status(404),
            Answers::Status(410),
        ];
        let receiver = Receiver::start(&answers).await;
        let queue = declared(api, &receiver.url).await;
        let id = added(api, &queue, &json!("i")).await;
        let gone = async || {
            let task = task(api, id).await;
            let error = task["last_error"].as_str()?.contains("410");
            error.then_some(task)
        };
        let waiting = eventually("the target is gone", gone).await;
        assert_eq!(
            json!([waiting["status"], waiting["run_count"], waiting["attempt"]]),
            json!([1, 3, 2])
        );
        let list = api
            .get(&format!(
                "/task/queue/list?after={}",
                &queue[..queue.len() - 1]
            ))
            .await;
        let listed = list
            .data()
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["queue"] == queue)
            .unwrap()
            .clone();
        assert_eq!(listed["paused"], true);
        api.post("/task/queue/set", &json!({"queue": queue, "paused": false}))
            .await
            .data();
        let called = async || (receiver.received().len() == 4).then_some(());
        eventually("the target is called again", called).await;
        api.post("/task/finish", &json!({"task_id": id}))
            .await
            .data();
    })
    .await;
}

#[tokio::test]
async fn targets_that_hang_keep_a_quick_one_neither_waiting_nor_out() {
    with_api(async |api| {
        let done = Answers::Text(200, r#"{"finished": true}"#);
        let quick = Receiver::start(&[done; 64]).await;
        let queue = declared(api, &quick.url).await;
        let mut hanging = Vec::new();
        for _ in 0..3 {
            let target = Receiver::start(&[Answers::Hang; 64]).await;
            let slow = declared(api, &target.url).await;
            for _ in 0..12 {
                added(api, &slow, &json!("i")).await;
            }
            hanging.push((slow, target));
        }
        let all = async || {
            hanging
                .iter()
                .all(|(_, target)| !target.received().is_empty())
                .then_some(())
        };
        eventually("all targets hang", all).await;
        let mut waits = Vec::new();
        for n in 0..20 {
            let start = Instant::now();
            added(api, &queue, &json!("i")).await;
            let called = async || quick.received().get(n).map(|call| call.at);
            let called = eventually("the quick target is called", called).await;
            waits.push(called.saturating_duration_since(start));
        }
        waits.sort_unstable();
        println!(
            "beside 3 targets that hang: p50 {:?}, longest {:?}",
            waits[10], waits[19]
        );
        assert!(waits[19] < Duration::from_secs(5), "{waits:?}");
        for (slow, target) in &hanging {
            assert!(target.received().len() <= 10, "no more calls than places");
            api.post("/task/queue/set", &json!({"queue": slow, "paused": true}))
                .await
                .data();
        }
    })
    .await;
}
