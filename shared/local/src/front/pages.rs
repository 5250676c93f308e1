//! Answers to requests that no route matches: the description of the API, else 404 as API Gateway does.

use std::path::Path;

use hyper::body::Bytes;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::json;

use super::server::text;
use super::{Response, answer};
use crate::documentation::{PAGE, START, document, renderer_file};
use crate::error::Result;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// The content policy of the page: files of the stack, and images and styles that its own script writes.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Answers with the description, read anew each time: an edit is seen at once.
pub(super) fn answer(method: &Method, path: &str, root: &Path, base_url: &str) -> Response {
    let found = match method {
        &Method::GET => page(path, root, base_url),
        _ => None,
    };
    match found {
        Some(Ok((content_type, body))) => {
            let mut response = text(StatusCode::OK, content_type, body);
            let headers = response.headers_mut();
            headers.insert(CONTENT_SECURITY_POLICY, POLICY);
            response
        }
        Some(Err(error)) => {
            let body = json!({ "message": error.to_string() }).to_string();
            text(StatusCode::INTERNAL_SERVER_ERROR, JSON, body)
        }
        None => answer::message(StatusCode::NOT_FOUND, "Not Found"),
    }
}

/// Finds the media type and content of a page; `None` when the page does not exist.
fn page(path: &str, root: &Path, base_url: &str) -> Option<Result<(&'static str, Bytes)>> {
    let file = |media_type, name| {
        let content = renderer_file(root, name).map(Bytes::from);
        content.map(|content| (media_type, content))
    };
    Some(match path {
        "/" | "/docs" => Ok((HTML, Bytes::from(PAGE))),
        "/docs/start.js" => Ok((SCRIPT, Bytes::from(START))),
        "/docs/swagger-ui-bundle.js" => file(SCRIPT, "swagger-ui-bundle.js"),
        "/docs/swagger-ui.css" => file("text/css; charset=utf-8", "swagger-ui.css"),
        "/docs/favicon-32x32.png" => file("image/png", "favicon-32x32.png"),
        "/openapi.json" => {
            document(root, base_url).map(|document| (JSON, document.to_string().into()))
        }
        _ => return None,
    })
}
