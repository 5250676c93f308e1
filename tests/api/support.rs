//! The stack the tests share, started by the first that needs it and ended by the last, and stacks of their own for
//! tests that break something.

mod answer;
mod api;
mod database;
mod instance;
mod leftovers;
mod orders;
mod receiver;
mod station;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use task_local::{Project, StackConfig, project_root};
use tokio::sync::Mutex;

pub(crate) use answer::Answer;
pub(crate) use api::Api;
pub(crate) use database::OwnDatabase;
pub(crate) use instance::Instance;
pub(crate) use orders::{numbered, order, orders, tomorrow};
pub(crate) use receiver::{Answers, Receiver};
pub(crate) use station::Station;

/// The queue of the order workers.
pub(crate) const QUEUE: &str = "order-import";
/// The function behind it.
pub(crate) const WORKER: &str = "order-batch-worker";
/// Every queue with its worker, as `Cargo.toml` lists them.
pub(crate) static QUEUES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let project = Project::read(&project_root()).unwrap();
    let queues = project.queues.into_iter();
    queues.map(|(name, queue)| (name, queue.worker)).collect()
});

/// The stack of most tests. Two processes a function, so that tests wait little for each other.
static SHARED: Shared = Shared::new(|config| StackConfig {
    http_processes: 2,
    ..config.with("CHUNK_SIZE", "50")
});

/// Runs a test on the stack that most tests share.
pub(crate) async fn with_api<T>(test: impl AsyncFnOnce(&Api) -> T) -> T {
    SHARED.lend(test).await
}

/// Runs a test on a stack of its own.
pub(crate) async fn with_own_api<T>(
    configure: impl FnOnce(StackConfig) -> StackConfig,
    test: impl AsyncFnOnce(&Api) -> T,
) -> T {
    let api = Api::start(configure).await;
    let end = test(&api).await;
    api.stop().await;
    end
}

/// A stack that tests share. It runs while any test uses it. The last test ends it and checks that nothing is left; if that test
/// fails, the stack's own guard ends the processes.
pub(crate) struct Shared {
    configure: fn(StackConfig) -> StackConfig,
    running: Mutex<Weak<Api>>,
}

impl Shared {
    pub(crate) const fn new(configure: fn(StackConfig) -> StackConfig) -> Self {
        Self {
            configure,
            running: Mutex::const_new(Weak::new()),
        }
    }

    pub(crate) async fn lend<T>(&self, test: impl AsyncFnOnce(&Api) -> T) -> T {
        let api = self.take().await;
        let end = test(&api).await;
        let _others_wait = self.running.lock().await;
        if let Some(api) = Arc::into_inner(api) {
            api.stop().await;
        }
        end
    }

    async fn take(&self) -> Arc<Api> {
        let mut running = self.running.lock().await;
        if let Some(api) = running.upgrade() {
            return api;
        }
        let api = Arc::new(Api::start(self.configure).await);
        *running = Arc::downgrade(&api);
        api
    }
}

/// A name that no other test uses.
pub(crate) fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What happens at all has happened by then, on the slowest machine.
const LONGEST: Duration = Duration::from_mins(3);

/// Asks until there is an answer.
///
/// # Panics
/// After three minutes: `what` did not happen.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    let asked = tokio::time::timeout(LONGEST, asking).await;
    asked.unwrap_or_else(|_| panic!("not within three minutes: {what}"))
}
