//! Calling a target: one request on a connection of its own, bounded in time and in what is read of the answer.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::TokioExecutor;
use tokio::time::{Instant, timeout_at};

use super::hosts::{BlockedAddress, TargetHosts};
use super::resolver::CheckedResolver;
use super::url::TargetUrl;

/// How long a target may take to answer.
pub const ANSWER_TIME: Duration = Duration::from_secs(20);
/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// The most bytes of an answer that are read.
pub const MOST_BYTES: usize = 64 * 1024;
/// The longest wait that a target may ask for, in seconds.
const LONGEST_WAIT: u32 = 86_400;

type Connector<R> = HttpsConnector<HttpConnector<CheckedResolver<R>>>;

/// A client that reaches allowed addresses only. It follows no redirect and knows no proxy.
///
/// Each call has a connection of its own: one that is kept would be dead, unnoticed, after Lambda has frozen the process.
#[derive(Debug, Clone)]
pub struct TargetClient {
    client: Client<Connector<GaiResolver>, String>,
    hosts: Arc<TargetHosts>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The target answered.
    Answered(Answer),
    /// No request was made, for a reason that passes.
    NotReached(&'static str),
    /// No request was made: something about it must be mended, or a secret could not be read just now.
    Refused(Refusal),
    /// The request was made, and no answer came: nobody knows what the target did.
    Silent,
}

/// Why a target may not be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For the people whose task it is: names neither an address nor a secret.
    pub reason: &'static str,
    /// For the log.
    pub cause: String,
    /// It may pass by itself.
    pub passes: bool,
}

impl Refusal {
    pub(super) fn new(reason: &'static str, cause: impl Into<String>) -> Self {
        Self {
            reason,
            cause: cause.into(),
            passes: false,
        }
    }
}

/// The answer of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// In how many seconds to come again, as the target says.
    pub retry_after: Option<u32>,
    /// What it says, the first 64 KiB.
    pub body: String,
    /// That is all it says.
    pub is_whole: bool,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct SignedRequest {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// JSON.
    pub body: String,
}

impl TargetClient {
    /// Makes a client for the hosts of an allow-list; it trusts the public authorities.
    #[must_use]
    pub fn new(hosts: TargetHosts) -> Self {
        let hosts = Arc::new(hosts);
        let https = HttpsConnectorBuilder::new().with_webpki_roots();
        let https = https.https_or_http().enable_http1();
        let connector = https.wrap_connector(connector(GaiResolver::new(), &hosts));
        Self {
            client: client(connector),
            hosts,
        }
    }

    /// Returns the allow-list.
    #[must_use]
    pub fn hosts(&self) -> &TargetHosts {
        &self.hosts
    }

    /// Calls a target once.
    pub async fn post(&self, url: &TargetUrl, request: &SignedRequest, time: Duration) -> Outcome {
        post(&self.client, url, request, time).await
    }
}

fn connector<R: Clone>(inner: R, hosts: &Arc<TargetHosts>) -> HttpConnector<CheckedResolver<R>> {
    let hosts = Arc::clone(hosts);
    let mut connector = HttpConnector::new_with_resolver(CheckedResolver { hosts, inner });
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIME));
    connector
}

fn client<C: hyper_util::client::legacy::connect::Connect + Clone>(
    connector: C,
) -> Client<C, String> {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_max_idle_per_host(0).build(connector)
}

async fn post<C>(
    client: &Client<C, String>,
    url: &TargetUrl,
    sent: &SignedRequest,
    time: Duration,
) -> Outcome
where
    C: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    let end = Instant::now() + time;
    let request = Request::post(url.uri())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "long-tasks")
        .header("webhook-id", &sent.id)
        .header("webhook-timestamp", sent.timestamp)
        .header("webhook-signature", &sent.signature)
        .body(sent.body.clone());
    let Ok(request) = request else {
        let reason = "its request cannot be written";
        return Outcome::Refused(Refusal::new(reason, reason));
    };
    match timeout_at(end, client.request(request)).await {
        Ok(Ok(response)) => Outcome::Answered(answer(response, end).await),
        Ok(Err(fault)) if fault.is_connect() => not_connected(&fault),
        Ok(Err(_)) | Err(_) => Outcome::Silent,
    }
}

fn not_connected(fault: &hyper_util::client::legacy::Error) -> Outcome {
    let mut cause = fault.source();
    while let Some(error) = cause {
        if let Some(blocked) = error.downcast_ref::<BlockedAddress>() {
            let reason = "its target has an address that may not be called";
            return Outcome::Refused(Refusal::new(reason, blocked.to_string()));
        }
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return Outcome::NotReached("its certificate was not accepted");
        }
        // What an I/O error wraps is not its source: that is the source of what it wraps.
        cause = match io.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    Outcome::NotReached("no connection could be made")
}

/// Reads an answer up to a limit and a time; what comes after either is not waited for.
async fn answer(response: Response<hyper::body::Incoming>, end: Instant) -> Answer {
    let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
    let (mut body, mut text, mut is_whole) = (response.into_body(), Vec::new(), false);
    while text.len() < MOST_BYTES {
        match timeout_at(end, body.frame()).await {
            Ok(Some(Ok(frame))) => text.extend(frame.into_data().into_iter().flatten()),
            Ok(None) => {
                is_whole = true;
                break;
            }
            Ok(Some(Err(_))) | Err(_) => break,
        }
    }
    is_whole &= text.len() <= MOST_BYTES;
    text.truncate(MOST_BYTES);
    Answer {
        status,
        retry_after,
        body: String::from_utf8_lossy(&text).into_owned(),
        is_whole,
    }
}

/// Reads `Retry-After` in seconds; a date is waited for as well.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().or_else(|| {
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let ahead = date.as_second() - jiff::Timestamp::now().as_second();
        u32::try_from(ahead.max(0)).ok()
    })?;
    Some(seconds.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests;
