//! `POST /task/start`, `/task/update` and `/task/finish`

use serde_json::{Value, json};

use crate::support::{Api, unique, with_api};

async fn add(api: &Api, repeat: bool) -> String {
    let id = unique("life-");
    let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id, "repeat": repeat});
    api.post("/task/add", &task).await.data();
    id
}

async fn call(api: &Api, verb: &str, id: &str, more: Value) -> crate::support::Answer {
    let mut body = more;
    body["user_task_id"] = json!(id);
    api.post(&format!("/task/{verb}"), &body).await
}

async fn get(api: &Api, id: &str) -> Value {
    api.get(&format!("/task/get?user_task_id={id}"))
        .await
        .data()
        .clone()
}

#[tokio::test]
async fn a_task_is_started_again_and_again_until_it_is_finished() {
    with_api(async |api| {
        let id = add(api, false).await;
        for run in 1..=2 {
            let answer = call(api, "start", &id, json!({})).await;
            let task = answer.data();
            assert_eq!(
                (&task["status"], &task["run_count"]),
                (&json!(2), &json!(run))
            );
            assert!(task["start_time"].is_string());
        }
        assert_eq!(
            call(api, "finish", &id, json!({"result": {"msg": "ok"}}))
                .await
                .data(),
            &Value::Null
        );
        let refused = call(api, "start", &id, json!({})).await;
        refused.refusal("TASK_FINISHED");
        assert_eq!(
            refused.body["data"],
            get(api, &id).await,
            "the row, to acknowledge by"
        );
    })
    .await;
}

#[tokio::test]
async fn finishing_again_keeps_end_and_result() {
    with_api(async |api| {
        let id = add(api, false).await;
        call(
            api,
            "finish",
            &id,
            json!({"field": "result", "value": "done"}),
        )
        .await
        .data();
        let before = get(api, &id).await;
        assert_eq!(
            (&before["status"], &before["progress"], &before["result"]),
            (&json!(3), &json!(100), &json!("done"))
        );
        call(api, "finish", &id, json!({})).await.data();
        let after = get(api, &id).await;
        assert_eq!(
            (&after["end_time"], &after["result"]),
            (&before["end_time"], &before["result"])
        );
    })
    .await;
}

#[tokio::test]
async fn a_repeatable_task_starts_a_new_run_with_a_clean_result() {
    with_api(async |api| {
        let id = add(api, true).await;
        call(api, "start", &id, json!({})).await.data();
        call(api, "finish", &id, json!({"result": "{\"a\": 1}"}))
            .await
            .data();
        let again = call(api, "start", &id, json!({})).await.data().clone();
        assert_eq!(
            (&again["status"], &again["run_count"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(
            (&again["end_time"], &again["result"]),
            (&Value::Null, &Value::Null)
        );
    })
    .await;
}

#[tokio::test]
async fn a_result_is_updated_by_path_under_either_spelling() {
    with_api(async |api| {
        let id = add(api, false).await;
        call(
            api,
            "update",
            &id,
            json!({"field": "result", "value": {"list": [1], "n": 1}}),
        )
        .await
        .data();
        for change in [
            json!({"field": "result", "postion": "$.list[5]", "value": 2}),
            json!({"field": "", "position": "$.\"a b\"", "value": "text"}),
            json!({"field": "result", "postion": "$.n", "op": "increment", "value": 2}),
            json!({"field": "result", "postion": "$.list", "op": "append", "value": "3"}),
        ] {
            assert_eq!(call(api, "update", &id, change).await.data(), &Value::Null);
        }
        assert_eq!(
            get(api, &id).await["result"],
            json!({"list": [1, 2, 3], "n": 3, "a b": "text"})
        );
        let before = get(api, &id).await["result"].clone();
        for (change, word) in [
            (
                json!({"field": "result", "postion": "$.no.where", "value": 1}),
                "PATH_NOT_FOUND",
            ),
            (
                json!({"field": "result", "postion": "$.*", "value": 1}),
                "PATH_INVALID",
            ),
            (json!({"field": "status", "value": 3}), "FIELD_NOT_ALLOWED"),
            (
                json!({"field": "result", "postion": "$.n", "position": "$.m", "value": 1}),
                "PARAM_INVALID",
            ),
        ] {
            call(api, "update", &id, change).await.refusal(word);
        }
        assert_eq!(get(api, &id).await["result"], before);
    })
    .await;
}

#[tokio::test]
async fn writers_of_different_paths_lose_no_write() {
    with_api(async |api| {
        let id = add(api, false).await;
        let write = async |n: usize| {
            let change = json!({"field": "result", "postion": format!("$.k{n}"), "value": n});
            call(api, "update", &id, change).await.data();
        };
        let quarter = async |start: usize| {
            for n in start..start + 8 {
                write(n).await;
            }
        };
        tokio::join!(quarter(0), quarter(8), quarter(16), quarter(24));
        let result = get(api, &id).await["result"].clone();
        assert_eq!(result.as_object().unwrap().len(), 32);
    })
    .await;
}
