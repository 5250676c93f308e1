//! A secret of AWS Secrets Manager, read by one signed HTTP request: with an SDK's client every function would be three
//! times as large.

mod signature;

use std::time::Duration;

use http::{Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::https::connector;
pub use signature::Credentials;
use signature::authorize;

const TARGET: &str = "secretsmanager.GetSecretValue";
/// Requests for one secret, and how long each may take: together less than the ten seconds that Lambda gives a process to start.
const TRIES: u32 = 3;
const BOUND: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(200);
/// More than any secret is long, escaped.
const MAX_ANSWER: usize = 1 << 20;

/// Why a secret was not read; holds nothing of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct SecretError {
    reason: String,
    /// Whether the next try may go better.
    passes: bool,
}

impl SecretError {
    fn lasting(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            reason,
            passes: false,
        }
    }

    fn passing(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            reason,
            passes: true,
        }
    }
}

/// A user of the database, as a secret names it.
#[derive(Deserialize)]
pub struct Login {
    username: String,
    password: String,
}

impl Login {
    /// Puts user and password into a URL that names neither.
    ///
    /// # Errors
    /// The URL starts with `mysql://` and holds no `@` before its options.
    pub fn put_into(&self, url: &str) -> Result<String, String> {
        let address = url.strip_prefix("mysql://").unwrap_or_default();
        let place = address.split('?').next().unwrap_or_default();
        if place.is_empty() || place.contains('@') {
            return Err(
                "must be mysql://host:3306/database, without a user, which the secret names"
                    .to_owned(),
            );
        }
        let (user, password) = (encoded(&self.username), encoded(&self.password));
        Ok(format!("mysql://{user}:{password}@{address}"))
    }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Which secret, and who asks for it where.
#[derive(Debug, Clone)]
pub struct SecretRequest<'t> {
    /// `arn:aws:secretsmanager:region:account:secret:name`.
    pub arn: &'t str,
    /// A version's id; the current one where there is none.
    pub version: Option<&'t str>,
    /// Another place to ask than AWS's of the secret's region.
    pub endpoint: Option<&'t str>,
    /// Who asks.
    pub credentials: Credentials<'t>,
}

/// Reads a secret with the members `username` and `password`.
///
/// # Errors
/// After three tries, or at once where another one is of no use.
pub async fn login(request: &SecretRequest<'_>) -> Result<Login, SecretError> {
    let mut tried = 1;
    loop {
        let answer = timeout(BOUND, ask(request)).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(SecretError::passing(
                "cannot be read: Secrets Manager did not answer in time",
            ))
        });
        match answer {
            Err(error) if error.passes && tried < TRIES => sleep(PAUSE * tried).await,
            answer => return answer,
        }
        tried += 1;
    }
}

async fn ask(request: &SecretRequest<'_>) -> Result<Login, SecretError> {
    let client = Client::builder(TokioExecutor::new()).build(connector());
    let answer = client.request(signed(request)?).await;
    let answer = answer
        .map_err(|_| SecretError::passing("cannot be read: Secrets Manager cannot be reached"))?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    let body = body.map_err(|_| {
        SecretError::passing("cannot be read: Secrets Manager broke off its answer")
    })?;
    read(status.as_u16(), &body.to_bytes())
}

/// Returns the request as AWS takes it.
fn signed(request: &SecretRequest<'_>) -> Result<Request<String>, SecretError> {
    let wrong = |_| SecretError::lasting("cannot be read: it makes no request");
    let (region, url) = place(request)?;
    let url: Uri = url
        .parse()
        .map_err(|_| SecretError::lasting("cannot be read: its endpoint is no URL"))?;
    let mut body = json!({ "SecretId": request.arn });
    if let Some(version) = request.version {
        body["VersionId"] = json!(version);
    }
    let body = body.to_string();
    let host = url.authority().map(ToString::to_string).unwrap_or_default();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("host", host.as_str()),
        ("x-amz-target", TARGET),
    ];
    let now = jiff::Timestamp::now();
    let scope = (region, "secretsmanager");
    let headers = authorize(&request.credentials, scope, now, &headers, &body);
    let post = headers
        .iter()
        .fold(Request::post(url), |post, (name, value)| {
            post.header(*name, value)
        });
    post.body(body).map_err(wrong)
}

/// Returns the region of a secret and the URL to ask for it.
fn place<'t>(request: &SecretRequest<'t>) -> Result<(&'t str, String), SecretError> {
    let mut parts = request.arn.split(':').skip(1);
    let (Some(partition), Some("secretsmanager"), Some(region)) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(SecretError::lasting(
            "is no ARN of a secret, arn:aws:secretsmanager:region:account:secret:name",
        ));
    };
    let suffix = if partition == "aws-cn" { ".cn" } else { "" };
    let usual = || format!("https://secretsmanager.{region}.amazonaws.com{suffix}/");
    let given = request
        .endpoint
        .map(|endpoint| format!("{}/", endpoint.trim_end_matches('/')));
    Ok((region, given.unwrap_or_else(usual)))
}

/// Returns an answer: the secret, or why there is none.
fn read(status: u16, body: &[u8]) -> Result<Login, SecretError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "SecretString")]
        secret: String,
    }
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(rename = "__type")]
        kind: String,
    }
    if status != 200 {
        let kind =
            serde_json::from_slice(body).map_or_else(|_| String::new(), |Refusal { kind }| kind);
        let kind = kind.rsplit('#').next().unwrap_or_default();
        let reason = format!("cannot be read: Secrets Manager answered {status} {kind}");
        let passes = status >= 500 || kind.contains("Throttling");
        return Err(SecretError { reason, passes });
    }
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| SecretError::lasting("is no secret text"))?;
    serde_json::from_str(&answer.secret)
        .map_err(|_| SecretError::lasting("is not JSON with the members username and password"))
}

#[cfg(test)]
mod tests;
