//! The event of an HTTP API (payload format 2.0), as far as it is used.
//!
//! It is read straight from the runtime's bytes: a body of megabytes is copied once, when its JSON escapes are undone.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// One HTTP request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    request_context: RequestContext,
    pub(super) raw_query_string: Option<String>,
    headers: Option<HashMap<String, String>>,
    pub(super) body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct RequestContext {
    http: Http,
    authorizer: Option<Authorizer>,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
    #[serde(default)]
    path: String,
}

/// What the gateway found out about the caller. The key `lambda` is a Lambda authorizer's context.
#[derive(Debug, Deserialize)]
struct Authorizer {
    jwt: Option<Jwt>,
    lambda: Option<Claims>,
}

#[derive(Debug, Deserialize)]
struct Jwt {
    claims: Option<Claims>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    station_id: Option<Value>,
}

impl Event {
    pub(super) fn method(&self) -> &str {
        &self.request_context.http.method
    }

    pub(super) fn path(&self) -> &str {
        &self.request_context.http.path
    }

    pub(super) fn is_base64_encoded(&self) -> bool {
        self.is_base64_encoded.unwrap_or_default()
    }

    /// A header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        let found = headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The authorizer's claim `station_id`.
    pub(super) fn station_claim(&self) -> Option<String> {
        let authorizer = self.request_context.authorizer.as_ref()?;
        let claims = authorizer.jwt.as_ref().and_then(|jwt| jwt.claims.as_ref());
        let claimed = |claims: &Claims| match claims.station_id.as_ref()? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        claims
            .and_then(claimed)
            .or_else(|| authorizer.lambda.as_ref().and_then(claimed))
    }
}
