//! What the gateway answers to requests that no route matches: the description of the API, else 404 as API Gateway does.
//! cargo-lambda alone would let them hang; it hands them to a function called `_`, which this loop is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::documentation::{document, page};
use crate::error::Result;
use crate::gateway::Gateway;
use crate::wait;

/// The function cargo-lambda hands a request to that no route matches.
const UNROUTED: &str = "_";

/// Answers one such request after the other.
pub(crate) fn answer(
    gateway: &Gateway,
    root: PathBuf,
) -> Result<impl Future<Output = ()> + Send + use<>> {
    let base_url = gateway.base_url();
    let invocation = format!(
        "{}/2018-06-01/runtime/invocation",
        gateway.runtime_api(UNROUTED)
    );
    let client = wait::client(Duration::from_hours(1))?;
    Ok(async move {
        loop {
            let respond = |event: &Value| response(event, &root, &base_url);
            if answer_one(&client, &invocation, respond).await.is_none() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    })
}

async fn answer_one(
    client: &reqwest::Client,
    invocation: &str,
    respond: impl Fn(&Value) -> Value,
) -> Option<()> {
    let event = client.get(format!("{invocation}/next")).send().await.ok()?;
    let id = event
        .headers()
        .get("lambda-runtime-aws-request-id")?
        .to_str()
        .ok()?
        .to_owned();
    let event = event.json().await.unwrap_or_default();
    client
        .post(format!("{invocation}/{id}/response"))
        .json(&respond(&event))
        .send()
        .await
        .ok()?;
    Some(())
}

/// The response to an event, read anew each time: whoever edits the description sees it at once.
fn response(event: &Value, root: &Path, base_url: &str) -> Value {
    const JSON: &str = "application/json; charset=utf-8";
    const HTML: &str = "text/html; charset=utf-8";
    let http = &event["requestContext"]["http"];
    let path = http["path"].as_str().unwrap_or_default();
    let answer = match path {
        _ if http["method"] != "GET" => None,
        "/" | "/docs" => Some(document(root, base_url).map(|document| (HTML, page(&document)))),
        "/openapi.json" => {
            Some(document(root, base_url).map(|document| (JSON, document.to_string())))
        }
        _ => None,
    };
    let message = |text: &str| json!({ "message": text }).to_string();
    let (status, (content_type, body)) = match answer {
        Some(Ok(found)) => (200, found),
        Some(Err(error)) => (500, (JSON, message(&error.to_string()))),
        None => (404, (JSON, message("Not Found"))),
    };
    json!({
        "statusCode": status,
        "headers": {"content-type": content_type},
        "body": body,
        "isBase64Encoded": false,
        "cookies": [],
    })
}
