//! The event that API Gateway makes of a request: payload format 2.0 of an HTTP API.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HeaderMap, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};
use serde_json::{Map, Value, json};

use super::functions::new_trace;
use super::{Request, Response, answer};

/// The most bytes that API Gateway takes as a body. Lambda's own limit for an event is lower, and not held here: the functions'
/// own limits are to be seen, and tested, behind it.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Returns the trace a request belongs to.
pub(super) fn trace(request: &Request) -> String {
    let header = request.headers().get("x-amzn-trace-id");
    let text = header.and_then(|value| value.to_str().ok());
    text.map_or_else(new_trace, str::to_owned)
}

/// Returns the event of a request, or the refusal of one that is too large.
pub(super) async fn of(request: Request) -> Result<Bytes, Response> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let body = super::body(request).await;
    let body = body.ok_or_else(|| answer::message(StatusCode::BAD_REQUEST, "Bad Request"))?;
    if body.len() > BODY_LIMIT {
        let words = "Request Entity Too Large";
        return Err(answer::message(StatusCode::PAYLOAD_TOO_LARGE, words));
    }
    Ok(event(&parts, &body).to_string().into())
}

fn event(parts: &Parts, body: &Bytes) -> Value {
    let now = jiff::Timestamp::now();
    let path = parts.uri.path();
    let host = text_of(&parts.headers, "host");
    let query = parts.uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{} {path}", parts.method),
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&parts.headers),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": host.split('.').next().unwrap_or_default(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": if parts.version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" },
                "sourceIp": "127.0.0.1",
                "userAgent": text_of(&parts.headers, USER_AGENT.as_str()),
            },
            "requestId": format!("{:016x}", fastrand::u64(..)),
            "routeKey": format!("{} {path}", parts.method),
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    if !query.is_empty() {
        event["queryStringParameters"] = json!(parameters(query));
    }
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !body.is_empty() {
        let plain = std::str::from_utf8(body)
            .ok()
            .filter(|_| is_text(&parts.headers));
        event["isBase64Encoded"] = json!(plain.is_none());
        event["body"] = plain.map_or_else(|| json!(STANDARD.encode(body)), |text| json!(text));
    }
    event
}

/// Tells whether a body goes into the event as it is; compressed bodies and other types go as base64.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = text_of(headers, CONTENT_TYPE.as_str()).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let named = [
        "application/json",
        "application/javascript",
        "application/xml",
    ]
    .contains(&kind);
    let is_plain = !headers.contains_key(CONTENT_ENCODING);
    is_plain && (named || kind.starts_with("text/") || kind.ends_with("+json"))
}

/// Returns every header but the cookies, repeated ones joined by commas.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let names = headers.keys().filter(|name| *name != COOKIE);
    names
        .map(|name| {
            (
                name.as_str().to_owned(),
                json!(text_of(headers, name.as_str())),
            )
        })
        .collect()
}

/// Returns all values of a header as one text.
fn text_of(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter();
    let texts: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    texts.join(",")
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let cookies = headers.get_all(COOKIE).iter();
    let cookies = cookies.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    cookies
        .flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Returns the parameters of a query, repeated ones joined by commas.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    let Ok(mut url) = reqwest::Url::parse("http://127.0.0.1/") else {
        return parameters;
    };
    url.set_query(Some(query));
    for (name, value) in url.query_pairs() {
        let known = parameters.get(&*name);
        let joined = known.map_or_else(|| value.to_string(), |first| format!("{first},{value}"));
        parameters.insert(name.into_owned(), joined);
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers<'a> = &'a [(&'a str, &'a str)];

    fn event_of(headers: Headers<'_>, uri: &str, body: &'static [u8]) -> Value {
        let mut request = hyper::Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        event(&parts, &Bytes::from_static(body))
    }

    #[test]
    fn json_and_text_go_into_an_event_as_they_are() {
        for kind in [
            "application/json",
            "Text/Plain; charset=utf-8",
            "application/a+json",
        ] {
            let event = event_of(&[("content-type", kind)], "/task/add", "白菜".as_bytes());
            assert_eq!(event["body"], "白菜", "{kind}");
            assert_eq!(event["isBase64Encoded"], false);
        }
    }

    #[test]
    fn what_is_no_text_goes_into_an_event_as_base64() {
        let json = ("content-type", "application/json");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let cases: [(Headers<'_>, &'static [u8]); 4] = [
            (&[form], b"a=1"),
            (&[json], b"\xd1\xff"),
            (&[json, ("content-encoding", "gzip")], b"{}"),
            (&[], b"{}"),
        ];
        for (headers, body) in cases {
            let event = event_of(headers, "/task/add", body);
            assert_eq!(event["isBase64Encoded"], true, "{headers:?}");
            assert_eq!(event["body"], STANDARD.encode(body));
        }
    }

    #[test]
    fn repeated_headers_and_parameters_are_joined_and_cookies_stand_apart() {
        let headers = [("x-a", "1"), ("x-a", "2"), ("cookie", "c=1; d=2")];
        let event = event_of(&headers, "/task/get?a=1&b=%E7%99%BD+x&a=2", b"");
        assert_eq!(event["headers"], json!({"x-a": "1,2"}));
        assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
        assert_eq!(
            event["queryStringParameters"],
            json!({"a": "1,2", "b": "白 x"})
        );
        assert_eq!(event["rawQueryString"], "a=1&b=%E7%99%BD+x&a=2");
        assert_eq!(event.get("body"), None);
    }
}
