//! The HTTP front, in place of API Gateway and Lambda. One port answers the API's routes, Lambda's
//! Invoke API, and the runtime API that the function processes poll for their events.
//!
//! It is our own because `cargo lambda watch` loses large answers (docs/decisions/0017-own-local-front.md).

mod answer;
mod event;
mod functions;
mod origins;
mod pages;
mod runtime_api;
mod server;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::ORIGIN;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub(crate) use functions::{Connection, Failure, Functions, new_trace};
pub(crate) use server::{Request, Response, body, serve};

use crate::config::StackConfig;
use crate::error::{LocalError, Result};
use crate::project::Project;
use origins::Origins;

/// How long API Gateway waits for a function at most.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The front's address and its functions; dropping it closes the port.
#[derive(Debug)]
pub(crate) struct Front {
    port: u16,
    functions: Arc<Functions>,
    accepting: AbortHandle,
}

/// The function or page that answers a request.
#[derive(Debug)]
struct Site {
    project: Project,
    base_url: String,
    origins: Origins,
    functions: Arc<Functions>,
}

impl Front {
    /// Opens the port and answers from now on.
    pub(crate) async fn start(config: &StackConfig) -> Result<Self> {
        let wanted = config.port.unwrap_or(0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await;
        let listener = listener.map_err(|_| LocalError::PortTaken(wanted))?;
        let address = listener.local_addr();
        let port = address
            .map_err(|error| LocalError::part("front", error))?
            .port();
        let names = config.functions().into_iter();
        let timed = names.map(|name| (name.clone(), config.timeout_of(&name)));
        let functions = Arc::new(Functions::new(timed));
        let site = Arc::new(Site {
            project: config.project.clone(),
            base_url: base_url(port),
            origins: Origins::new(port, &config.allowed_origins),
            functions: Arc::clone(&functions),
        });
        let accepting = serve(
            listener,
            move |request, connection| {
                let site = Arc::clone(&site);
                async move { Some(site.answer(request, &connection).await) }
            },
            Some(Arc::clone(&functions)),
        );
        Ok(Self {
            port,
            functions,
            accepting,
        })
    }

    pub(crate) fn base_url(&self) -> String {
        base_url(self.port)
    }

    /// Returns `AWS_LAMBDA_RUNTIME_API` for the processes of a function.
    pub(crate) fn runtime_api(&self, function: &str) -> String {
        format!("{}{}{function}", self.base_url(), runtime_api::PREFIX)
    }

    pub(crate) fn functions(&self) -> Arc<Functions> {
        Arc::clone(&self.functions)
    }

    pub(crate) fn end(&self) {
        self.accepting.abort();
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.end();
    }
}

impl Site {
    async fn answer(&self, request: Request, connection: &Connection) -> Response {
        let path = request.uri().path().to_owned();
        if let Some(rest) = path.strip_prefix(runtime_api::PREFIX) {
            return runtime_api::serve(&self.functions, connection, rest, request).await;
        }
        if let Some(refusal) = self.origins.refusal(&request) {
            return refusal;
        }
        if let Some(preflight) = self.origins.preflight(&request) {
            return preflight;
        }
        let origin = request.headers().get(ORIGIN).cloned();
        let mut answer = if let Some(rest) = path.strip_prefix(runtime_api::INVOKE) {
            runtime_api::invoke(&self.functions, rest, request).await
        } else {
            self.route(&path, request).await
        };
        self.origins.allow(origin, &mut answer);
        answer
    }

    /// Gives the request to the function behind its route.
    async fn route(&self, path: &str, request: Request) -> Response {
        let mut routes = self.project.routes_of(path);
        routes.retain(|route| request.method() == route.method.as_str());
        let mut routes = routes.into_iter();
        let Some(route) = routes.next() else {
            return pages::answer(request.method(), path, &self.root(), &self.base_url);
        };
        let trace = event::trace(&request);
        let event = match event::of(request).await {
            Ok(event) => event,
            Err(refusal) => return refusal,
        };
        let answer = self
            .functions
            .invoke(&route.function, event, trace, INTEGRATION_TIMEOUT);
        match answer.await {
            Ok(answer) => answer::of(&answer),
            Err(Failure::TimedOut) => {
                answer::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
            Err(_) => answer::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }

    fn root(&self) -> PathBuf {
        self.project.root.clone()
    }
}

fn base_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
