//! The event of an HTTP API (payload format 2.0): the members that the functions use.
//!
//! A member of an unexpected shape is read as absent, or kept with its fault. So the call is answered, and logged with its id.
//! `lambda_http`'s own types refuse the whole event when a claim is no string. Its `http::Request` is not used either: the
//! conversion panics on a body that is not valid base64 and on a URL that cannot be built, and copies a body of megabytes once more.

use std::collections::HashMap;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContextHttpDescription;
use serde::Deserialize;
use serde_json::Value;

use crate::text::Text;

/// One HTTP request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    request_context: Context,
    #[serde(default)]
    headers: Option<HashMap<String, Value>>,
    #[serde(default)]
    raw_query_string: Value,
    #[serde(default)]
    body: Text,
    #[serde(default)]
    is_base64_encoded: Value,
}

/// Who calls, and how.
#[derive(Debug, Deserialize)]
struct Context {
    http: ApiGatewayV2httpRequestContextHttpDescription,
    #[serde(default)]
    authorizer: Value,
}

/// The value of an authorizer's claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// A text, which may still be none that means anything.
    Text(String),
    /// The value `true`.
    True,
    /// Something that is no text, `null` included.
    Other,
}

impl Claim {
    /// Tells whether the claim says yes: the gateway hands a token's `true` on as a text, a Lambda authorizer's as it is.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => text == "true",
            Self::True => true,
            Self::Other => false,
        }
    }

    /// Returns a person's name, as much of it as is kept; `None` when it is none.
    pub(super) fn name(self) -> Option<String> {
        let Self::Text(text) = self else {
            return None;
        };
        let name: String = text
            .trim()
            .chars()
            .filter(|c| *c != '\0')
            .take(64)
            .collect();
        (!name.is_empty()).then_some(name)
    }
}

impl Event {
    pub(super) fn method(&self) -> &str {
        self.request_context.http.method.as_str()
    }

    pub(super) fn path(&self) -> &str {
        let path = self.request_context.http.path.as_deref();
        path.unwrap_or_default()
    }

    pub(super) fn is_base64_encoded(&self) -> bool {
        self.is_base64_encoded.as_bool().unwrap_or_default()
    }

    /// Hands over the body, or the reason why the body is no text.
    pub(super) fn take_body(&mut self) -> Result<String, String> {
        std::mem::take(&mut self.body).0
    }

    /// Hands over the query string.
    pub(super) fn take_query(&mut self) -> String {
        match self.raw_query_string.take() {
            Value::String(query) => query,
            _ => String::new(),
        }
    }

    /// Returns a header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        let (_, value) = headers.find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(value.as_str()?.trim()).filter(|value| !value.is_empty())
    }

    /// Tells whether the gateway has checked the signature of another system (IAM): it then says whose it was, and no
    /// other authorizer speaks.
    pub(super) fn is_signed(&self) -> bool {
        let authorizer = &self.request_context.authorizer;
        let signer = authorizer["iam"]["userArn"].as_str().unwrap_or_default();
        !signer.is_empty() && authorizer["jwt"].is_null() && authorizer["lambda"].is_null()
    }

    /// Returns the authorizer's claim of this name: of a JWT, or of a Lambda authorizer's context.
    pub(super) fn claim(&self, name: &str) -> Option<Claim> {
        let authorizer = &self.request_context.authorizer;
        let of_token = authorizer["jwt"]["claims"].get(name);
        let claim = of_token.or_else(|| authorizer["lambda"].get(name))?;
        Some(match claim {
            Value::String(text) => Claim::Text(text.clone()),
            Value::Bool(true) => Claim::True,
            _ => Claim::Other,
        })
    }
}
