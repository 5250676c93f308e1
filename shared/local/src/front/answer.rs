//! The response that API Gateway makes of a function's answer: payload format 2.0.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, SET_COOKIE};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Response;
use super::server::text;

const JSON: &str = "application/json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Returns a response with a message of the gateway's own.
pub(super) fn message(status: StatusCode, words: &str) -> Response {
    text(status, JSON, json!({ "message": words }).to_string())
}

/// Returns the response to a function's answer; one without `statusCode` is the body itself.
pub(super) fn of(answer: &Bytes) -> Response {
    match serde_json::from_slice::<Answer>(answer) {
        Ok(parsed) => response(parsed).unwrap_or_else(malformed),
        Err(error) if error.is_data() => text(StatusCode::OK, JSON, answer.clone()),
        Err(_) => malformed(),
    }
}

fn malformed() -> Response {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

fn response(answer: Answer) -> Option<Response> {
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        STANDARD.decode(body).ok()?
    } else {
        body.into_bytes()
    };
    let mut response = text(StatusCode::from_u16(answer.status_code).ok()?, JSON, body);
    let headers = response.headers_mut();
    for (name, value) in answer.headers.unwrap_or_default() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let name = HeaderName::try_from(name).ok()?;
        headers.insert(name, HeaderValue::try_from(value).ok()?);
    }
    for cookie in answer.cookies.unwrap_or_default() {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_a_response_with_its_status_and_headers() {
        let answer = json!({"statusCode": 418, "headers": {"X-A": "1", "content-type": "text/css"},
            "cookies": ["a=1", "b=2"], "body": "5L2g", "isBase64Encoded": true});
        let response = of(&answer.to_string().into());
        assert_eq!(response.status(), 418);
        assert_eq!(response.headers()["x-a"], "1");
        assert_eq!(response.headers()["content-type"], "text/css");
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }

    #[test]
    fn an_answer_that_is_no_response_is_the_body() {
        let response = of(&Bytes::from_static(br#"{"a":1}"#));
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (StatusCode::OK, &HeaderValue::from_static(JSON))
        );
    }

    #[test]
    fn an_answer_that_http_cannot_carry_is_an_internal_error() {
        for answer in [
            "",
            r#"{"statusCode":7}"#,
            r#"{"statusCode":200,"headers":{"a b":"1"}}"#,
        ] {
            let response = of(&Bytes::from_static(answer.as_bytes()));
            assert_eq!(response.status(), 500, "{answer}");
        }
    }
}
