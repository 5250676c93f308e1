//! A secret of AWS Secrets Manager, read by one signed HTTP request.

use std::time::Duration;

use http::Uri;
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

pub use crate::signed::{Credentials, Role};
use crate::signed::{SignedCall, call};

const TARGET: &str = "secretsmanager.GetSecretValue";
/// Requests for one secret, and how long each may take: together less than the ten seconds that Lambda gives a process to start.
const TRIES: u32 = 3;
const BOUND: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(200);

/// Why a secret was not read; holds nothing of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct SecretError {
    reason: String,
    /// Whether the next try may go better.
    passes: bool,
}

impl SecretError {
    /// Tells whether the next try may go better.
    #[must_use]
    pub const fn passes(&self) -> bool {
        self.passes
    }

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
    fn of(version: &SecretVersion) -> Result<Self, SecretError> {
        let wrong = "is not JSON with the members username and password";
        serde_json::from_str(&version.text).map_err(|_| SecretError::lasting(wrong))
    }

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

/// Which version of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version<'t> {
    /// The current one.
    Current,
    /// The one with this id.
    Id(&'t str),
    /// The one at this stage: `AWSCURRENT`, `AWSPREVIOUS`.
    Stage(&'t str),
}

/// Which secret, and who asks for it where.
#[derive(Debug, Clone)]
pub struct SecretRequest<'t> {
    /// `arn:aws:secretsmanager:region:account:secret:name` or, with a region, its name.
    pub id: &'t str,
    /// Which version of it.
    pub version: Version<'t>,
    /// Where it is, if its ARN is not given.
    pub region: Option<&'t str>,
    /// Another place to ask than AWS's of the secret's region.
    pub endpoint: Option<&'t str>,
    /// Who asks.
    pub credentials: Credentials<'t>,
}

/// A version of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// The secret itself.
    pub text: String,
    /// When this version was made, in seconds since 1970.
    pub created_at: Option<i64>,
}

/// Reads a secret with the members `username` and `password`.
///
/// # Errors
/// After three tries, or at once where another one is of no use.
pub async fn login(request: &SecretRequest<'_>) -> Result<Login, SecretError> {
    Login::of(&read_version(request).await?)
}

/// Reads a version of a secret, whatever it holds.
///
/// # Errors
/// After three tries, or at once where another one is of no use.
pub async fn read_version(request: &SecretRequest<'_>) -> Result<SecretVersion, SecretError> {
    let mut tried = 1;
    loop {
        match ask(request).await {
            Err(error) if error.passes && tried < TRIES => sleep(PAUSE * tried).await,
            answer => return answer,
        }
        tried += 1;
    }
}

async fn ask(request: &SecretRequest<'_>) -> Result<SecretVersion, SecretError> {
    let (region, url) = place(request)?;
    let url: Uri = url
        .parse()
        .map_err(|_| SecretError::lasting("cannot be read: its endpoint is no URL"))?;
    let mut body = json!({ "SecretId": request.id });
    match request.version {
        Version::Current => {}
        Version::Id(id) => body["VersionId"] = json!(id),
        Version::Stage(stage) => body["VersionStage"] = json!(stage),
    }
    let signed = SignedCall {
        url: &url,
        target: TARGET,
        content_type: "application/x-amz-json-1.1",
        scope: (region, "secretsmanager"),
        credentials: request.credentials.clone(),
        body: body.to_string(),
    };
    let (status, body) = call(&signed, BOUND).await.map_err(|wrong| {
        SecretError::passing(format!("cannot be read: Secrets Manager {wrong}"))
    })?;
    read(status, &body)
}

/// Returns the region of a secret and the URL to ask for it.
fn place<'t>(request: &SecretRequest<'t>) -> Result<(&'t str, String), SecretError> {
    let region = match request.region {
        Some(region) => region,
        None => region_of(request.id)?,
    };
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    let usual = || format!("https://secretsmanager.{region}.amazonaws.com{suffix}/");
    let given = request
        .endpoint
        .map(|endpoint| format!("{}/", endpoint.trim_end_matches('/')));
    Ok((region, given.unwrap_or_else(usual)))
}

/// Returns the region that an ARN names.
fn region_of(arn: &str) -> Result<&str, SecretError> {
    let mut parts = arn.split(':').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some("secretsmanager"), Some(region)) => Ok(region),
        _ => Err(SecretError::lasting(
            "is no ARN of a secret, arn:aws:secretsmanager:region:account:secret:name",
        )),
    }
}

/// Reads an answer: the secret, or why there is none.
fn read(status: u16, body: &[u8]) -> Result<SecretVersion, SecretError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "SecretString")]
        secret: String,
        #[serde(rename = "CreatedDate")]
        created: Option<f64>,
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
    #[expect(clippy::cast_possible_truncation, reason = "seconds of this age")]
    let created_at = answer.created.map(|seconds| seconds as i64);
    Ok(SecretVersion {
        text: answer.secret,
        created_at,
    })
}

#[cfg(test)]
mod tests;
