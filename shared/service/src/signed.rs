//! One signed request to a service of AWS: with an SDK's client every function would be three times as large.

mod signature;

use std::time::Duration;

use http::{Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::timeout;

pub use signature::Credentials;
use signature::authorize;

/// More than any answer is long.
const MAX_ANSWER: usize = 1 << 20;

/// Who calls AWS, and in which region: the role of the function.
#[derive(Clone, PartialEq, Eq)]
pub struct Role {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub key: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: String,
    /// `AWS_SESSION_TOKEN`.
    pub token: Option<String>,
}

impl Role {
    /// Returns what requests are signed with.
    #[must_use]
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials {
            key: &self.key,
            secret: &self.secret,
            token: self.token.as_deref(),
        }
    }
}

impl std::fmt::Debug for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Role")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A call of AWS's JSON protocol.
#[derive(Debug)]
pub(crate) struct SignedCall<'t> {
    /// Where the service is, its root.
    pub(crate) url: &'t Uri,
    /// `x-amz-target`.
    pub(crate) target: &'t str,
    /// `content-type`.
    pub(crate) content_type: &'t str,
    /// Region and service.
    pub(crate) scope: (&'t str, &'t str),
    /// Who calls.
    pub(crate) credentials: Credentials<'t>,
    /// JSON.
    pub(crate) body: String,
}

/// Makes a call; answers status and body.
///
/// # Errors
/// Why there is no answer.
pub(crate) async fn call(call: &SignedCall<'_>, bound: Duration) -> Result<(u16, Vec<u8>), String> {
    let schemes = HttpsConnectorBuilder::new().with_webpki_roots();
    let schemes = schemes.https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build(schemes);
    let request = request(call)?;
    let exchange = async {
        let answer = client
            .request(request)
            .await
            .map_err(|_| "cannot be reached")?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|_| "broke off its answer")?;
        Ok((status, body.to_bytes().to_vec()))
    };
    let answer = timeout(bound, exchange).await;
    answer.map_err(|_| "did not answer in time".to_owned())?
}

fn request(call: &SignedCall<'_>) -> Result<Request<String>, String> {
    let host = call
        .url
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    let headers = [
        ("content-type", call.content_type),
        ("host", host.as_str()),
        ("x-amz-target", call.target),
    ];
    let now = jiff::Timestamp::now();
    let headers = authorize(&call.credentials, call.scope, now, &headers, &call.body);
    let post = headers
        .iter()
        .fold(Request::post(call.url), |post, (name, value)| {
            post.header(*name, value)
        });
    post.body(call.body.clone())
        .map_err(|_| "makes no request".to_owned())
}
