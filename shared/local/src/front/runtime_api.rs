//! Lambda's own two interfaces: the runtime API, which function processes poll, and the Invoke API, which callers use.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};

use super::functions::{Connection, Failure, Functions, PAYLOAD_LIMIT, Taken};
use super::server::{self, text};
use super::{INTEGRATION_TIMEOUT, Request, Response, answer, event};
use crate::queue::REGION;

/// Where the runtime API of each function is: its name follows.
pub(super) const PREFIX: &str = "/.rt/";
/// Where the Invoke API is.
pub(super) const INVOKE: &str = "/2015-03-31/functions/";
const VERSION: &str = "2018-06-01";
const JSON: &str = "application/json";

/// Answers a process: `FUNCTION/2018-06-01/runtime/…`.
pub(super) async fn serve(
    functions: &Functions,
    connection: &Connection,
    path: &str,
    request: Request,
) -> Response {
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::GET, [function, VERSION, "runtime", "invocation", "next"]) => {
            match functions.next(function, connection).await {
                Some(taken) => event_for(function, taken),
                None => answer::message(StatusCode::NOT_FOUND, "no such function"),
            }
        }
        (
            &Method::POST,
            [
                _,
                VERSION,
                "runtime",
                "invocation",
                id,
                kind @ ("response" | "error"),
            ],
        ) => {
            let Some(body) = server::body(request).await else {
                return answer::message(StatusCode::BAD_REQUEST, "the answer was cut off");
            };
            connection.forget(id);
            answered(functions, id, body, *kind == "error")
        }
        (&Method::POST, [_, VERSION, "runtime", "init", "error"]) => accepted(),
        _ => answer::message(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn event_for(function: &str, taken: Taken) -> Response {
    let arn = format!("arn:aws:lambda:{REGION}:000000000000:function:{function}");
    let deadline = taken
        .deadline
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut response = text(StatusCode::OK, JSON, taken.event);
    let headers = [
        ("lambda-runtime-aws-request-id", taken.id),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", taken.trace),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn answered(functions: &Functions, id: &str, body: Bytes, failed: bool) -> Response {
    if !failed && body.len() > PAYLOAD_LIMIT {
        let reason = format!(
            r#"{{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"an answer of {} bytes is above {PAYLOAD_LIMIT}"}}"#,
            body.len()
        );
        functions.answer(id, Err(Failure::Error(reason.clone().into())));
        return text(StatusCode::PAYLOAD_TOO_LARGE, JSON, reason);
    }
    functions.answer(
        id,
        if failed {
            Err(Failure::Error(body))
        } else {
            Ok(body)
        },
    );
    accepted()
}

fn accepted() -> Response {
    text(StatusCode::ACCEPTED, JSON, r#"{"status":"OK"}"#)
}

/// Answers a caller: `FUNCTION/invocations`, its event in, the function's answer out.
pub(super) async fn invoke(functions: &Arc<Functions>, path: &str, request: Request) -> Response {
    let Some(function) = path.strip_suffix("/invocations") else {
        return answer::message(StatusCode::NOT_FOUND, "Not Found");
    };
    let is_event = request.headers().get("x-amz-invocation-type");
    let is_event = is_event.is_some_and(|kind| kind == "Event");
    let trace = event::trace(&request);
    let Some(body) = server::body(request).await else {
        return answer::message(StatusCode::BAD_REQUEST, "the event was cut off");
    };
    if body.len() > PAYLOAD_LIMIT {
        return answer::message(StatusCode::PAYLOAD_TOO_LARGE, "the event is above 6 MB");
    }
    let (functions, function) = (Arc::clone(functions), function.to_owned());
    let invoked = async move {
        functions
            .invoke(&function, body, trace, INTEGRATION_TIMEOUT)
            .await
    };
    if is_event {
        tokio::spawn(invoked);
        return text(StatusCode::ACCEPTED, JSON, "");
    }
    match invoked.await {
        Ok(body) => text(StatusCode::OK, JSON, body),
        Err(Failure::Unknown) => answer::message(StatusCode::NOT_FOUND, "no such function"),
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> Response {
    const ENDED: &str =
        r#"{"errorType":"Runtime.ExitError","errorMessage":"the function's process ended"}"#;
    let body = match failure {
        Failure::Error(body) => body.clone(),
        Failure::Ended => Bytes::from_static(ENDED.as_bytes()),
        other => Bytes::from(format!(r#"{{"errorMessage":"the function {other}"}}"#)),
    };
    let mut response = text(StatusCode::OK, JSON, body);
    let kind = HeaderValue::from_static("Unhandled");
    response.headers_mut().insert("x-amz-function-error", kind);
    response
}
