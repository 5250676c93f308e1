//! The way of the functions to the queue emulator. It passes every call on as it is, and rings the bell of a queue that has just
//! got a message: the emulator looks for messages ten times a second, which a small batch would feel. A receive that waits does so here,
//! for the bell.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::{LocalError, Result};
use crate::front::{Request, Response, body, serve};

const PART: &str = "queue relay";

/// One bell a queue: rung when it may hold a message that it did not hold before.
pub(crate) type Bells = Arc<BTreeMap<String, Notify>>;

/// The relay's port; dropping it closes it.
#[derive(Debug)]
pub(super) struct Relay {
    port: u16,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct Way {
    client: reqwest::Client,
    emulator: String,
    bells: Bells,
}

impl Relay {
    /// Passes calls on to the emulator at a base URL from now on.
    pub(super) async fn start(emulator: String, bells: Bells) -> Result<Self> {
        let fault = |error: &dyn std::fmt::Display| LocalError::part(PART, error);
        let client = reqwest::Client::builder().no_proxy().build();
        let way = Arc::new(Way {
            client: client.map_err(|error| fault(&error))?,
            emulator,
            bells,
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| fault(&error))?;
        let port = listener.local_addr().map_err(|error| fault(&error))?.port();
        let accepting = serve(
            listener,
            move |request, _| {
                let way = Arc::clone(&way);
                async move { way.pass(request).await }
            },
            None,
        );
        Ok(Self { port, accepting })
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A receive that waits for a message.
struct Waiting {
    queue: String,
    time: Duration,
    /// The same call without a wait.
    call: Bytes,
}

/// Reads a call that waits; `None`: it is another one.
fn waiting(action: &str, body: &Bytes) -> Option<Waiting> {
    if !action.ends_with(".ReceiveMessage") {
        return None;
    }
    let mut call: Value = serde_json::from_slice(body).ok()?;
    let seconds = call["WaitTimeSeconds"].as_u64().filter(|time| *time > 0)?;
    call["WaitTimeSeconds"] = 0.into();
    let (_, queue) = call["QueueUrl"].as_str()?.rsplit_once('/')?;
    Some(Waiting {
        queue: queue.to_owned(),
        time: Duration::from_secs(seconds),
        call: call.to_string().into(),
    })
}

impl Way {
    /// Passes a request on; `None`, which closes the connection, when the emulator is away.
    async fn pass(&self, request: Request) -> Option<Response> {
        let (parts, received) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.emulator);
        let mut headers = parts.headers.clone();
        for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let method = parts.method.clone();
        let action = parts.headers.get("x-amz-target").cloned();
        let sent = body(Request::from_parts(parts, received)).await?;
        let action = action.as_ref().and_then(|action| action.to_str().ok());
        let call = || {
            let call = self.client.request(method.clone(), &url);
            call.headers(headers.clone())
        };
        let answer = match action.and_then(|action| waiting(action, &sent)) {
            Some(waiting) => self.receive(call, waiting).await?,
            None => call().body(sent.clone()).send().await.ok()?,
        };
        let mut response = Response::default();
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            response.headers_mut().remove(name);
        }
        *response.body_mut() = Full::new(answer.bytes().await.ok()?);
        if let Some(bell) = action.and_then(|action| self.bell(action, &sent)) {
            bell.notify_one();
        }
        Some(response)
    }

    /// Receives at once, and again when the bell has rung.
    async fn receive(
        &self,
        call: impl Fn() -> reqwest::RequestBuilder,
        waiting: Waiting,
    ) -> Option<reqwest::Response> {
        let end = Instant::now() + waiting.time;
        loop {
            let answer = call().body(waiting.call.clone()).send().await.ok()?;
            // An answer without messages is {}.
            if answer.content_length() != Some(2) || Instant::now() >= end {
                return Some(answer);
            }
            let rung = async {
                match self.bells.get(&waiting.queue) {
                    Some(bell) => bell.notified().await,
                    None => pending().await,
                }
            };
            let _ = tokio::time::timeout_at(end, rung).await;
        }
    }

    /// Returns the bell of the queue that a call may have put a message into.
    fn bell(&self, action: &str, body: &Bytes) -> Option<&Notify> {
        let (_, action) = action.rsplit_once('.')?;
        if !(action.starts_with("SendMessage") || action.starts_with("ChangeMessageVisibility")) {
            return None;
        }
        let call: Value = serde_json::from_slice(body).ok()?;
        let (_, queue) = call["QueueUrl"].as_str()?.rsplit_once('/')?;
        self.bells.get(queue)
    }
}
