//! `GET|POST /task/get`

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Api, unique, with_api};

async fn add(api: &Api, id: &str) -> Value {
    let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
    api.post("/task/add", &task).await.data()["task_id"].clone()
}

#[tokio::test]
async fn a_task_is_found_by_either_id_as_number_or_text() {
    with_api(async |api| {
        let id = unique("get-");
        let key = add(api, &id).await;
        let text = key.to_string();
        let expected = api
            .get(&format!("/task/get?task_id={key}"))
            .await
            .data()
            .clone();
        assert_eq!(
            (&expected["task_id"], &expected["user_task_id"]),
            (&key, &json!(id))
        );
        for body in [
            json!({"task_id": key}),
            json!({"task_id": text}),
            json!({"user_task_id": id}),
            json!({"task_id": key, "user_task_id": id}),
        ] {
            assert_eq!(
                api.post("/task/get", &body).await.data(),
                &expected,
                "{body}"
            );
        }
        assert_eq!(
            api.form("/task/get", &[("user_task_id", &id)]).await.data(),
            &expected
        );
    })
    .await;
}

#[tokio::test]
async fn a_task_has_all_its_fields() {
    with_api(async |api| {
        let key = add(api, &unique("fields-")).await;
        let task = api.get(&format!("/task/get?task_id={key}")).await.data().clone();
        let names: BTreeSet<&str> = task.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = "task_id user_task_id station_id task_name name type type_id status progress repeat \
            message_show run_count create_time modify_time start_time end_time queue attempt max_attempts \
            next_run_time lease_time last_error outcome tags created_by input result";
        assert_eq!(names, expected.split_whitespace().collect());
        assert_eq!((&task["task_name"], &task["type"]), (&task["name"], &task["type_id"]));
        assert_eq!((&task["start_time"], &task["end_time"], &task["result"]), (&Value::Null, &Value::Null, &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn both_ids_must_name_the_same_task() {
    with_api(async |api| {
        let (one, other) = (unique("one-"), unique("other-"));
        let key = add(api, &one).await;
        add(api, &other).await;
        let both = json!({"task_id": key, "user_task_id": other});
        api.post("/task/get", &both).await.refusal("TASK_NOT_FOUND");
        let both = json!({"task_id": i64::MAX, "user_task_id": one});
        api.post("/task/get", &both).await.refusal("TASK_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn an_id_that_is_missing_unknown_or_none_is_refused() {
    with_api(async |api| {
        api.get("/task/get").await.refusal("PARAM_MISSING");
        for unknown in [
            "task_id=9223372036854775807",
            "user_task_id=nobody",
            "user_task_id=NOBODY",
        ] {
            api.get(&format!("/task/get?{unknown}"))
                .await
                .refusal("TASK_NOT_FOUND");
        }
        for none in [
            "task_id=abc",
            "task_id=-1",
            "task_id=0",
            "task_id=1.5",
            "task_id=9223372036854775808",
            "user_task_id=a%20b",
        ] {
            api.get(&format!("/task/get?{none}"))
                .await
                .refusal("PARAM_INVALID");
        }
    })
    .await;
}

#[tokio::test]
async fn ids_are_compared_byte_by_byte() {
    with_api(async |api| {
        let id = unique("Case-");
        add(api, &id).await;
        let path = format!("/task/get?user_task_id={}", id.to_lowercase());
        api.get(&path).await.refusal("TASK_NOT_FOUND");
    })
    .await;
}
