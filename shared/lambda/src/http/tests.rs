//! Tests of a whole call, on events as an HTTP API sends them.

mod bodies;
mod callers;
mod files;
mod logs;
mod operators;
mod requests;

use std::time::Duration;

use serde_json::{Value, json};
use task_service::Caller;
use task_store::StoreError;

use crate::StationSource;

use super::*;
/// An event as the gateway sends it (payload format 2.0); the parts that tests vary are merged over it.
fn event(varied: &Value) -> Event {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "POST /task/add",
        "rawPath": "/task/add",
        "rawQueryString": "",
        "cookies": ["a=1"],
        "headers": {
            "accept": "*/*",
            "content-length": "11",
            "content-type": "application/json",
            "host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "x-amzn-trace-id": "Root=1-65c2b2f6-0a1b2c3d4e5f60718293a4b5",
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https"
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": "POST",
                "path": "/task/add",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "curl/8.5.0"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /task/add",
            "stage": "$default",
            "time": "22/Nov/2026:03:30:45 +0000",
            "timeEpoch": 1_795_318_245_123_u64
        },
        "body": "{\"name\":\"x\"}",
        "isBase64Encoded": false
    });
    merge(&mut event, varied);
    // As text, as it comes over the wire.
    serde_json::from_str(&event.to_string()).unwrap()
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Answers as a POST route of a deployment that trusts its callers.
async fn answered<F>(varied: &Value, handler: impl FnOnce(Call) -> F) -> (Response, Value)
where
    F: Future<Output = Result<Reply>>,
{
    let response = answer(
        event(varied),
        "request-1",
        &Callers::of(StationSource::Trusted),
        &["POST"],
        handler,
    )
    .await;
    let body = serde_json::from_str(&response.body).unwrap_or_default();
    (response, body)
}

async fn echo(call: Call) -> Result<Reply> {
    let parameters = call.parameters()?;
    Reply::data(&parameters.required("name", |name| name.text(8))?)
}

#[tokio::test]
async fn a_success_is_an_envelope_with_the_request_id() {
    let (response, _) = answered(&json!({}), echo).await;
    assert_eq!(
        response.body,
        r#"{"code":0,"msg":"ok","data":"x","request_id":"request-1"}"#
    );
    assert_eq!(response.status_code, 200);
    assert_eq!(
        response.headers["content-type"],
        "application/json; charset=utf-8"
    );
}

#[tokio::test]
async fn the_response_has_the_shape_the_gateway_takes() {
    let (response, _) = answered(&json!({}), echo).await;
    let response = serde_json::to_value(&response).unwrap();
    assert_eq!(response["statusCode"], 200);
    assert_eq!(response["isBase64Encoded"], false);
    assert!(response["headers"]["content-type"].is_string() && response["body"].is_string());
}

#[tokio::test]
async fn no_answer_is_stored_or_taken_for_another_type_and_a_table_is_a_file() {
    let csv = async |_| Ok(Reply::document("text/csv; charset=utf-8", "a\n".to_owned()));
    let busy = async |_| Err(StoreError::Unreadable("x").into());
    let (table, success) = (
        answered(&json!({}), csv).await,
        answered(&json!({}), echo).await,
    );
    let refused = answered(&json!({"body": "{"}), echo).await;
    let fault = answered(&json!({}), busy).await;
    for (response, _) in [&table, &success, &refused, &fault] {
        assert_eq!(response.headers["cache-control"], "no-store");
        assert_eq!(response.headers["x-content-type-options"], "nosniff");
    }
    assert!(table.0.headers["content-disposition"].starts_with("attachment"));
    assert!(!success.0.headers.contains_key("content-disposition"));
}

#[tokio::test]
async fn a_refusal_is_status_200_and_code_1_with_word_and_sentence() {
    let (response, body) = answered(&json!({"body": "{}"}), echo).await;
    assert_eq!(response.status_code, 200);
    assert_eq!(
        body,
        json!({"code": 1, "msg": "parameter name is missing", "data": null, "error": "PARAM_MISSING", "request_id": "request-1"})
    );
}

#[tokio::test]
async fn a_refusal_may_carry_data() {
    let (_, body) = answered(&json!({}), async |_| {
        Err(Error::Refused {
            code: ErrorCode::TaskFinished,
            message: "the task is finished".to_owned(),
            data: serde_json::value::to_raw_value(&json!({"task_id": 7})).ok(),
        })
    })
    .await;
    assert_eq!(
        (&body["error"], &body["data"]["task_id"]),
        (&json!("TASK_FINISHED"), &json!(7))
    );
}

#[tokio::test]
async fn a_fault_is_status_503_and_code_2_and_says_nothing_of_the_inside() {
    let (response, body) = answered(&json!({}), async |_| {
        Err(StoreError::Unreadable("tbl_async_task.status").into())
    })
    .await;
    assert_eq!((response.status_code, &body["code"]), (503, &json!(2)));
    assert_eq!(body["error"], "SYSTEM_BUSY");
    assert!(
        !response.body.contains("tbl_async_task"),
        "{}",
        response.body
    );
}

/// The answer to a call that fails in this way, on a route of these methods.
async fn failed(methods: &[&str], fault: StoreError) -> String {
    let event = event(&json!({"requestContext": {"http": {"method": methods[0]}}}));
    let handler = async |_| Err(Error::from(fault));
    let trusted = Callers::of(StationSource::Trusted);
    let response = answer(event, "request-1", &trusted, methods, handler).await;
    response.body
}

fn lost() -> StoreError {
    StoreError::FateUnknown(Box::new(StoreError::TimedOut(Duration::ZERO)))
}

#[tokio::test]
async fn nothing_was_changed_is_said_only_when_that_is_known() {
    let known = StoreError::TimedOut(Duration::ZERO);
    assert!(
        failed(&["POST"], known)
            .await
            .contains("nothing was changed")
    );
    assert!(
        failed(&["GET", "POST"], lost())
            .await
            .contains("nothing was changed")
    );
    let unknown = failed(&["POST"], lost()).await;
    assert!(unknown.contains("may have been carried out") && unknown.contains("op_id"));
    assert!(!unknown.contains("nothing was changed"), "{unknown}");
}

#[tokio::test]
async fn a_panic_is_answered_as_a_fault_and_the_next_call_succeeds() {
    let panicking = async |call: Call| {
        if call.request_id().is_empty() {
            echo(call).await
        } else {
            panic!("inside")
        }
    };
    let (response, body) = answered(&json!({}), panicking).await;
    assert_eq!(
        (response.status_code, &body["request_id"]),
        (503, &json!("request-1"))
    );
    assert!(!response.body.contains("inside"));
    assert_eq!(answered(&json!({}), echo).await.1["code"], 0);
}

#[tokio::test]
async fn another_member_may_stand_next_to_the_data() {
    let (_, body) = answered(&json!({}), async |_| {
        Reply::data(&[1, 2])?.with("pagination", &json!({"total": 2}))
    })
    .await;
    assert_eq!(
        (&body["data"], &body["pagination"]["total"]),
        (&json!([1, 2]), &json!(2))
    );
}

#[tokio::test]
async fn a_document_is_answered_as_it_is_with_its_own_content_type() {
    let csv = "index,msg\n0,缺少\n";
    let (response, _) = answered(&json!({}), async |_| {
        Ok(Reply::document("text/csv; charset=utf-8", csv.to_owned()))
    })
    .await;
    assert_eq!(
        (
            response.body.as_str(),
            response.headers["content-type"].clone()
        ),
        (csv, "text/csv; charset=utf-8".into())
    );
}

#[tokio::test]
async fn an_answer_larger_than_lambda_takes_is_refused() {
    for (length, code) in [(2_700_000, 0), (2_800_000, 1)] {
        let (_, body) = answered(&json!({}), async |_| Reply::data(&"\"".repeat(length / 2))).await;
        assert_eq!(body["code"], code, "{length}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_routed_is_refused_and_named() {
    let get = json!({"requestContext": {"http": {"method": "GET"}}});
    let (response, body) = answered(&get, echo).await;
    assert_eq!(
        (response.status_code, &body["error"]),
        (200, &json!("PARAM_INVALID"))
    );
    assert!(body["msg"].as_str().unwrap().contains("GET"), "{body}");
}
