//! The process of a function: logger and state first, then one event after the other.

use std::fmt;

use futures_util::FutureExt;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use task_service::push::PushQueue;
use task_service::trace;
use task_store::invocation;

use crate::{
    Error,
    concurrent::{self, Concurrency},
    configuration::{ConfigurationError, Environment, FromEnvironment},
    deadline::{self, FunctionTimeout},
    metrics, telemetry,
};

/// The variable that the Lambda runtime sets; without it the process was started by hand.
const RUNTIME: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// Polls for events until the process is stopped. `handle` gets each event with the function's state, which is built
/// before the first and lives as long as the process, so that every event can borrow it.
///
/// # Errors
/// A missing or bad variable; it is logged, and the caller is to end the process with it.
pub(crate) async fn serve<S, E, A, R, F>(
    handle: impl Fn(&'static S, LambdaEvent<E>) -> F + Copy + Send + 'static,
) -> Result<(), Error>
where
    S: FromEnvironment,
    E: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
    R: Into<Diagnostic> + fmt::Debug,
    F: Future<Output = Result<A, R>>,
{
    let (concurrency, timeout, push, states) = start::<S>()
        .await
        .inspect_err(|error| tracing::error!(%error, "not started"))?;
    let measured = move |state, event: LambdaEvent<E>| {
        let trace = event.context.xray_trace_id.clone();
        // On the heap: what it awaits would be part of the runtime's own future, which moves.
        let end = deadline::end(&event.context, timeout);
        let handling = trace::within(trace, async move {
            let answer = handle(state, event).await;
            if let Some(queue) = push {
                queue.announce_opened().await;
            }
            answer
        });
        Box::pin(invocation::within(end, handling)).inspect(|_| metrics::flush())
    };
    match concurrency {
        Concurrency::One => {
            let only = states[0];
            let service = service_fn(|event| measured(only, event));
            Runtime::new(service).run().await
        }
        Concurrency::Managed(_) => concurrent::serve(states, measured).await,
    }
}

/// The number of concurrent invocations, the timeout, the queue that opened units are announced to, and one state per invocation.
type Started<S> = (
    Concurrency,
    FunctionTimeout,
    Option<&'static PushQueue>,
    Vec<&'static S>,
);

/// Sets up the logger, reads the database's passwords, then builds the function's state once for each concurrent invocation.
async fn start<S: FromEnvironment>() -> Result<Started<S>, ConfigurationError> {
    let environment = Environment::of_process();
    telemetry::start(&environment)?;
    for variable in RUNTIME {
        environment.required(variable)?;
    }
    let environment = environment.with_logins().await?;
    let timeout = FunctionTimeout::from_environment(&environment)?;
    let concurrency = Concurrency::from_environment(&environment)?;
    let build = |_| S::from_environment(&environment).map(|state| &*Box::leak(Box::new(state)));
    let states = (0..concurrency.invocations()).map(build);
    let push = Option::<PushQueue>::from_environment(&environment)?;
    let push = push.map(|queue| &*Box::leak(Box::new(queue)));
    let states = states.collect::<Result<_, _>>()?;
    Ok((concurrency, timeout, push, states))
}
