//! Which run speaks (`run_count`), operations that are sent again (`op_id`), `progress`, and results that are too large.

use serde_json::{Value, json};

use crate::support::{Answer, Api, unique, with_api};

/// A task that runs for the `runs`-th time.
async fn started(api: &Api, runs: usize) -> String {
    let id = unique("run-");
    let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
    api.post("/task/add", &task).await.data();
    for _ in 0..runs {
        call(api, "start", &id, json!({})).await.data();
    }
    id
}

async fn call(api: &Api, verb: &str, id: &str, mut body: Value) -> Answer {
    body["user_task_id"] = json!(id);
    api.post(&format!("/task/{verb}"), &body).await
}

async fn get(api: &Api, id: &str) -> Value {
    call(api, "get", id, json!({})).await.data().clone()
}

#[tokio::test]
async fn a_worker_of_an_earlier_run_is_refused_with_the_task() {
    with_api(async |api| {
        let id = started(api, 2).await;
        let before = get(api, &id).await;
        for verb in ["update", "finish"] {
            let stale = json!({"field": "result", "value": {"late": 1}, "run_count": 1});
            let answer = call(api, verb, &id, stale).await;
            answer.refusal("RUN_STALE");
            assert_eq!(answer.body["data"], before, "{verb}");
        }
        assert_eq!(get(api, &id).await, before);
        for verb in ["update", "finish"] {
            let own = json!({"field": "result", "value": {"verb": verb}, "run_count": 2});
            call(api, verb, &id, own).await.data();
            assert_eq!(get(api, &id).await["result"], json!({"verb": verb}));
        }
    })
    .await;
}

#[tokio::test]
async fn the_worker_of_a_closed_task_is_told_so_with_the_task() {
    with_api(async |api| {
        let id = started(api, 1).await;
        let close = json!({"user_task_id": id, "station_id": "T1"});
        api.post("/async_task/close", &close).await.data();
        let before = get(api, &id).await;
        assert_eq!(before["result"]["outcome"], "cancelled");
        for verb in ["update", "finish"] {
            let answer = call(api, verb, &id, json!({"value": {"late": 1}})).await;
            answer.refusal("TASK_FINISHED");
            assert_eq!(answer.body["data"], before, "{verb}");
        }
        assert_eq!(get(api, &id).await, before);
    })
    .await;
}

#[tokio::test]
async fn an_operation_under_one_op_id_takes_effect_once() {
    with_api(async |api| {
        let id = started(api, 1).await;
        let add = |op: &str| json!({"op": "increment", "postion": "$.n", "value": 5, "op_id": op});
        for (op, sum) in [("a", 5), ("a", 5), ("b", 10), ("a", 10)] {
            call(api, "update", &id, add(op)).await.data();
            assert_eq!(get(api, &id).await["result"], json!({"n": sum}), "{op}");
        }
    })
    .await;
}

#[tokio::test]
async fn progress_rises_to_99_until_the_task_is_finished() {
    with_api(async |api| {
        let id = started(api, 1).await;
        for (told, shown) in [(40, 40), (20, 40), (99, 99)] {
            let progress = json!({"field": "progress", "value": told});
            call(api, "update", &id, progress).await.data();
            assert_eq!(get(api, &id).await["progress"], shown);
        }
        let all = json!({"field": "progress", "value": 100});
        call(api, "update", &id, all).await.refusal("PARAM_INVALID");
        call(api, "finish", &id, json!({})).await.data();
        assert_eq!(get(api, &id).await["progress"], 100);
    })
    .await;
}

#[tokio::test]
async fn a_result_over_the_limit_is_refused_and_the_one_before_is_kept() {
    with_api(async |api| {
        let id = started(api, 1).await;
        let text = |bytes: usize| json!({"value": "\"".repeat(bytes / 2 - 1)});
        let input = json!({"field": "input", "value": "\"".repeat(499_999)});
        call(api, "update", &id, input).await.data();
        call(api, "update", &id, text(1_000_000)).await.data();
        let before = get(api, &id).await;
        assert_eq!(before["result"].as_str().unwrap().len(), 499_999);
        for verb in ["update", "finish"] {
            let answer = call(api, verb, &id, text(1_000_002)).await;
            answer.refusal("RESULT_TOO_LARGE");
        }
        assert_eq!(get(api, &id).await, before);
    })
    .await;
}
