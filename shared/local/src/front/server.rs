//! HTTP/1.1 on a port: connections, requests, responses.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response as HyperResponse, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use super::functions::{Connection, Functions};

pub(crate) type Request = hyper::Request<Incoming>;
pub(crate) type Response = HyperResponse<Full<Bytes>>;

/// Answers every request on a port until it is aborted, its connections with it. A request that gets no answer has its
/// connection closed.
pub(crate) fn serve<F>(
    listener: TcpListener,
    answer: impl Fn(Request, Arc<Connection>) -> F + Clone + Send + Sync + 'static,
    functions: Option<Arc<Functions>>,
) -> AbortHandle
where
    F: Future<Output = Option<Response>> + Send + 'static,
{
    let accepting = async move {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let (answer, functions) = (answer.clone(), functions.clone());
            connections.spawn(async move {
                let connection = Arc::new(Connection::default());
                let service = service_fn(|request| {
                    let answered = answer(request, Arc::clone(&connection));
                    async move { answered.await.ok_or(NoAnswer) }
                });
                let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                let _ = serving.await;
                if let Some(functions) = functions {
                    functions.abandon(&connection);
                }
            });
        }
    };
    tokio::spawn(accepting).abort_handle()
}

/// Makes hyper close a connection.
#[derive(Debug, thiserror::Error)]
#[error("there is no answer")]
struct NoAnswer;

/// Reads a request's whole body; nothing when its sender went away.
pub(crate) async fn body(request: Request) -> Option<Bytes> {
    let collected = request.into_body().collect().await.ok()?;
    Some(collected.to_bytes())
}

/// Returns a response with a text.
pub(super) fn text(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response {
    let mut response = HyperResponse::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
