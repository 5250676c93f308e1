//! The envelope: the one place that turns an outcome into HTTP status, `code`, `error` and `msg`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use task_service::{Error, Result, Word};

use super::Reply;

const JSON: &str = "application/json; charset=utf-8";

/// What is answered in place of what went wrong inside.
const BUSY: &str =
    "the service is temporarily unavailable, nothing was changed: please try again later";

/// The public side of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) code: u8,
    pub(super) error: Option<&'static str>,
}

/// The response as the gateway takes it (payload format 2.0).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    pub(super) status_code: u16,
    pub(super) headers: BTreeMap<&'static str, &'static str>,
    pub(super) body: String,
    is_base64_encoded: bool,
    /// Always empty. The gateway can do without it, `cargo lambda watch` answers 500 without it.
    cookies: [&'static str; 0],
}

/// The envelope of what did not succeed.
#[derive(Serialize)]
struct Envelope<'a> {
    code: u8,
    msg: &'a str,
    data: Option<&'a RawValue>,
    error: &'static str,
    request_id: &'a str,
}

impl Answer {
    /// Refusals are status 200, because clients of the original drop the body of any other; faults are 503.
    pub(super) fn of(outcome: &Result<Reply>) -> Self {
        match outcome.as_ref().map_err(Error::word) {
            Ok(_) => Self {
                status: 200,
                code: 0,
                error: None,
            },
            Err(word) => Self {
                status: if word == Word::SystemBusy { 503 } else { 200 },
                code: word.code(),
                error: Some(word.as_str()),
            },
        }
    }

    /// Closes the envelope.
    pub(super) fn into_response(self, outcome: Result<Reply>, request_id: &str) -> Response {
        let (content_type, body) = match outcome {
            Ok(reply) if reply.is_envelope => (reply.content_type, closed(reply.body, request_id)),
            Ok(reply) => (reply.content_type, reply.body),
            Err(error) => (JSON, self.failure(&error, request_id)),
        };
        Response {
            status_code: self.status,
            headers: headers(content_type),
            body,
            is_base64_encoded: false,
            cookies: [],
        }
    }

    fn failure(self, error: &Error, request_id: &str) -> String {
        let (msg, data) = match error {
            Error::Refused {
                word,
                message,
                data,
            } if *word != Word::SystemBusy => (message.as_str(), data.as_deref()),
            _ => (BUSY, None),
        };
        let error = self.error.unwrap_or_default();
        json(&Envelope {
            code: self.code,
            msg,
            data,
            error,
            request_id,
        })
    }
}

/// What every answer says of itself: it is of the moment, and of no other type than it says. A table is a file, so that no
/// browser opens it as a page.
fn headers(content_type: &'static str) -> BTreeMap<&'static str, &'static str> {
    let mut headers = BTreeMap::from([
        ("cache-control", "no-store"),
        ("content-type", content_type),
        ("x-content-type-options", "nosniff"),
    ]);
    if content_type.starts_with("text/csv") {
        headers.insert("content-disposition", "attachment; filename=\"result.csv\"");
    }
    headers
}

fn closed(mut body: String, request_id: &str) -> String {
    body.push_str(r#","request_id":"#);
    body.push_str(&json(&request_id));
    body.push('}');
    body
}

/// Strings, numbers and JSON texts: writing them cannot fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
