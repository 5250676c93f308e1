//! The process of a function: logger and state first, then one event after the other.

use futures_util::{FutureExt, future::LocalBoxFuture};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
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

/// What a function does with an event. It is boxed, so that the loop around it is compiled once for all functions.
pub(crate) type Handler<E, A> =
    Box<dyn Fn(LambdaEvent<E>) -> LocalBoxFuture<'static, Result<A, Error>> + Send>;

/// Builds a handler with a state of its own.
type Build<'a, E, A> = dyn Fn(&Environment) -> Result<Handler<E, A>, ConfigurationError> + 'a;

/// Polls for events until the process is stopped. `build` makes a handler with a state of its own for each invocation that
/// there may be at a time.
///
/// # Errors
/// A missing or bad variable; it is logged, and the caller is to end the process with it.
pub(crate) fn serve<E, A>(build: &Build<'_, E, A>) -> Result<(), Error>
where
    E: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
{
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(poll(build))
}

async fn poll<E, A>(build: &Build<'_, E, A>) -> Result<(), Error>
where
    E: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
{
    let (environment, concurrency) = start()
        .await
        .inspect_err(|error| tracing::error!(%error, "not started"))?;
    let build = || measured(&environment, build(&environment)?);
    let handlers = (0..concurrency.invocations()).map(|_| build());
    let mut handlers = handlers
        .collect::<Result<Vec<_>, _>>()
        .inspect_err(|error| tracing::error!(%error, "not started"))?;
    match concurrency {
        Concurrency::One => Runtime::new(service_fn(handlers.remove(0))).run().await,
        Concurrency::Managed(_) => concurrent::serve(handlers).await,
    }
}

/// Sets up the logger and reads the variables and the database's passwords.
async fn start() -> Result<(Environment, Concurrency), ConfigurationError> {
    let environment = Environment::of_process();
    telemetry::start(&environment)?;
    for variable in RUNTIME {
        environment.required(variable)?;
    }
    let environment = environment.with_logins().await?;
    let concurrency = Concurrency::from_environment(&environment)?;
    Ok((environment, concurrency))
}

/// Keeps the trace and the end of each invocation for the handler, announces the units that it opened, and writes its metrics.
fn measured<E: 'static, A: 'static>(
    environment: &Environment,
    handle: Handler<E, A>,
) -> Result<Handler<E, A>, ConfigurationError> {
    let timeout = FunctionTimeout::from_environment(environment)?;
    let push: &'static Option<PushQueue> = leaked(environment)?;
    Ok(Box::new(move |event| {
        let trace = event.context.xray_trace_id.clone();
        let end = deadline::end(&event.context, timeout);
        let handling = handle(event);
        let handling = trace::within(trace, async move {
            let answer = handling.await;
            if let Some(queue) = push {
                queue.announce_opened().await;
            }
            answer
        });
        let handling = invocation::within(end, handling);
        handling.inspect(|_| metrics::flush()).boxed_local()
    }))
}

/// Builds a state that lives as long as the process, so that every event can borrow it.
pub(crate) fn leaked<S: FromEnvironment>(
    environment: &Environment,
) -> Result<&'static S, ConfigurationError> {
    S::from_environment(environment).map(|state| &*Box::leak(Box::new(state)))
}
