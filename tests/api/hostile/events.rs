//! Events as a gateway would never send them, straight to the functions: bodies that are not the base64 they claim to
//! be, or no text underneath.

use serde_json::{Value, json};
use task_local::{Project, project_root};

use super::judge::Verdicts;
use super::storing_nothing;
use crate::envelope::needs_nothing;
use crate::events::{answered, sample};
use crate::support::Answer;

/// Not base64.
const NO_BASE64: [&str; 9] = [
    "not base64!",
    "=",
    "====",
    "YQ",
    "YQ=",
    "Y",
    "YWJj\r\nZGVm",
    "-_-_",
    "YQ==YQ==",
];

/// Base64 of bytes that are no UTF-8: never a character, cut off, too long a form, half a surrogate pair, UTF-16.
const NO_UTF8: [&str; 6] = [
    "/w==",
    "5L0=",
    "YT3AgA==",
    "7aCA",
    "//5hAA==",
    "eyJhIjogIv8ifQ==",
];

fn event(path: &str, body: Value, encoded: bool) -> Value {
    let mut event = sample("task-finish");
    event["headers"]["content-type"] = json!("application/x-www-form-urlencoded");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["body"] = body;
    event["isBase64Encoded"] = json!(encoded);
    event
}

/// A function's response as a caller of the gateway would see it.
fn seen(response: &Value) -> Answer {
    Answer {
        status: response["statusCode"].as_u64().unwrap().try_into().unwrap(),
        content_type: response["headers"]["content-type"]
            .as_str()
            .unwrap()
            .to_owned(),
        text: response["body"].as_str().unwrap().to_owned(),
        body: answered(response),
    }
}

/// The functions behind routes, each with its path.
fn functions() -> Vec<(String, String)> {
    let routes = Project::read(&project_root()).unwrap().routes;
    let api = routes
        .into_iter()
        .filter(|(path, _)| !path.starts_with("/console") && path != "/health");
    api.map(|(path, mut routes)| (routes.remove(0).function, path))
        .collect()
}

#[tokio::test]
async fn a_body_that_is_no_base64_or_no_text_is_refused_by_every_function() {
    storing_nothing(async |api, _| {
        let mut verdicts = Verdicts::default();
        for (function, path) in functions() {
            for body in NO_BASE64.into_iter().chain(NO_UTF8) {
                let event = event(&path, json!(body), true);
                let answer = seen(&api.stack.invoke(&function, event).await.unwrap());
                verdicts.refused(&answer, "PARAM_INVALID", "request body", body);
            }
        }
        verdicts.end(13 * 15);
    })
    .await;
}

#[tokio::test]
async fn a_base64_flag_on_an_empty_body_or_none_is_no_parameter() {
    storing_nothing(async |api, _| {
        let mut verdicts = Verdicts::default();
        for (function, path) in functions()
            .into_iter()
            .filter(|(_, path)| !needs_nothing(path))
        {
            for (body, encoded) in [
                (json!(""), true),
                (Value::Null, true),
                (Value::Null, false),
                (json!("IA=="), true),
                (json!("77u/"), true),
            ] {
                let answer = seen(
                    &api.stack
                        .invoke(&function, event(&path, body, encoded))
                        .await
                        .unwrap(),
                );
                verdicts.refused(&answer, "PARAM_MISSING", "missing", "");
            }
        }
        verdicts.end(13 * 5);
    })
    .await;
}

#[tokio::test]
async fn a_method_that_is_not_routed_is_refused_by_every_function() {
    storing_nothing(async |api, _| {
        let mut verdicts = Verdicts::default();
        for (function, path) in functions() {
            for method in ["DELETE", "PUT", "HEAD", "OPTIONS", "post"] {
                let mut event = event(&path, json!(""), false);
                event["requestContext"]["http"]["method"] = json!(method);
                match api.stack.invoke(&function, event).await {
                    Ok(response) => {
                        verdicts.refused(&seen(&response), "PARAM_INVALID", method, method);
                    }
                    Err(error) => panic!("{function} {method}: {error}"),
                }
            }
        }
        verdicts.end(13 * 5);
    })
    .await;
}
