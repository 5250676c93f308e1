//! Many tasks in one call: `/task/add` and `/task/finish` of lists, `/task/retry`

use serde_json::{Value, json};

use crate::support::{unique, with_api};
use crate::task_dispatch::{added, claim, get, queue};

#[tokio::test]
async fn a_list_of_tasks_is_added_and_finished_and_each_has_its_own_answer() {
    with_api(async |api| {
        let queue = queue(api, json!({})).await;
        let task = |more: Value| {
            let mut task = json!({"station_id": "T1", "task_name": "n", "input": {"a": 1}, "queue": queue});
            task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            task
        };
        let own = unique("own-");
        let list = json!({"tasks": [task(json!({})), task(json!({"user_task_id": own})), task(json!({"queue": "nowhere"})),
            task(json!({"station_id": ""}))]});
        let answer = api.post("/task/add", &list).await;
        let answers = answer.data().as_array().unwrap();
        assert_eq!(answers[1]["user_task_id"], json!(own));
        assert_eq!(json!([answers[2]["code"], answers[2]["error"], answers[3]["error"]]), json!([1, "PARAM_INVALID", "PARAM_MISSING"]));
        let again = api.post("/task/add", &list).await;
        assert_eq!(again.data()[1], answers[1], "an id of the caller's own is added once");
        let claimed = claim(api, &queue, json!({"limit": 100, "wait": 5})).await;
        assert_eq!(claimed.data().as_array().unwrap().len(), 3);
        assert_eq!(claimed.data()[0]["input"], "{\"a\":1}");
        let run = |at: usize, run: i32| json!({"task_id": answers[at]["task_id"], "run_count": run, "result": {"at": at}});
        let finished = api.post("/task/finish", &json!({"tasks": [run(0, 1), run(1, 7), {"run_count": 1}]})).await;
        let ends = finished.data().as_array().unwrap();
        assert_eq!(ends[0], Value::Null);
        assert_eq!(json!([ends[1]["error"], ends[1]["data"]["run_count"], ends[2]["error"]]), json!(["RUN_STALE", 1, "PARAM_MISSING"]));
        let task = get(api, answers[0]["task_id"].as_i64().unwrap()).await;
        assert_eq!(json!([task["outcome"], task["result"]]), json!(["success", {"at": 0}]));
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_empty_too_long_or_no_list_of_objects_is_refused_as_a_whole() {
    with_api(async |api| {
        for list in [
            json!([]),
            json!([1]),
            json!("x"),
            json!(vec![json!({}); 1_001]),
        ] {
            for path in ["/task/add", "/task/finish"] {
                api.post(path, &json!({"tasks": list}))
                    .await
                    .refusal("PARAM_INVALID");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn failed_tasks_are_retried_by_their_ids_and_by_a_filter() {
    with_api(async |api| {
        let queue = queue(api, json!({})).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(added(api, &queue).await);
        }
        claim(api, &queue, json!({"limit": 3})).await.data();
        for id in &ids {
            api.post(
                "/task/fail",
                &json!({"task_id": id, "msg": "m", "retry": false}),
            )
            .await
            .data();
        }
        let filter = json!({"filter": {"queue": queue, "station_id": "T1"}, "dry_run": true});
        let dry = api.post("/task/retry", &filter).await;
        assert_eq!(
            dry.data(),
            &json!({"retried": 3, "dry_run": true, "next_after_id": null})
        );
        let one = api
            .post("/task/retry", &json!({"task_ids": [ids[0]]}))
            .await;
        assert_eq!(one.data()["retried"], 1);
        let rest = api
            .post("/task/retry", &json!({"filter": {"queue": queue}}))
            .await;
        assert_eq!(rest.data()["retried"], 2);
        let claimed = claim(api, &queue, json!({"limit": 9})).await;
        assert_eq!(claimed.data().as_array().unwrap().len(), 3);
        for bad in [json!({"filter": {"station_id": "T1"}}), json!({})] {
            api.post("/task/retry", &bad).await.refusal("PARAM_MISSING");
        }
        let misspelt = json!({"filter": {"queue": queue, "outcom": "failed"}});
        api.post("/task/retry", &misspelt)
            .await
            .refusal("PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_retry_runs_no_task_that_is_only_counted_or_another_stations() {
    with_api(async |api| {
        let queue = queue(api, json!({})).await;
        let id = added(api, &queue).await;
        claim(api, &queue, json!({})).await.data();
        let fail = json!({"task_id": id, "msg": "m", "retry": false});
        api.post("/task/fail", &fail).await.data();
        let of_queue = json!({ "queue": queue });
        for path in ["/task/retry", "/async_task/retry"] {
            for bad in [
                json!({"task_ids": [id], "station_id": "T1", "dry_run": true}),
                json!({"task_ids": [id], "filter": of_queue}),
                json!({"filter": {"queue": queue, "station_id": "T1"}, "station_id": "T2"}),
            ] {
                api.post(path, &bad).await.refusal("PARAM_INVALID");
            }
            let elsewhere = json!({"filter": of_queue, "station_id": "T2"});
            assert_eq!(api.post(path, &elsewhere).await.data()["retried"], 0);
            let here = json!({"filter": of_queue, "station_id": "T1", "dry_run": true});
            assert_eq!(api.post(path, &here).await.data()["retried"], 1);
        }
        assert_eq!(get(api, id).await["status"], 3);
    })
    .await;
}
