//! `GET|POST /async_task/get`

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::DateTime};
use serde_json::{Value, json};

use crate::support::{Api, Station, numbered, orders, unique, with_api};

const GET: &str = "/async_task/get";

async fn add(api: &Api, user_task_id: &str) -> String {
    let task =
        json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": user_task_id});
    api.post("/task/add", &task).await.data()["task_id"].to_string()
}

#[tokio::test]
async fn a_task_has_all_its_fields_and_its_key_is_text() {
    with_api(async |api| {
        let id = unique("front-");
        let key = add(api, &id).await;
        let task = api.get(&format!("{GET}?task_id={key}")).await.data().clone();
        let names: BTreeSet<&str> = task.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = "task_id user_task_id station_id task_name type status progress can_cancel create_time modify_time \
            start_time end_time queue attempt max_attempts next_run_time lease_time last_error outcome tags created_by result";
        assert_eq!(names, expected.split_whitespace().collect());
        assert_eq!((&task["task_id"], &task["user_task_id"]), (&json!(key), &json!(id)));
        assert_eq!((&task["can_cancel"], &task["result"]), (&json!(true), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn a_task_is_found_by_either_id_under_task_id() {
    with_api(async |api| {
        let id = unique("either-");
        let key = add(api, &id).await;
        let expected = api
            .get(&format!("{GET}?task_id={key}"))
            .await
            .data()
            .clone();
        for body in [
            json!({"task_id": id}),
            json!({"user_task_id": id}),
            json!({"task_id": key.parse::<u64>().unwrap()}),
            json!({"task_id": key, "user_task_id": id}),
        ] {
            assert_eq!(api.post(GET, &body).await.data(), &expected, "{body}");
        }
        api.get(GET).await.refusal("PARAM_MISSING");
        let both = json!({"task_id": key, "user_task_id": "other"});
        api.post(GET, &both).await.refusal("TASK_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_numeric_task_id_is_the_key_or_the_callers_own_id_and_refused_where_it_is_both() {
    with_api(async |api| {
        let own = unique("900000000000");
        let key = add(api, &own).await;
        let found = api
            .get(&format!("{GET}?task_id={own}"))
            .await
            .data()
            .clone();
        assert_eq!(found["task_id"], key);
        let decoy = add(api, &key).await;
        assert_ne!(decoy, key);
        let ambiguous = api.get(&format!("{GET}?task_id={key}")).await;
        let msg = ambiguous.refusal("PARAM_INVALID");
        assert!(msg.contains("user_task_id"), "{msg}");
        for (own, key) in [(&own, &key), (&key, &decoy)] {
            let named = api.get(&format!("{GET}?user_task_id={own}")).await;
            assert_eq!(&named.data()["task_id"], key);
        }
    })
    .await;
}

#[tokio::test]
async fn times_are_printed_in_the_zone_of_the_deployment() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("times-");
        let now = Timestamp::now()
            .to_zoned(TimeZone::get("Asia/Shanghai").unwrap())
            .datetime();
        let task = api.import(&station, &id, &orders(2)).await;
        let mut before: Option<DateTime> = None;
        for name in ["create_time", "start_time", "end_time"] {
            let text = task[name].as_str().unwrap();
            assert_eq!(text.len(), "2026-01-01 00:00:00".len(), "{text}");
            let time: DateTime = text.parse().unwrap();
            let minutes = (time - now).total(jiff::Unit::Minute).unwrap();
            assert!(minutes.abs() < 2.0, "{name} {text} is not about {now}");
            assert!(before.is_none_or(|before| before <= time), "{task}");
            before = Some(time);
        }
        assert!(task["modify_time"].as_str() >= task["end_time"].as_str());
    })
    .await;
}

#[tokio::test]
async fn progress_never_goes_down_and_is_100_only_when_the_task_is_finished() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("progress-");
        api.submit(&station, &id, &numbered(&id, 2000)).await.data();
        let mut before = (1, 0);
        while before.0 != 3 {
            let task = api.task(&id).await;
            let now = (
                task["status"].as_u64().unwrap(),
                task["progress"].as_u64().unwrap(),
            );
            assert!(now.0 >= before.0 && now.1 >= before.1, "{before:?} {now:?}");
            assert_eq!(now.1 == 100, now.0 == 3, "{now:?}");
            assert_eq!(task["can_cancel"], now.0 != 3);
            assert_eq!(
                task["result"].is_null(),
                now.0 != 3,
                "a finished task's result is complete"
            );
            before = now;
        }
        assert_eq!(api.task(&id).await["result"]["success_count"], 2000);
    })
    .await;
}

#[tokio::test]
async fn a_finished_tasks_result_is_never_null() {
    with_api(async |api| {
        let id = unique("bare-");
        let key = add(api, &id).await;
        api.post("/task/finish", &json!({"user_task_id": id}))
            .await
            .data();
        let task = api
            .get(&format!("{GET}?task_id={key}"))
            .await
            .data()
            .clone();
        assert_eq!(
            (&task["result"], &task["progress"]),
            (&json!({"msg": ""}), &json!(100))
        );
    })
    .await;
}
