//! The edges of HTTP: the headers of every answer, bodies that are packed or in other encodings, callers of odd shape.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::events::{answered, sample};
use crate::support::{Api, Station, order, unique, with_api};

/// Gzip of `{"station_id":"T1","task_name":"zipped","input":"i","user_task_id":"zipped-by-a-test"}`.
const ZIPPED: &str = "H4sIAAAAAAACA6tWKi5JLMnMz4vPTFGyUgoxVNJRKkkszo7PS8xNBQpUZRYUpKYABTPzCkpLgAKZQHZpcWpRPFgVWBNEjW5SpW6ibklqcYlSLQDzKlsFVgAAAA==";

/// The answer of /task/add to an event whose parts are replaced.
async fn added(api: &Api, headers: &Value, body: &str) -> Value {
    let mut event = sample("task-add");
    event["headers"] = headers.clone();
    event["body"] = json!(body);
    event["isBase64Encoded"] = json!(true);
    answered(&api.stack.invoke("task-add", event).await.unwrap())
}

#[tokio::test]
async fn no_answer_of_any_route_is_stored_or_taken_for_another_type() {
    with_api(async |api| {
        for (method, path) in Api::routes() {
            let answer = api.request(&method, &path).send().await.unwrap();
            let header = |name| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("cache-control"), "no-store", "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("content-type"), "application/json; charset=utf-8");
        }
    })
    .await;
}

#[tokio::test]
async fn a_table_is_a_file_and_no_page() {
    with_api(async |api| {
        let (station, task) = (Station::fresh(api).await, unique("table-"));
        api.import(&station, &task, &[order(0)]).await;
        let path = format!("/station/order/batch/result?task_id={task}&status=all&format=csv");
        let answer = api.request("GET", &path).send().await.unwrap();
        let header = |name| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-disposition").starts_with("attachment"));
        assert_eq!(header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
    })
    .await;
}

#[tokio::test]
async fn a_packed_body_is_taken_and_any_other_encoding_refused_by_name() {
    with_api(async |api| {
        for headers in [
            json!({"content-type": "application/json", "content-encoding": "gzip"}),
            json!({"content-type": "application/gzip"}),
        ] {
            let answer = added(api, &headers, ZIPPED).await;
            assert_eq!(answer["code"], 0, "{headers}: {answer}");
        }
        let answer = added(api, &json!({"content-encoding": "br"}), ZIPPED).await;
        assert_eq!(answer["error"], "PARAM_INVALID", "{answer}");
        assert!(
            answer["msg"].as_str().unwrap().contains("\"br\""),
            "{answer}"
        );
        let cut = added(api, &json!({"content-encoding": "gzip"}), &ZIPPED[..40]).await;
        assert_eq!(cut["error"], "PARAM_INVALID", "{cut}");
    })
    .await;
}

#[tokio::test]
async fn a_packed_body_is_taken_over_http_and_bytes_that_are_no_text_are_refused() {
    with_api(async |api| {
        let sent = async |encoding: &str, body: Vec<u8>| {
            let request = api.request("POST", "/task/add");
            let request = request.header("content-type", "application/json");
            let request = request.header("content-encoding", encoding);
            api.send(request.body(body)).await
        };
        let answer = sent("gzip", STANDARD.decode(ZIPPED).unwrap()).await;
        assert_eq!(answer.body["code"], 0, "{}", answer.text);
        let utf16 = r#"{"input":"i"}"#.encode_utf16().flat_map(u16::to_le_bytes);
        for body in [utf16.collect(), b"{\"input\":\"\xff\"}".to_vec()] {
            sent("identity", body).await.refusal("PARAM_INVALID");
        }
    })
    .await;
}

#[tokio::test]
async fn another_charset_is_refused_by_name_and_nothing_is_guessed() {
    with_api(async |api| {
        for (content_type, body) in [
            (
                "application/x-www-form-urlencoded; charset=gbk",
                "station_id=T1&task_name=%D1%BC&input=i",
            ),
            (
                "application/json; charset=\"GBK\"",
                r#"{"station_id":"T1","task_name":"n","input":"i"}"#,
            ),
            (
                "application/x-www-form-urlencoded",
                "_charset_=GBK&station_id=T1&task_name=%D1%BC&input=i",
            ),
        ] {
            let answer = api.raw("/task/add", Some(content_type), body).await;
            let msg = answer.refusal("PARAM_INVALID").to_lowercase();
            assert!(msg.contains("gbk"), "{msg}");
        }
        let query = "/task/add?station_id=T1&task_name=%C5%FA&input=i";
        let answer = api.send(api.request("POST", query)).await;
        assert!(answer.refusal("PARAM_INVALID").contains("task_name"));
    })
    .await;
}

#[tokio::test]
async fn a_claim_of_any_other_type_than_text_is_forbidden_by_every_function_of_staff() {
    with_api(async |api| {
        for function in ["async-task-get", "async-task-list", "async-task-close", "order-batch-submit", "order-batch-result"] {
            for claim in [json!(null), json!(7), json!(true), json!(["T1"]), json!({"id": "T1"})] {
                let mut event = sample("task-add");
                event["body"] = json!(json!({"task_id": "1", "station_id": "T1", "time_config_id": "T1-DAILY", "order_data": [{}]}).to_string());
                event["headers"] = json!({"content-type": "application/json"});
                event["isBase64Encoded"] = json!(false);
                event["requestContext"]["authorizer"] = json!({"jwt": {"claims": {"station_id": claim}, "scopes": null}});
                let answer = answered(&api.stack.invoke(function, event).await.unwrap());
                assert_eq!(answer["error"], "FORBIDDEN", "{function} {claim}: {answer}");
                assert!(answer["request_id"].is_string());
            }
        }
    })
    .await;
}
