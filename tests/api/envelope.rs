//! The rules of every answer of every route.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Answer, Api, with_api};

fn assert_is_envelope(answer: &Answer, what: &str) {
    assert_eq!(
        answer.content_type, "application/json; charset=utf-8",
        "{what}"
    );
    let envelope = answer
        .body
        .as_object()
        .unwrap_or_else(|| panic!("{what}: {}", answer.text));
    let names: BTreeSet<&str> = envelope.keys().map(String::as_str).collect();
    let mut expected = BTreeSet::from(["code", "msg", "data", "request_id"]);
    if answer.body["code"] != 0 {
        expected.insert("error");
    }
    assert_eq!(names, expected, "{what}");
    assert!(
        answer.body["code"].is_u64() && answer.body["msg"].is_string(),
        "{what}"
    );
}

/// Whether a route has no mandatory parameter.
pub(crate) fn needs_nothing(path: &str) -> bool {
    let lists = ["/task/callback/list", "/task/schedule/list"];
    path.ends_with("/queue/list") || lists.contains(&path)
}

#[tokio::test]
async fn every_route_answers_an_envelope_of_json_even_to_an_empty_call() {
    with_api(async |api| {
        for (method, path) in Api::routes() {
            let answer = api.send(api.request(&method, &path)).await;
            if needs_nothing(&path) {
                answer.data();
                continue;
            }
            assert_is_envelope(&answer, &format!("{method} {path}"));
            answer.refusal("PARAM_MISSING");
        }
    })
    .await;
}

#[tokio::test]
async fn a_success_is_an_envelope_without_error() {
    with_api(async |api| {
        let task = json!({"station_id": "T0", "task_name": "n", "input": "i"});
        let answer = api.post("/task/add", &task).await;
        answer.data();
        assert_is_envelope(&answer, "/task/add");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_names_the_parameter_the_limit_and_the_value_seen() {
    with_api(async |api| {
        let path = "/station/order/batch/result?task_id=x&limit=5000";
        let answer = api.get(path).await;
        let msg = answer.refusal("PARAM_INVALID");
        assert!(
            ["limit", "1000", "5000"]
                .iter()
                .all(|word| msg.contains(word)),
            "{msg}"
        );
        assert_eq!(answer.body["data"], Value::Null);
        let msg = api
            .post("/task/add", &json!({}))
            .await
            .refusal("PARAM_MISSING")
            .to_owned();
        assert!(msg.contains("station_id"), "{msg}");
    })
    .await;
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    with_api(async |api| {
        let path = "/task/get?user_task_id=nobody";
        let (first, second) = (api.get(path).await, api.get(path).await);
        assert_ne!(first.body["request_id"], second.body["request_id"]);
        assert_eq!(first.without_request_id(), second.without_request_id());
    })
    .await;
}

#[tokio::test]
async fn what_only_changes_things_is_not_there_for_get() {
    with_api(async |api| {
        for path in ["/station/order/batch/submit", "/task/add", "/no/such/path"] {
            let answer = api.get(path).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        }
    })
    .await;
}
