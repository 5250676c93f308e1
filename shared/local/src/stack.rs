//! The whole local stack: queue emulator, HTTP front, function processes, event source mappings and schedules, started
//! together and ended together. Several can run at once, each on free ports and with its own database.

use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::config::StackConfig;
use crate::error::{LocalError, Result};
use crate::parts::Parts;
use crate::pool::Pool;
use crate::queue::QueueDepth;

/// A running stack. [`Stack::stop`] ends it in order; dropping it, or the death of this process, just ends it.
///
/// It has a runtime of its own, so it can be shared by tests that each have theirs.
#[derive(Debug)]
pub struct Stack {
    parts: Arc<Parts>,
    // Ended without waiting, because a runtime must not be dropped inside another one.
    runtime: Option<Runtime>,
}

impl Stack {
    /// Starts everything and returns when every function has answered.
    pub async fn start(config: StackConfig) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| LocalError::part("runtime", error))?;
        let starting = runtime.spawn(Parts::start(config));
        // Made before the parts exist, so that giving up half-way ends what has been started.
        let ender = Ender(Some(runtime));
        let parts = starting
            .await
            .map_err(|error| LocalError::part("stack", error))??;
        Ok(Self {
            parts: Arc::new(parts),
            runtime: ender.release(),
        })
    }

    /// Returns `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.parts.front.base_url()
    }

    /// Returns the URL of a path of the API.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url())
    }

    /// Returns the database the functions use.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.parts.config.database_url
    }

    /// Finds the processes of a function; an error when the stack does not run it.
    pub fn function(&self, name: &str) -> Result<&Pool> {
        self.parts.function(name)
    }

    /// Invokes a function with an event and gives its answer.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value> {
        let function = function.to_owned();
        self.inside(move |parts| async move { parts.invoke(&function, &event).await })
            .await
    }

    /// Counts the messages of a queue.
    pub async fn queue_depth(&self, queue: &str) -> Result<QueueDepth> {
        let queue = queue.to_owned();
        self.inside(move |parts| async move { parts.emulator.depth(&queue).await })
            .await
    }

    /// Puts a message into a queue.
    pub async fn send(&self, queue: &str, body: &str) -> Result<()> {
        let (queue, body) = (queue.to_owned(), body.to_owned());
        self.inside(move |parts| async move { parts.emulator.send(&queue, &body).await })
            .await
    }

    /// Takes up to ten messages that wait in a queue out of it and gives their bodies: nobody else gets them.
    pub async fn take(&self, queue: &str) -> Result<Vec<String>> {
        let queue = queue.to_owned();
        self.inside(move |parts| async move { parts.emulator.take(&queue).await })
            .await
    }

    /// Kills the queue emulator (SIGKILL); its messages are lost and it stays away.
    pub async fn kill_queue(&self) -> Result<()> {
        self.inside(|parts| async move {
            parts.emulator.stop(false).await;
            Ok(())
        })
        .await
    }

    /// Starts the queue emulator again, with its queues empty.
    pub async fn start_queue(&self) -> Result<()> {
        self.inside(|parts| async move { parts.emulator.restart().await })
            .await
    }

    /// Ends everything in order: parts that bring work first, parts that work needs last.
    pub async fn stop(self) {
        let _ = self
            .inside(|parts| async move {
                parts.stop().await;
                Ok(())
            })
            .await;
    }

    /// Runs a piece of work on the stack's own runtime.
    async fn inside<T, F>(&self, work: impl FnOnce(Arc<Parts>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let ended = || LocalError::part("stack", "has been stopped");
        let runtime = self.runtime.as_ref().ok_or_else(ended)?;
        let work = runtime.spawn(work(Arc::clone(&self.parts)));
        work.await.map_err(|_| ended())?
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(Ender(self.runtime.take()));
    }
}

struct Ender(Option<Runtime>);

impl Ender {
    fn release(mut self) -> Option<Runtime> {
        self.0.take()
    }
}

impl Drop for Ender {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
