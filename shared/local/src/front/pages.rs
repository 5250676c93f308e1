//! What is answered to requests that no route matches: the description of the API, else 404 as API Gateway does.

use std::path::Path;

use hyper::{Method, StatusCode};
use serde_json::json;

use super::server::text;
use super::{Response, answer};
use crate::documentation::{document, page};

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Answers with the description, read anew each time: whoever edits it sees it at once.
pub(super) fn answer(method: &Method, path: &str, root: &Path, base_url: &str) -> Response {
    let found = match path {
        _ if method != Method::GET => None,
        "/" | "/docs" => Some(document(root, base_url).map(|document| (HTML, page(&document)))),
        "/openapi.json" => {
            Some(document(root, base_url).map(|document| (JSON, document.to_string())))
        }
        _ => None,
    };
    match found {
        Some(Ok((content_type, body))) => text(StatusCode::OK, content_type, body),
        Some(Err(error)) => {
            let body = json!({ "message": error.to_string() }).to_string();
            text(StatusCode::INTERNAL_SERVER_ERROR, JSON, body)
        }
        None => answer::message(StatusCode::NOT_FOUND, "Not Found"),
    }
}
