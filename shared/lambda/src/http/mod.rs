//! Functions behind the HTTP API: one event in, one envelope out, whatever happens in between.

mod answer;
mod body;
mod call;
mod event;
mod file;
mod reply;
mod station;

use std::time::Instant;

use futures_util::{FutureExt, future::LocalBoxFuture};
use lambda_runtime::LambdaEvent;
use task_service::{Error, ErrorCode, Result};
use tracing::Instrument;

use crate::{
    Callers, ConfigurationError, Environment, FromEnvironment, fault, parameters::shown, runtime,
    telemetry,
};
use answer::{Answer, Response};
pub use call::Call;
use event::Event;
pub use file::StaticFile;
pub use reply::Reply;

/// Serves a POST route.
///
/// # Errors
/// A bad configuration. Whatever a request fails with is answered.
pub fn post<S, H, F>(handler: H) -> std::result::Result<(), crate::Error>
where
    S: FromEnvironment,
    H: Fn(&'static S, Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + 'static,
{
    serve(&["POST"], handler)
}

/// Serves a route that only reads, and may be called by GET as well as by POST.
///
/// # Errors
/// A bad configuration. Whatever a request fails with is answered.
pub fn get_or_post<S, H, F>(handler: H) -> std::result::Result<(), crate::Error>
where
    S: FromEnvironment,
    H: Fn(&'static S, Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + 'static,
{
    serve(&["GET", "POST"], handler)
}

/// Serves a route that is called by GET only.
///
/// # Errors
/// A bad configuration. Whatever a request fails with is answered.
pub fn get<S, H, F>(handler: H) -> std::result::Result<(), crate::Error>
where
    S: FromEnvironment,
    H: Fn(&'static S, Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + 'static,
{
    serve(&["GET"], handler)
}

fn serve<S, H, F>(
    methods: &'static [&'static str],
    handler: H,
) -> std::result::Result<(), crate::Error>
where
    S: FromEnvironment,
    H: Fn(&'static S, Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + 'static,
{
    serve_calls(methods, &|environment| {
        let state = runtime::leaked(environment)?;
        Ok(Box::new(move |call| handler(state, call).boxed_local()))
    })
}

/// What a route does with a call.
type Handler = Box<dyn Fn(Call) -> LocalBoxFuture<'static, Result<Reply>> + Send + Sync>;

fn serve_calls(
    methods: &'static [&'static str],
    build: &dyn Fn(&Environment) -> std::result::Result<Handler, ConfigurationError>,
) -> std::result::Result<(), crate::Error> {
    runtime::serve(&|environment| {
        let callers: &Callers = runtime::leaked(environment)?;
        let handler: &Handler = Box::leak(Box::new(build(environment)?));
        Ok(Box::new(move |event: LambdaEvent<Event>| {
            let span = telemetry::span(&event.context);
            let answering = async move {
                let id = &event.context.request_id;
                Ok(answer(event.payload, id, callers, methods, handler).await)
            };
            answering.instrument(span).boxed_local()
        }))
    })
}

/// Answers one event and logs it.
async fn answer<F>(
    event: Event,
    request_id: &str,
    callers: &Callers,
    methods: &[&str],
    handler: impl FnOnce(Call) -> F,
) -> Response
where
    F: Future<Output = Result<Reply>>,
{
    let start = Instant::now();
    let (method, path) = (event.method().to_owned(), event.path().to_owned());
    let work = async {
        check_method(&method, methods)?;
        handler(Call::new(event, request_id, callers)?).await
    };
    let outcome = fault::isolated(work)
        .await
        .flatten()
        .and_then(Reply::within_limit);
    let answer = Answer::of(&outcome, methods.contains(&"GET"));
    let (code, error) = (answer.code, answer.error);
    let duration_ms = telemetry::milliseconds(start);
    match &outcome {
        Err(fault) if code == 2 => {
            let fault = fault::loggable(fault);
            tracing::error!(method, path, code, error, %fault, duration_ms, "failed");
        }
        Err(Error::Store(fault)) => {
            let fault = fault.kind();
            tracing::warn!(method, path, code, error, %fault, duration_ms, "answered");
        }
        _ => tracing::info!(method, path, code, error, duration_ms, "answered"),
    }
    answer.into_response(outcome, request_id)
}

fn check_method(method: &str, methods: &[&str]) -> Result<()> {
    if methods.contains(&method) {
        return Ok(());
    }
    let accepted = methods.join(" or ");
    Err(Error::refused(
        ErrorCode::ParamInvalid,
        format!(
            "method {} is not accepted here, only {accepted}",
            shown(method)
        ),
    ))
}

#[cfg(test)]
mod tests;
