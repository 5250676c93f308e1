//! The process of a function: logger and state first, then one event after the other.

use std::fmt;

use futures_util::FutureExt;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error,
    configuration::{ConfigurationError, Environment, FromEnvironment},
    metrics, telemetry,
};

/// What the Lambda runtime sets; without it the process was started by hand.
const RUNTIME: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// Builds what the function needs, once. It lives as long as the process, so every event can borrow it.
///
/// # Errors
/// A missing or bad variable; it is logged, and the caller is to end the process with it.
pub(crate) fn state<S: FromEnvironment>() -> Result<&'static S, ConfigurationError> {
    let environment = Environment::of_process();
    telemetry::start(&environment)
        .and_then(|()| build(&environment))
        .map(|state| &*Box::leak(Box::new(state)))
        .inspect_err(|error| tracing::error!(%error, "not started"))
}

fn build<S: FromEnvironment>(environment: &Environment) -> Result<S, ConfigurationError> {
    for variable in RUNTIME {
        environment.required(variable)?;
    }
    S::from_environment(environment)
}

/// Polls for events until the process is stopped.
pub(crate) async fn run<E, A, R, F>(handle: impl Fn(LambdaEvent<E>) -> F) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    R: Into<Diagnostic> + fmt::Debug,
    F: Future<Output = Result<A, R>>,
{
    let measured = |event| handle(event).inspect(|_| metrics::flush());
    Runtime::new(service_fn(measured)).run().await
}
