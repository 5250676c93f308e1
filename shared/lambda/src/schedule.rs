//! Functions that a schedule or an operator invokes: the sweeper, the migrations.

use std::time::Instant;

use futures_util::FutureExt;
use lambda_runtime::LambdaEvent;
use serde::{Serialize, de::IgnoredAny};
use task_engine::Deadline;
use task_service::Result;
use tracing::Instrument;

use crate::deadline::{self, FunctionTimeout};
use crate::{FromEnvironment, fault, runtime, telemetry};

/// Serves a function that is invoked without parameters; the handler's value is the answer. It begins nothing more after
/// the deadline it is given.
///
/// # Errors
/// A bad configuration. A failed invocation is answered as failed, so that the invoker may retry it.
pub fn serve<S, H, F, T>(handler: H) -> std::result::Result<(), crate::Error>
where
    S: FromEnvironment,
    H: Fn(&'static S, Deadline) -> F + Copy + Send + 'static,
    F: Future<Output = Result<T>> + 'static,
    T: Serialize + Send + 'static,
{
    runtime::serve(&|environment| {
        let state = runtime::leaked(environment)?;
        let timeout = FunctionTimeout::from_environment(environment)?;
        Ok(Box::new(move |event: LambdaEvent<IgnoredAny>| {
            let deadline = deadline::of(&event.context, timeout);
            let span = telemetry::span(&event.context);
            let answering = answer(handler(state, deadline));
            answering.instrument(span).boxed_local()
        }))
    })
}

async fn answer<T>(work: impl Future<Output = Result<T>>) -> std::result::Result<T, crate::Error> {
    let start = Instant::now();
    let outcome = fault::isolated(work).await.flatten();
    let duration_ms = telemetry::milliseconds(start);
    match outcome {
        Ok(answer) => {
            tracing::info!(duration_ms, "done");
            Ok(answer)
        }
        Err(error) => {
            let text = fault::loggable(&error).into_owned();
            tracing::error!(duration_ms, error = text, "failed");
            Err(text.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use task_service::{Error, ErrorCode};

    #[tokio::test]
    async fn the_answer_of_the_handler_is_the_answer_of_the_function() {
        assert_eq!(answer(async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_failed_run_is_answered_as_failed() {
        let busy =
            answer::<()>(async { Err(Error::refused(ErrorCode::SystemBusy, "no queue")) }).await;
        assert_eq!(busy.unwrap_err().to_string(), "no queue");
        assert!(answer::<()>(async { panic!("boom") }).await.is_err());
    }
}
