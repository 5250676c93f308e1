//! The worker of a batch job: everything that its function does.

use std::time::Instant;

use futures_util::FutureExt;
use lambda_runtime::LambdaEvent;
use task_engine::{BatchJob, Invocation, Settings};
use task_service::Error;
use task_store::Database;
use tracing::Instrument;

use super::{Event, Message, PartialBatchResponse, handle_all};
use crate::deadline::{self, FunctionTimeout};
use crate::{FromEnvironment, fault, runtime, telemetry};

/// What a worker of job `J` needs.
type State<J> = (Database, Settings, J, FunctionTimeout);

/// Serves the worker of a batch job: works the chunks that its messages announce and then, while there is time, the
/// deferred ones of their stations.
///
/// # Errors
/// A bad configuration.
pub fn serve_job<J: BatchJob + FromEnvironment>() -> Result<(), crate::Error> {
    runtime::serve(&|environment| {
        let state: &State<J> = runtime::leaked(environment)?;
        Ok(Box::new(move |event| work_all(state, event).boxed_local()))
    })
}

async fn work_all<J: BatchJob>(
    (database, settings, job, timeout): &State<J>,
    event: LambdaEvent<Event>,
) -> Result<PartialBatchResponse, crate::Error> {
    let deadline = deadline::of(&event.context, *timeout);
    let request = event.context.request_id.clone();
    let invocation = Invocation::new(database, job, settings, deadline);
    let invocation = &invocation.of_request(&request);
    let work = |message: Message| async move {
        let key = message.chunk()?;
        match message.receive_count {
            1 => invocation.work_first_delivery(key).await?,
            _ => invocation.work(key).await?,
        }
        Ok(())
    };
    let answer = handle_all(event.payload, &event.context, deadline, work).await?;
    let span = telemetry::span(&event.context);
    work_deferred(invocation).instrument(span).await;
    Ok(answer)
}

/// Works deferred chunks. No message waits for them: the sweeper announces the chunks that fail here.
async fn work_deferred<J: BatchJob>(invocation: &Invocation<'_, J>) {
    let start = Instant::now();
    let end = fault::isolated(invocation.work_deferred()).await;
    if let Err(error) = end.and_then(|end| end.map_err(Error::from)) {
        let (error, duration_ms) = (fault::loggable(&error), telemetry::milliseconds(start));
        tracing::error!(%error, duration_ms, "deferred chunks are left to the sweeper");
    }
}
