//! How a call may say its parameters: query, form or JSON, typed or as text, present or absent.

use serde_json::{Value, json};

use crate::support::{Api, Station, order, unique, with_api};

const ADD: &str = "/task/add";

/// The stored task, without the fields that no call can choose.
async fn added(api: &Api, answer: &Value) -> Value {
    let path = format!("/task/get?task_id={}", answer["task_id"]);
    let mut task = api.get(&path).await.data().clone();
    for name in ["task_id", "create_time", "modify_time"] {
        task.as_object_mut().unwrap().remove(name).unwrap();
    }
    task
}

#[tokio::test]
async fn query_form_and_json_say_the_same() {
    with_api(async |api| {
        let query = "station_id=T1&task_name=%E4%BB%BB+%E5%8A%A1&input=%7B%7D&type_id=7&repeat=1&message_show=false";
        let form = [("station_id", "T1"), ("task_name", "任 务"), ("input", "{}"), ("type_id", "7"), ("repeat", "true"), ("message_show", "0")];
        let typed = json!({"station_id": "T1", "task_name": "任 务", "input": {}, "type_id": 7, "repeat": true, "message_show": false});
        let texts = json!({"station_id": "T1", "task_name": "任 务", "input": "{}", "type_id": "7", "repeat": "1", "message_show": "False"});
        let answers = [
            api.send(api.request("POST", &format!("{ADD}?{query}"))).await,
            api.form(ADD, &form).await,
            api.post(ADD, &typed).await,
            api.post(ADD, &texts).await,
        ];
        let expected = added(api, answers[0].data()).await;
        assert_eq!((&expected["type_id"], &expected["repeat"], &expected["message_show"]), (&json!(7), &json!(true), &json!(false)));
        assert_eq!((&expected["task_name"], &expected["input"]), (&json!("任 务"), &json!("{}")));
        for answer in &answers[1..] {
            assert_eq!(added(api, answer.data()).await, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn the_body_wins_over_the_query() {
    with_api(async |api| {
        let path = format!("{ADD}?station_id=T1&task_name=query&input=query");
        let answer = api
            .post(&path, &json!({"task_name": "body", "input": ""}))
            .await;
        let task = added(api, answer.data()).await;
        assert_eq!(
            (&task["task_name"], &task["input"]),
            (&json!("body"), &json!("query"))
        );
    })
    .await;
}

#[tokio::test]
async fn empty_text_and_null_mean_absent() {
    with_api(async |api| {
        for absent in [json!(""), json!(null)] {
            let task = json!({"station_id": absent, "task_name": "n", "input": "i"});
            api.post(ADD, &task).await.refusal("PARAM_MISSING");
            let ids = json!({"task_id": absent, "user_task_id": absent});
            api.post("/task/get", &ids).await.refusal("PARAM_MISSING");
            let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": absent, "type_id": absent, "repeat": absent});
            assert_eq!(api.post(ADD, &task).await.data()["user_task_id"], "");
        }
        api.get("/task/get?task_id=&user_task_id=").await.refusal("PARAM_MISSING");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_looks_like_json_needs_no_content_type() {
    with_api(async |api| {
        let body = r#" {"station_id": "T1", "task_name": "n", "input": [1, 2.50]}"#;
        for content_type in [
            None,
            Some(""),
            Some("application/json; charset=utf-8"),
            Some("APPLICATION/JSON"),
        ] {
            let answer = api.raw(ADD, content_type, body).await;
            assert_eq!(
                added(api, answer.data()).await["input"],
                "[1, 2.50]",
                "{content_type:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    with_api(async |api| {
        let json = Some("application/json");
        for body in [
            r#"{"station_id": "T1""#,
            "[]",
            "7",
            r#"{"a": 1} x"#,
            "{'a': 1}",
        ] {
            api.raw(ADD, json, body).await.refusal("PARAM_INVALID");
        }
        api.raw(ADD, Some("application/xml"), "<a/>")
            .await
            .refusal("PARAM_INVALID");
        api.raw(ADD, Some("application/x-www-form-urlencoded"), "a=%ff")
            .await
            .refusal("PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    with_api(async |api| {
        let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "nobody": {"knows": ["it"]}});
        api.post(&format!("{ADD}?either=this"), &task).await.data();
    })
    .await;
}

#[tokio::test]
async fn a_list_may_be_a_json_value_or_a_string_that_holds_one() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let list = json!([order(0), order(1)]);
        let text = list.to_string();
        let submit = "/station/order/batch/submit";
        let (form, alias, string) = (unique("form"), unique("alias"), unique("string"));
        let pairs = [
            ("task_id", form.as_str()),
            ("time_config_id", &station.cycle),
            ("order_data", &text),
        ];
        api.form(submit, &pairs).await.data();
        let body = json!({"task_id": alias, "time_config_id": station.cycle, "data": list});
        api.post(submit, &body).await.data();
        let body = json!({"task_id": string, "time_config_id": station.cycle, "order_data": text});
        api.post(submit, &body).await.data();
        for task in [form, alias, string] {
            assert_eq!(
                api.finished(&task).await["result"]["success_count"],
                2,
                "{task}"
            );
        }
    })
    .await;
}
