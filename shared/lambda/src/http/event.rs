//! The event of an HTTP API (payload format 2.0), as `lambda_http` reads it.
//!
//! Its typed event is used as it is, without the step to `http::Request`: that one panics on a body that is not
//! the base64 it claims to be and on an URL it cannot build, and copies a body of megabytes once more.

use lambda_http::aws_lambda_events::apigw::{ApiGatewayRequestAuthorizer, ApiGatewayV2httpRequest};
use serde::Deserialize;
use serde_json::Value;

/// One HTTP request.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Event(ApiGatewayV2httpRequest);

impl Event {
    pub(super) fn method(&self) -> &str {
        self.0.request_context.http.method.as_str()
    }

    pub(super) fn path(&self) -> &str {
        self.0
            .request_context
            .http
            .path
            .as_deref()
            .unwrap_or_default()
    }

    pub(super) fn is_base64_encoded(&self) -> bool {
        self.0.is_base64_encoded
    }

    /// Hands over the body.
    pub(super) fn take_body(&mut self) -> String {
        self.0.body.take().unwrap_or_default()
    }

    /// Hands over the query string.
    pub(super) fn take_query(&mut self) -> String {
        self.0.raw_query_string.take().unwrap_or_default()
    }

    /// A header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        // Not `to_str`: it takes ASCII only, and a station beyond it would count as none.
        let value = str::from_utf8(self.0.headers.get(name)?.as_bytes())
            .ok()?
            .trim();
        (!value.is_empty()).then_some(value)
    }

    /// Whether the gateway has checked the signature of another system (IAM).
    pub(super) fn is_signed(&self) -> bool {
        let authorizer = self.0.request_context.authorizer.as_ref();
        authorizer.is_some_and(|authorizer| authorizer.iam.is_some())
    }

    /// The authorizer's claim `station_id`: of a JWT, or of a Lambda authorizer's context.
    pub(super) fn station_claim(&self) -> Option<String> {
        let authorizer = self.0.request_context.authorizer.as_ref()?;
        let of_token = authorizer
            .jwt
            .as_ref()
            .and_then(|jwt| jwt.claims.get("station_id").cloned());
        of_token.or_else(|| of_context(authorizer))
    }
}

fn of_context(authorizer: &ApiGatewayRequestAuthorizer) -> Option<String> {
    match authorizer.fields.get("station_id")? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
