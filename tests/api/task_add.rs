//! `POST /task/add`

use serde_json::{Value, json};

use crate::support::{Api, unique, with_api};

const ADD: &str = "/task/add";

fn named(id: &str) -> Value {
    json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id, "type_id": 3})
}

fn with(mut task: Value, name: &str, value: impl Into<Value>) -> Value {
    task[name] = value.into();
    task
}

async fn count(api: &Api, id: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM tbl_async_task WHERE user_task_id = '{id}'");
    api.database.number(&sql).await
}

#[tokio::test]
async fn a_task_is_added_with_defaults_and_its_key_is_an_integer() {
    with_api(async |api| {
        let answer = api
            .post(
                ADD,
                &json!({"station_id": "T1", "task_name": "n", "input": "i"}),
            )
            .await;
        assert!(answer.data()["task_id"].is_i64(), "{}", answer.text);
        assert_eq!(answer.data()["user_task_id"], "");
        let path = format!("/task/get?task_id={}", answer.data()["task_id"]);
        let task = api.get(&path).await.data().clone();
        let defaults = (&task["repeat"], &task["type_id"], &task["message_show"]);
        assert_eq!(defaults, (&json!(false), &json!(0), &json!(true)));
        assert_eq!(
            (&task["status"], &task["progress"], &task["run_count"]),
            (&json!(1), &json!(0), &json!(0))
        );
    })
    .await;
}

#[tokio::test]
async fn a_retried_add_answers_the_same_ids() {
    with_api(async |api| {
        let id = unique("retried:");
        let first = api.post(ADD, &named(&id)).await;
        let second = api.post(ADD, &named(&id)).await;
        assert_eq!(first.data(), second.data());
        assert_eq!(first.data()["user_task_id"], id);
        assert_eq!(count(api, &id).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_is_taken_by_other_content_is_a_conflict_and_changes_nothing() {
    with_api(async |api| {
        let id = unique("taken.");
        let key = api.post(ADD, &named(&id)).await.data()["task_id"].clone();
        let path = format!("/task/get?task_id={key}");
        let before = api.get(&path).await.data().clone();
        for (name, other) in [
            ("input", json!("j")),
            ("task_name", json!("m")),
            ("station_id", json!("T2")),
            ("type_id", json!(4)),
        ] {
            let answer = api.post(ADD, &with(named(&id), name, other)).await;
            answer.refusal("TASK_CONFLICT");
        }
        assert_eq!(api.get(&path).await.data(), &before);
    })
    .await;
}

#[tokio::test]
async fn a_finished_task_is_submitted_again_if_it_is_repeatable() {
    with_api(async |api| {
        let (once, often) = (unique("once-"), unique("often-"));
        let repeatable = with(named(&often), "repeat", true);
        let key = api.post(ADD, &repeatable).await.data()["task_id"].clone();
        api.post(ADD, &named(&once)).await.data();
        finish(api, &[&once, &often]).await;
        let again = api.post(ADD, &with(repeatable, "input", "new")).await;
        assert_eq!(again.data()["task_id"], key);
        let task = api
            .get(&format!("/task/get?task_id={key}"))
            .await
            .data()
            .clone();
        assert_eq!(
            (&task["status"], &task["input"]),
            (&json!(1), &json!("new"))
        );
        assert_eq!(
            (&task["result"], &task["end_time"]),
            (&Value::Null, &Value::Null)
        );
        let refused = api.post(ADD, &with(named(&once), "input", "new")).await;
        refused.refusal("TASK_CONFLICT");
    })
    .await;
}

async fn finish(api: &Api, ids: &[&str]) {
    for id in ids {
        let end = json!({"user_task_id": id, "result": {"a": 1}});
        api.post("/task/finish", &end).await.data();
    }
}

#[tokio::test]
async fn the_same_id_added_by_many_at_once_is_one_task() {
    with_api(async |api| {
        let id = unique("raced-");
        let task = named(&id);
        let (a, b, c) = tokio::join!(
            api.post(ADD, &task),
            api.post(ADD, &task),
            api.post(ADD, &task)
        );
        assert_eq!((a.data(), b.data()), (b.data(), c.data()));
        assert_eq!(count(api, &id).await, 1);
    })
    .await;
}

#[tokio::test]
async fn limits_are_kept_and_a_refused_task_is_not_stored() {
    with_api(async |api| {
        let station = unique("L");
        let task = json!({"station_id": station, "task_name": "n", "input": "i"});
        for (name, bad) in [
            ("station_id", json!("x".repeat(17))),
            ("task_name", json!("字".repeat(65))),
            ("user_task_id", json!("x".repeat(65))),
            ("user_task_id", json!("a b")),
            ("user_task_id", json!("á")),
            ("type_id", json!("1.5")),
            ("type_id", json!(2_147_483_648_u32)),
            ("repeat", json!("yes")),
            ("message_show", json!(2)),
            ("task_name", json!(["n"])),
        ] {
            let answer = api.post(ADD, &with(task.clone(), name, bad)).await;
            let msg = answer.refusal("PARAM_INVALID");
            assert!(msg.contains(name), "{msg}");
        }
        for name in ["station_id", "task_name", "input"] {
            api.post(ADD, &with(task.clone(), name, Value::Null))
                .await
                .refusal("PARAM_MISSING");
        }
        assert_eq!(api.database.rows(&station).await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_input_is_stored_as_the_text_it_was_sent_as() {
    with_api(async |api| {
        let long = "数据\u{1f34e}\n\"'\\".repeat(20_000);
        let answer = api
            .post(
                ADD,
                &json!({"station_id": "T1", "task_name": "n", "input": long}),
            )
            .await;
        let path = format!("/task/get?task_id={}", answer.data()["task_id"]);
        assert_eq!(api.get(&path).await.data()["input"], long);
        let body =
            r#"{"station_id": "T1", "task_name": "n", "input": {"b": 2.50, "a":[1 , null]}}"#;
        let answer = api.raw(ADD, Some("application/json"), body).await;
        let path = format!("/task/get?task_id={}", answer.data()["task_id"]);
        assert_eq!(
            api.get(&path).await.data()["input"],
            r#"{"b": 2.50, "a":[1 , null]}"#
        );
    })
    .await;
}
