//! The sample events of `tests/events`, as API Gateway and SQS send them; a route without a file gets an event made of its route.

use serde_json::{Value, json};
use task_local::{Project, project_root};

use crate::support::{Station, WORKER, orders, unique, with_api};

/// Reads a function's sample event, or makes one of its route.
pub(crate) fn sample(function: &str) -> Value {
    let path = project_root().join(format!("tests/events/{function}.json"));
    match std::fs::read(path) {
        Ok(event) => serde_json::from_slice(&event).unwrap(),
        Err(_) => routed(function),
    }
}

/// The gateway's event of a call that names a task, by a caller whom the route's authorizer lets through.
fn routed(function: &str) -> Value {
    let routes = Project::read(&project_root()).unwrap().routes;
    let mut operations = routes
        .iter()
        .flat_map(|(path, routes)| routes.iter().map(move |route| (path, route)));
    let Some((path, route)) = operations.find(|(_, route)| route.function == function) else {
        panic!("{function} has neither a route nor a file in tests/events");
    };
    let method = &route.method;
    let is_internal = path.starts_with("/task/") || path.starts_with("/reference/");
    let mut event = match is_internal {
        true => sample("task-get"),
        false => sample("async-task-get"),
    };
    if !is_internal {
        event["requestContext"]["authorizer"]["jwt"]["claims"]["operator"] = json!("true");
    }
    let key = json!(format!("{method} {path}"));
    event["rawPath"] = json!(path);
    event["routeKey"] = key.clone();
    event["requestContext"]["routeKey"] = key;
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event
}

/// The envelope in a function's answer to the gateway.
pub(crate) fn answered(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn every_function_has_a_sample_event_and_answers_it() {
    with_api(async |api| {
        for function in Project::read(&project_root()).unwrap().functions {
            let event = sample(&function);
            // No stack runs it, it prepares their databases; the tests of the deployed form invoke it.
            if function == "database-migrate" {
                continue;
            }
            let answer = api.stack.invoke(&function, event.clone()).await.unwrap();
            if event["version"] == "2.0" {
                assert_eq!(answer["statusCode"], 200, "{function}: {answer}");
                // The page is no envelope.
                if function == "console" {
                    continue;
                }
                assert!(
                    answered(&answer)["error"] != "PARAM_INVALID",
                    "{function}: {answer}"
                );
            } else {
                assert!(answer.is_object(), "{function}: {answer}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_worker_keeps_exactly_the_messages_it_cannot_read() {
    with_api(async |api| {
        let answer = api.stack.invoke(WORKER, sample(WORKER)).await.unwrap();
        let expected = json!({"batchItemFailures": [{"itemIdentifier": "unreadable"}, {"itemIdentifier": "of-another-version"}]});
        assert_eq!(answer, expected);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_comes_again_after_its_batch_is_finished_changes_nothing() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("late-");
        let task = api.import(&station, &id, &orders(5)).await;
        let mut event = sample(WORKER);
        let key: u64 = task["task_id"].as_str().unwrap().parse().unwrap();
        let message = json!({"version": 1, "task_id": key, "run": 1, "chunk": 0});
        event["Records"] = json!([event["Records"][0].clone()]);
        event["Records"][0]["body"] = json!(message.to_string());
        for _ in 0..2 {
            let answer = api.stack.invoke(WORKER, event.clone()).await.unwrap();
            assert_eq!(answer, json!({"batchItemFailures": []}));
        }
        assert_eq!(api.task(&id).await, task);
        assert_eq!(api.database.count("tbl_order", &id).await, 5);
    })
    .await;
}

#[tokio::test]
async fn the_gateway_may_send_a_form_in_base64() {
    with_api(async |api| {
        let answer = api
            .stack
            .invoke("task-add", sample("task-add"))
            .await
            .unwrap();
        assert_eq!(
            (&answer["statusCode"], &answer["isBase64Encoded"]),
            (&json!(200), &json!(false))
        );
        assert_eq!(
            answer["headers"]["content-type"],
            "application/json; charset=utf-8"
        );
        let key = answered(&answer)["data"]["task_id"].clone();
        let task = api
            .get(&format!("/task/get?task_id={key}"))
            .await
            .data()
            .clone();
        assert_eq!(
            (&task["task_name"], &task["input"]),
            (&json!("导入 orders"), &json!("{\"a\": 1}"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_not_the_base64_it_claims_to_be_is_refused() {
    with_api(async |api| {
        let mut event = sample("task-add");
        event["body"] = json!("not base64!");
        let answer = api.stack.invoke("task-add", event).await.unwrap();
        assert_eq!(answered(&answer)["error"], "PARAM_INVALID", "{answer}");
    })
    .await;
}

#[tokio::test]
async fn the_gateways_query_string_is_read_and_its_request_id_is_answered() {
    with_api(async |api| {
        let answer = api
            .stack
            .invoke("async-task-get", sample("async-task-get"))
            .await
            .unwrap();
        let envelope = answered(&answer);
        assert_eq!(envelope["error"], "TASK_NOT_FOUND", "{answer}");
        assert!(
            envelope["request_id"]
                .as_str()
                .is_some_and(|id| !id.is_empty()),
            "{answer}"
        );
    })
    .await;
}
