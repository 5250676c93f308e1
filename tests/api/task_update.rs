//! `POST /task/update`, and the changes of `POST /task/finish`

use serde_json::{Value, json};

use crate::support::{Answer, Api, unique, with_api};

/// A task without a result.
async fn added(api: &Api) -> String {
    let id = unique("update-");
    let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
    api.post("/task/add", &task).await.data();
    id
}

async fn change(api: &Api, id: &str, mut change: Value) -> Answer {
    change["user_task_id"] = json!(id);
    api.post("/task/update", &change).await
}

/// A task as `/task/get` tells it.
async fn read(api: &Api, id: &str) -> Value {
    api.get(&format!("/task/get?user_task_id={id}"))
        .await
        .data()
        .clone()
}

#[tokio::test]
async fn every_field_is_changed_under_each_of_its_names_also_after_the_end() {
    with_api(async |api| {
        let id = added(api).await;
        api.post("/task/finish", &json!({"user_task_id": id}))
            .await
            .data();
        for (field, value, shown_as, shown) in [
            ("name", json!("a"), "task_name", json!("a")),
            ("task_name", json!("b"), "name", json!("b")),
            ("input", json!({"a": 1.50}), "input", json!("{\"a\":1.5}")),
            ("message_show", json!("0"), "message_show", json!(false)),
            ("repeat", json!(true), "repeat", json!(true)),
            ("type", json!(7), "type_id", json!(7)),
            ("type_id", json!("-8"), "type", json!(-8)),
            ("result", json!([1]), "result", json!([1])),
            ("", json!({"a": 2}), "result", json!({"a": 2})),
        ] {
            let answer = change(api, &id, json!({"field": field, "value": value})).await;
            assert_eq!(answer.data(), &Value::Null);
            assert_eq!(read(api, &id).await[shown_as], shown, "{field}");
        }
        assert_eq!(read(api, &id).await["status"], 3);
        for field in [
            "status",
            "station_id",
            "user_task_id",
            "end_time",
            "run_count",
        ] {
            change(api, &id, json!({"field": field, "value": 1}))
                .await
                .refusal("FIELD_NOT_ALLOWED");
        }
    })
    .await;
}

#[tokio::test]
async fn a_string_is_json_where_it_parses_unless_its_type_is_said() {
    with_api(async |api| {
        let id = added(api).await;
        for (value, value_type, stored) in [
            (json!("[1]"), Value::Null, json!([1])),
            (json!("plain"), Value::Null, json!("plain")),
            (json!("[1]"), json!("str"), json!("[1]")),
            (json!("12"), json!("str"), json!("12")),
            (json!("{\"a\": \"b\"}"), json!("json"), json!({"a": "b"})),
            (json!({"a": [true]}), json!("json"), json!({"a": [true]})),
            (json!(12), Value::Null, json!(12)),
        ] {
            let sent = json!({"postion": "$.v", "value": value, "value_type": value_type});
            change(api, &id, sent).await.data();
            assert_eq!(
                read(api, &id).await["result"]["v"],
                stored,
                "{value} {value_type}"
            );
        }
        let refused = change(api, &id, json!({"value": "plain", "value_type": "json"})).await;
        refused.refusal("PARAM_INVALID");
        assert_eq!(read(api, &id).await["result"], json!({"v": 12}));
    })
    .await;
}

#[tokio::test]
async fn remove_takes_away_one_place_and_refuses_what_is_not_there() {
    with_api(async |api| {
        let id = added(api).await;
        let result = json!({"a": 1, "b": {"c": 2}, "list": [1, 2, 3]});
        change(api, &id, json!({"value": result})).await.data();
        for path in ["$.a", "$.b.c", "$.list[last]", "$.list[0]"] {
            change(api, &id, json!({"op": "remove", "postion": path}))
                .await
                .data();
        }
        let left = json!({"b": {}, "list": [2]});
        assert_eq!(read(api, &id).await["result"], left);
        for path in ["$.a", "$.list[1]", "$.b.c", "$.list.x", "$.no.where"] {
            let refused = change(api, &id, json!({"op": "remove", "postion": path})).await;
            refused.refusal("PATH_NOT_FOUND");
        }
        assert_eq!(read(api, &id).await["result"], left);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_an_operation_is_refused_and_changes_nothing() {
    with_api(async |api| {
        let id = added(api).await;
        let result = json!({"text": "t", "list": [], "n": 999_999_999_999_999_i64});
        change(api, &id, json!({"value": result})).await.data();
        for (op, path, value, word) in [
            ("append", "$.text", json!(1), "PARAM_INVALID"),
            ("append", "$.n", json!(1), "PARAM_INVALID"),
            ("increment", "$.text", json!(1), "PARAM_INVALID"),
            ("increment", "$.list", json!(1), "PARAM_INVALID"),
            ("increment", "$.n", json!(1), "PARAM_INVALID"),
            ("set", "$.text.inner", json!(1), "PATH_NOT_FOUND"),
            ("set", "$.list.key", json!(1), "PATH_NOT_FOUND"),
            ("set", "$[0]", json!(1), "PATH_NOT_FOUND"),
        ] {
            let refused =
                change(api, &id, json!({"op": op, "postion": path, "value": value})).await;
            assert!(refused.refusal(word).contains('$'), "{op} {path}");
        }
        assert_eq!(read(api, &id).await["result"], result);
        let remove = json!({"op": "remove", "field": "task_name", "value": "x"});
        change(api, &id, remove).await.refusal("PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_result_that_is_not_there_starts_from_what_the_path_needs() {
    with_api(async |api| {
        for (path, expected) in [
            ("$", json!(1)),
            ("$.a", json!({"a": 1})),
            ("$[7]", json!([1])),
            ("$[last]", json!([1])),
        ] {
            let id = added(api).await;
            change(api, &id, json!({"postion": path, "value": 1}))
                .await
                .data();
            assert_eq!(read(api, &id).await["result"], expected, "{path}");
        }
        let id = added(api).await;
        change(api, &id, json!({"postion": "$.a.b", "value": 1}))
            .await
            .refusal("PATH_NOT_FOUND");
        assert_eq!(read(api, &id).await["result"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_finish_changes_all_it_names_or_does_not_finish() {
    with_api(async |api| {
        let id = added(api).await;
        let finish = async |mut changes: Value| {
            changes["user_task_id"] = json!(id);
            api.post("/task/finish", &changes).await
        };
        let nowhere = json!({"field": "result", "postion": "$.a.b", "value": 1, "task_name": "m"});
        finish(nowhere).await.refusal("PATH_NOT_FOUND");
        let open = read(api, &id).await;
        assert_eq!((&open["status"], &open["task_name"], &open["end_time"]), (&json!(1), &json!("n"), &Value::Null));
        let changes = json!({"postion": "$.a", "value": 1, "task_name": "m", "message_show": 0, "repeat": 1, "type_id": 9});
        finish(changes).await.data();
        let ended = read(api, &id).await;
        assert_eq!((&ended["status"], &ended["result"], &ended["task_name"]), (&json!(3), &json!({"a": 1}), &json!("m")));
        assert_eq!((&ended["message_show"], &ended["repeat"], &ended["type"]), (&json!(false), &json!(true), &json!(9)));
        assert!(ended["end_time"].is_string());
        let twice = json!({"value": 1, "result": 2});
        finish(twice).await.refusal("PARAM_INVALID");
    })
    .await;
}
