//! The process of a function: logger and state first, then one event after the other.

use std::fmt;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error,
    configuration::{ConfigurationError, Environment, FromEnvironment},
    telemetry,
};

/// Builds what the function needs, once. It lives as long as the process, so every event can borrow it.
///
/// # Errors
/// A missing or bad variable; it is logged, and the caller is to end the process with it.
pub(crate) fn state<S: FromEnvironment>() -> Result<&'static S, ConfigurationError> {
    let environment = Environment::of_process();
    telemetry::start(&environment)
        .and_then(|()| S::from_environment(&environment))
        .map(|state| &*Box::leak(Box::new(state)))
        .inspect_err(|error| tracing::error!(error = %error, "not started"))
}

/// Polls for events until the process is stopped.
pub(crate) async fn run<E, A, R, F>(handle: impl Fn(LambdaEvent<E>) -> F) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    R: Into<Diagnostic> + fmt::Debug,
    F: Future<Output = Result<A, R>>,
{
    Runtime::new(service_fn(handle)).run().await
}
