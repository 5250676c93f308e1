//! `POST /async_task/close`

use serde_json::{Value, json};

use crate::batch_in_flight::with_still_workers;
use crate::support::{Api, Station, orders, unique, with_api};

const CLOSE: &str = "/async_task/close";

async fn shown(api: &Api, id: &str) -> Value {
    api.get(&format!("/task/get?user_task_id={id}"))
        .await
        .data()["message_show"]
        .clone()
}

#[tokio::test]
async fn a_finished_task_is_only_hidden() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("hidden-");
        let before = api.import(&station, &id, &orders(2)).await;
        for _ in 0..2 {
            let answer = api.post(CLOSE, &json!({"task_id": id})).await;
            assert_eq!(answer.data(), &json!({"closed": 1}));
        }
        assert_eq!(shown(api, &id).await, false);
        let after = api.task(&id).await;
        assert_eq!(
            (&after["result"], &after["end_time"]),
            (&before["result"], &before["end_time"])
        );
    })
    .await;
}

#[tokio::test]
async fn an_open_batch_is_cancelled_and_no_late_worker_changes_it() {
    with_still_workers(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("cancelled-");
        api.submit(&station, &id, &orders(7)).await.data();
        api.form(CLOSE, &[("user_task_ids", &json!([id]).to_string())])
            .await
            .data();
        let closed = api.task(&id).await;
        assert_eq!(
            (
                &closed["status"],
                &closed["progress"],
                &closed["can_cancel"]
            ),
            (&json!(3), &json!(100), &json!(false))
        );
        let result = &closed["result"];
        assert_eq!(
            (&result["outcome"], &result["unprocessed_count"]),
            (&json!("cancelled"), &json!(7))
        );
        assert!(
            result["msg"].as_str().unwrap().contains("取消7"),
            "{result}"
        );
        let cancelled = api.details(&id, "cancelled").await;
        assert_eq!(
            (cancelled.len(), &cancelled[0]["code"]),
            (7, &json!("CANCELLED"))
        );
        api.workers().resume();
        api.drained().await;
        assert_eq!(api.task(&id).await, closed);
        assert_eq!(api.database.count("tbl_order", &id).await, 0);
    })
    .await;
}

#[tokio::test]
async fn another_stations_task_cannot_be_closed() {
    with_api(async |api| {
        let (mine, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let (own, foreign) = (unique("own-"), unique("foreign-"));
        api.import(&mine, &own, &orders(1)).await;
        api.import(&other, &foreign, &orders(1)).await;
        let both = json!({"user_task_ids": [own, foreign], "station_id": mine.id});
        api.post(CLOSE, &both).await.refusal("TASK_NOT_FOUND");
        assert_eq!(
            (shown(api, &own).await, shown(api, &foreign).await),
            (json!(true), json!(true))
        );
        api.post(CLOSE, &json!({})).await.refusal("PARAM_MISSING");
    })
    .await;
}

#[tokio::test]
async fn several_tasks_are_closed_by_either_id_as_a_list_or_as_text() {
    with_api(async |api| {
        let add = async |id: &str| {
            let task =
                json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
            api.post("/task/add", &task).await.data()["task_id"].clone()
        };
        for as_text in [false, true] {
            let ids = [unique("a-"), unique("b-"), unique("c-"), unique("d-")];
            let mut keys = vec![];
            for id in &ids {
                keys.push(add(id).await);
            }
            let (by_key, by_id) = (
                json!([keys[0], keys[1].to_string(), ids[2]]),
                json!([ids[2], ids[3]]),
            );
            let sent = |list: &Value| {
                if as_text {
                    json!(list.to_string())
                } else {
                    list.clone()
                }
            };
            let body = json!({"task_ids": sent(&by_key), "user_task_ids": sent(&by_id)});
            for _ in 0..2 {
                assert_eq!(api.post(CLOSE, &body).await.data(), &json!({"closed": 4}));
            }
            for id in &ids {
                let task = api.task(id).await;
                assert_eq!(
                    (&task["status"], &task["can_cancel"]),
                    (&json!(3), &json!(false))
                );
                assert_eq!(
                    (&task["result"]["outcome"], shown(api, id).await),
                    (&json!("cancelled"), json!(false))
                );
                assert!(task["end_time"].is_string(), "{task}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_hundred_tasks_are_closed_at_once_and_one_missing_closes_none() {
    with_api(async |api| {
        let ids: Vec<_> = (0..100).map(|_| unique("many-")).collect();
        for id in &ids {
            let task =
                json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
            api.post("/task/add", &task).await.data();
        }
        let mut one_missing = ids.clone();
        one_missing[99] = "nobody".to_owned();
        api.post(CLOSE, &json!({"task_ids": one_missing}))
            .await
            .refusal("TASK_NOT_FOUND");
        assert_eq!(api.task(&ids[0]).await["status"], 1);
        let answer = api
            .form(CLOSE, &[("task_ids", ids.join(",").as_str())])
            .await;
        assert_eq!(answer.data(), &json!({"closed": 100}));
        assert_eq!(api.task(&ids[99]).await["status"], 3);
        let more = [ids, vec!["x".to_owned()]].concat();
        let refused = api.post(CLOSE, &json!({"task_ids": more})).await;
        let msg = refused.refusal("PARAM_INVALID");
        assert!(msg.contains("101") && msg.contains("100"), "{msg}");
    })
    .await;
}
