//! The event of an HTTP API (payload format 2.0): of it, what is used.
//!
//! Who calls is read by `lambda_http`'s types. The rest is not, and nothing takes the step to `http::Request`: that one
//! panics on a body that is not the base64 it claims to be and on an URL it cannot build, and copies a body of megabytes
//! once more.

use std::collections::HashMap;

use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayRequestAuthorizer, ApiGatewayV2httpRequestContext,
};
use serde::Deserialize;
use serde_json::Value;

use super::text::Text;

/// One HTTP request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    request_context: ApiGatewayV2httpRequestContext,
    headers: Option<HashMap<String, String>>,
    raw_query_string: Option<String>,
    body: Option<Text>,
    is_base64_encoded: Option<bool>,
}

impl Event {
    pub(super) fn method(&self) -> &str {
        self.request_context.http.method.as_str()
    }

    pub(super) fn path(&self) -> &str {
        self.request_context
            .http
            .path
            .as_deref()
            .unwrap_or_default()
    }

    pub(super) fn is_base64_encoded(&self) -> bool {
        self.is_base64_encoded.unwrap_or_default()
    }

    /// Hands over the body.
    pub(super) fn take_body(&mut self) -> String {
        self.body.take().map(|Text(body)| body).unwrap_or_default()
    }

    /// Hands over the query string.
    pub(super) fn take_query(&mut self) -> String {
        self.raw_query_string.take().unwrap_or_default()
    }

    /// A header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        let (_, value) = headers.find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether the gateway has checked the signature of another system (IAM).
    pub(super) fn is_signed(&self) -> bool {
        let authorizer = self.request_context.authorizer.as_ref();
        authorizer.is_some_and(|authorizer| authorizer.iam.is_some())
    }

    /// The authorizer's claim `station_id`: of a JWT, or of a Lambda authorizer's context.
    pub(super) fn station_claim(&self) -> Option<String> {
        let authorizer = self.request_context.authorizer.as_ref()?;
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
