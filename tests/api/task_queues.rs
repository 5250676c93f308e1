//! `/task/queue/set` and `/task/queue/list`

use serde_json::json;

use crate::support::with_api;

#[tokio::test]
async fn a_queue_is_declared_by_its_name_and_changed_member_by_member() {
    with_api(async |api| {
        let set = json!({"queue": "policies", "timeout": 60, "backoff": "0..30", "paused": "true"});
        let first = api.post("/task/queue/set", &set).await;
        assert_eq!(
            first.data(),
            &json!({"queue": "policies", "mode": "pull", "timeout": 60, "max_attempts": 5, "backoff": "0..30",
                "concurrency": 0, "station_concurrency": 0, "paused": true})
        );
        let change = json!({"queue": "policies", "max_attempts": 9, "concurrency": 2});
        let second = api.post("/task/queue/set", &change).await;
        let policy = second.data();
        assert_eq!(
            json!([policy["timeout"], policy["max_attempts"], policy["concurrency"], policy["paused"]]),
            json!([60, 9, 2, true])
        );
    })
    .await;
}

#[tokio::test]
async fn a_bad_policy_is_refused_by_the_name_of_what_is_wrong() {
    with_api(async |api| {
        for (member, value) in [
            ("queue", json!("Report")),
            ("queue", json!("a-b")),
            ("mode", json!("call")),
            ("mode", json!("sqs")),
            ("mode", json!("tcp")),
            ("timeout", json!(9)),
            ("max_attempts", json!(51)),
            ("backoff", json!("60")),
            ("backoff", json!("60..10")),
            ("concurrency", json!(-1)),
            ("paused", json!("maybe")),
        ] {
            let mut set = json!({"queue": "bad"});
            set[member] = value;
            let refused = api.post("/task/queue/set", &set).await;
            refused.refusal("PARAM_INVALID");
            let message = refused.body["msg"].as_str().unwrap();
            assert!(message.contains(member), "{message}");
        }
        api.post("/task/queue/set", &json!({}))
            .await
            .refusal("PARAM_MISSING");
    })
    .await;
}

#[tokio::test]
async fn the_list_has_a_page_of_queues_with_what_waits_in_each() {
    with_api(async |api| {
        for queue in ["zz1", "zz2", "zz3"] {
            api.post("/task/queue/set", &json!({"queue": queue}))
                .await
                .data();
        }
        let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "queue": "zz2"});
        api.post("/task/add", &task).await.data();
        let page = api.get("/task/queue/list?after=zz&limit=2").await;
        let queues = page.data().as_array().unwrap();
        let waiting: Vec<_> = queues
            .iter()
            .map(|queue| json!([queue["queue"], queue["counts"]["waiting"]]))
            .collect();
        assert_eq!(waiting, [json!(["zz1", 0]), json!(["zz2", 1])]);
        assert_eq!(page.body["next_after"], "zz2");
        let last = api.post("/task/queue/list", &json!({"after": "zz2"})).await;
        assert_eq!(last.body["next_after"], json!(null));
        assert_eq!(last.data()[0]["queue"], "zz3");
    })
    .await;
}
