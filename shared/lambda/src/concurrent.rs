//! Several invocations at once in one process, as Lambda sends them on managed instances (decision 13).
//!
//! The runtime polls for that many events at once and hands each to a free thread. A thread works on one at a time, with a
//! state of its own and so with connections of its own: a handler shares nothing but the logger with its neighbours.

use std::{panic::AssertUnwindSafe, sync::Arc, thread};

use futures_util::FutureExt;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::variables::AWS_LAMBDA_MAX_CONCURRENCY;
use crate::{ConfigurationError, Environment, Error, FromEnvironment, runtime::Handler};

/// 8 MiB, like the main thread; spawned threads get 2.
const STACK: usize = 8 << 20;

/// How many invocations there may be at a time in this process. `AWS_LAMBDA_MAX_CONCURRENCY`, which Lambda sets on managed
/// instances only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concurrency {
    /// One after the other, on the main thread.
    One,
    /// As many as the managed instance was configured for.
    Managed(usize),
}

impl Concurrency {
    /// Returns the number of invocations at once.
    pub(crate) fn invocations(self) -> usize {
        match self {
            Self::One => 1,
            Self::Managed(most) => most,
        }
    }
}

impl FromEnvironment for Concurrency {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let most = environment.integer(AWS_LAMBDA_MAX_CONCURRENCY, 1..=1_600)?;
        Ok(match most {
            0 => Self::One,
            most => Self::Managed(most),
        })
    }
}

type Answer<A> = Result<A, Diagnostic>;
/// An event, and who waits for its answer.
type Job<E, A> = (LambdaEvent<E>, oneshot::Sender<Answer<A>>);

/// Polls for as many events at once as there are handlers, until the process is stopped.
pub(crate) async fn serve<E, A>(handlers: Vec<Handler<E, A>>) -> Result<(), Error>
where
    E: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
{
    let (jobs, queue) = mpsc::channel(handlers.len());
    let queue = Arc::new(Mutex::new(queue));
    for handle in handlers {
        let queue = Arc::clone(&queue);
        let worker = thread::Builder::new().stack_size(STACK);
        worker.spawn(move || work(&queue, handle))?;
    }
    let service = service_fn(move |event| hand_over(jobs.clone(), event));
    Runtime::new(service).run_concurrent().await
}

async fn hand_over<E, A>(jobs: mpsc::Sender<Job<E, A>>, event: LambdaEvent<E>) -> Answer<A> {
    let (answer, answered) = oneshot::channel();
    jobs.send((event, answer)).await.map_err(|_| lost())?;
    answered.await.map_err(|_| lost())?
}

/// Returns the answer to an invocation whose handler panicked.
fn lost() -> Diagnostic {
    Diagnostic {
        error_type: "Panicked".to_owned(),
        error_message: "the handler panicked".to_owned(),
    }
}

/// Works on one event of the queue after the other, on a thread of its own.
fn work<E, A, R, F>(queue: &Mutex<mpsc::Receiver<Job<E, A>>>, handle: impl Fn(LambdaEvent<E>) -> F)
where
    R: Into<Diagnostic>,
    F: Future<Output = Result<A, R>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let working = async {
        while let Some((event, answer)) = next(queue).await {
            // Without an answer the invocation counts as failed.
            if let Ok(end) = AssertUnwindSafe(handle(event)).catch_unwind().await {
                drop(answer.send(end.map_err(Into::into)));
            }
        }
    };
    match runtime {
        Ok(runtime) => runtime.block_on(working),
        Err(error) => tracing::error!(%error, "a thread is without a runtime"),
    }
}

async fn next<T>(queue: &Mutex<mpsc::Receiver<T>>) -> Option<T> {
    queue.lock().await.recv().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_runtime::Context;

    fn concurrency(value: &str) -> Result<Concurrency, ConfigurationError> {
        let environment = Environment::from([("AWS_LAMBDA_MAX_CONCURRENCY", value)]);
        Concurrency::from_environment(&environment)
    }

    #[test]
    fn only_a_managed_instance_has_several_invocations_at_once() {
        assert_eq!(concurrency(""), Ok(Concurrency::One));
        assert_eq!(concurrency("8"), Ok(Concurrency::Managed(8)));
        let error = concurrency("0").unwrap_err().to_string();
        assert!(error.contains("AWS_LAMBDA_MAX_CONCURRENCY"), "{error}");
    }

    #[tokio::test]
    async fn a_thread_outlives_a_panic_which_fails_its_own_invocation_only() {
        let (jobs, queue) = mpsc::channel(1);
        let handle = async |event: LambdaEvent<u8>| {
            assert!(event.payload > 0, "boom");
            Ok::<_, Error>(event.payload)
        };
        let worker = thread::spawn(move || work(&Mutex::new(queue), handle));
        let event = |payload| LambdaEvent::new(payload, Context::default());
        let panicked = hand_over::<u8, u8>(jobs.clone(), event(0)).await;
        assert_eq!(panicked.unwrap_err().error_type, "Panicked");
        assert_eq!(hand_over(jobs, event(7)).await.unwrap(), 7);
        worker.join().unwrap();
    }
}
