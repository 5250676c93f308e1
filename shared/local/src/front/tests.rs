//! The front with functions of the tests' own, which poll as real ones do.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::Front;
use crate::config::StackConfig;

const FUNCTION: &str = "task-add";
const PATH: &str = "/task/add";

/// Answers an event as a function would.
type Handler = fn(&Value) -> Value;

fn client() -> Client {
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0);
    client.timeout(Duration::from_secs(20)).build().unwrap()
}

async fn front(allowed_origins: &[&str]) -> Front {
    let mut config = StackConfig::new("", "mysql://nowhere").unwrap();
    config.allowed_origins = allowed_origins.iter().map(|&o| o.to_owned()).collect();
    Front::start(&config).await.unwrap()
}

/// Takes one event after the other, as the runtime of a real function does.
fn function(front: &Front, handle: Handler) -> AbortHandle {
    let api = format!(
        "{}/2018-06-01/runtime/invocation",
        front.runtime_api(FUNCTION)
    );
    let polling = async move {
        let client = Client::builder().no_proxy().build().unwrap();
        loop {
            let event = client.get(format!("{api}/next")).send().await.unwrap();
            let id = event.headers()["lambda-runtime-aws-request-id"].clone();
            let answer = handle(&event.json().await.unwrap());
            let url = format!("{api}/{}/response", id.to_str().unwrap());
            client.post(url).json(&answer).send().await.unwrap();
        }
    };
    tokio::spawn(polling).abort_handle()
}

fn post(front: &Front) -> RequestBuilder {
    client().post(format!("{}{PATH}", front.base_url()))
}

/// Answers with the event.
fn echo(event: &Value) -> Value {
    json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": event.to_string()})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_answers_of_five_megabytes_all_arrive() {
    const SIZE: usize = 5_000_000;
    let front = front(&[]).await;
    let function = function(
        &front,
        |_| json!({"statusCode": 200, "body": "x".repeat(SIZE)}),
    );
    for turn in 0..200 {
        let answer = post(&front).send().await.unwrap();
        assert_eq!(answer.status(), 200, "answer {turn}");
        assert_eq!(answer.bytes().await.unwrap().len(), SIZE, "answer {turn}");
    }
    function.abort();
}

#[tokio::test]
async fn a_body_of_any_bytes_and_any_header_reach_the_function() {
    let front = front(&[]).await;
    let _function = function(&front, echo);
    let bytes = b"a=\xd1\xbc\xff".to_vec();
    let header = reqwest::header::HeaderValue::from_bytes("周一".as_bytes()).unwrap();
    let request = post(&front).header("x-name", header).body(bytes);
    let event: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(event["isBase64Encoded"], true);
    assert_eq!(event["body"], "YT3RvP8=");
    assert_eq!(event["headers"]["x-name"], "周一");
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
}

#[tokio::test]
async fn a_page_elsewhere_can_neither_post_nor_read() {
    let front = front(&[]).await;
    let _function = function(&front, echo);
    let request = post(&front)
        .header("origin", "https://evil.example")
        .header("content-type", "text/plain");
    let answer = request.body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let served = post(&front).header("origin", front.base_url());
    let served = served.send().await.unwrap();
    assert_eq!(served.status(), 200);
    for answer in [answer, served] {
        let mut names = answer.headers().keys();
        let cors = names.find(|name| name.as_str().starts_with("access-control"));
        assert_eq!(cors, None);
    }
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_is_asked_for_and_served() {
    let panel = "https://panel.example";
    let front = front(&[panel]).await;
    let _function = function(&front, echo);
    let url = format!("{}{PATH}", front.base_url());
    let preflight = client().request(reqwest::Method::OPTIONS, url);
    for (request, status) in [(preflight, 204), (post(&front), 200)] {
        let answer = request.header("origin", panel).send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["access-control-allow-origin"], panel);
        assert!(
            !answer
                .headers()
                .contains_key("access-control-allow-credentials")
        );
    }
}

#[tokio::test]
async fn the_callers_of_a_process_that_dies_hear_of_it_at_once() {
    let front = front(&[]).await;
    let next = format!(
        "{}/2018-06-01/runtime/invocation/next",
        front.runtime_api(FUNCTION)
    );
    let dying = client();
    let (answer, event) = tokio::join!(post(&front).send(), dying.get(next).send());
    // No connection is kept, so this one ends with its answer.
    drop(event);
    assert_eq!(answer.unwrap().status(), 500);
}

#[tokio::test]
async fn an_event_that_nobody_awaits_any_more_is_given_to_no_process() {
    let front = front(&[]).await;
    let url = format!(
        "{}/2015-03-31/functions/{FUNCTION}/invocations",
        front.base_url()
    );
    let gone = client().post(&url).timeout(Duration::from_millis(50));
    assert!(gone.body("\"first\"").send().await.is_err());
    let _function = function(&front, |event| json!({ "got": event }));
    let answer = client().post(&url).body("\"second\"").send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer, json!({"got": "second"}));
}

#[tokio::test]
async fn what_api_gateway_does_not_know_is_not_found() {
    let front = front(&[]).await;
    for (method, path) in [
        ("GET", PATH),
        ("POST", "/task/add/"),
        ("POST", "/docs"),
        ("DELETE", "/"),
    ] {
        let url = format!("{}{path}", front.base_url());
        let answer = client()
            .request(method.parse().unwrap(), url)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404, "{method} {path}");
        assert_eq!(answer.text().await.unwrap(), r#"{"message":"Not Found"}"#);
    }
}

#[tokio::test]
async fn a_request_or_an_answer_that_lambda_would_not_carry_is_refused() {
    let front = front(&[]).await;
    let _function = function(
        &front,
        |_| json!({"statusCode": 200, "body": "x".repeat(7_000_000)}),
    );
    assert_eq!(post(&front).send().await.unwrap().status(), 500);
    let large = post(&front)
        .header("content-type", "text/plain")
        .body("x".repeat(11_000_000));
    assert_eq!(large.send().await.unwrap().status(), 413);
}
