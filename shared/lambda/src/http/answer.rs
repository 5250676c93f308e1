//! The envelope: the one place that turns an outcome into HTTP status, `code`, `error` and `msg`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use task_service::{Error, ErrorCode, Result};
use task_store::invocation;

use super::Reply;

const JSON: &str = "application/json; charset=utf-8";

/// The sentence that stands for an inner fault.
const BUSY: &str =
    "the service is temporarily unavailable, nothing was changed: please try again later";
/// The same, when it is not known whether the call was carried out.
const PERHAPS_DONE: &str = "the service is temporarily unavailable, and this call may have been carried out already: \
    send it again later with the same ids (/task/update with the same op_id), so that it takes effect once";
/// The sentence for a value that only the database refuses: sent again it is refused again.
const REFUSED_VALUE: &str = "a value of this call cannot be stored, nothing was changed: it is out of range, too large, \
    too deep or no text; check numbers, texts and JSON documents";

/// The public side of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) code: u8,
    pub(super) error: Option<&'static str>,
    /// Something of the call may have been carried out although it failed.
    perhaps_done: bool,
}

/// The response as the gateway takes it (payload format 2.0).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    pub(super) status_code: u16,
    pub(super) headers: BTreeMap<&'static str, Cow<'static, str>>,
    pub(super) body: String,
    is_base64_encoded: bool,
    /// Always empty: no answer sets a cookie.
    cookies: [&'static str; 0],
}

/// The envelope of an error.
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
    ///
    /// Of a call that `only_reads` nothing was changed, whatever it failed with. Of another one that is not known when the
    /// fault says so, or when a unit of work before the failed one was committed.
    pub(super) fn of(outcome: &Result<Reply>, only_reads: bool) -> Self {
        let is_unknown = |error: &Error| {
            matches!(error, Error::Store(fault) if fault.is_fate_unknown())
                || invocation::has_written()
        };
        match outcome.as_ref().map_err(Error::code) {
            Ok(_) => Self {
                status: 200,
                code: 0,
                error: None,
                perhaps_done: false,
            },
            Err(error) => Self {
                status: if error == ErrorCode::SystemBusy {
                    503
                } else {
                    200
                },
                code: error.number(),
                error: Some(error.as_str()),
                perhaps_done: !only_reads && outcome.as_ref().is_err_and(is_unknown),
            },
        }
    }

    /// Closes the envelope.
    pub(super) fn into_response(self, outcome: Result<Reply>, request_id: &str) -> Response {
        let (content_type, body, file) = match outcome {
            Ok(reply) if reply.is_envelope => {
                (reply.content_type, closed(reply.body, request_id), None)
            }
            Ok(reply) => (reply.content_type, reply.body, reply.file),
            Err(error) => (JSON, self.failure(&error, request_id), None),
        };
        let mut headers = headers(content_type);
        let (status_code, is_base64_encoded) = match file {
            None => (self.status, false),
            Some(file) => {
                let own = file.headers.into_iter();
                headers.extend(own.map(|(name, value)| (name, Cow::Owned(value))));
                (file.status, file.is_base64_encoded)
            }
        };
        Response {
            status_code,
            headers,
            body,
            is_base64_encoded,
            cookies: [],
        }
    }

    fn failure(self, error: &Error, request_id: &str) -> String {
        let (msg, data) = match error {
            Error::Refused {
                code,
                message,
                data,
            } if *code != ErrorCode::SystemBusy => (message.as_str(), data.as_deref()),
            Error::Store(_) if self.code == 1 => (REFUSED_VALUE, None),
            _ if self.perhaps_done => (PERHAPS_DONE, None),
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

/// Returns the headers of every answer: it is not cached, and its type is not guessed. A table is a file, so that no
/// browser opens it as a page.
fn headers(content_type: &'static str) -> BTreeMap<&'static str, Cow<'static, str>> {
    let mut headers = BTreeMap::from([
        ("cache-control", "no-store".into()),
        ("content-type", content_type.into()),
        ("x-content-type-options", "nosniff".into()),
    ]);
    if content_type.starts_with("text/csv") {
        let file = "attachment; filename=\"result.csv\"".into();
        headers.insert("content-disposition", file);
    }
    headers
}

fn closed(mut body: String, request_id: &str) -> String {
    body.push_str(r#","request_id":"#);
    body.push_str(&json(&request_id));
    body.push('}');
    body
}

/// Writes strings, numbers or JSON texts, which cannot fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
