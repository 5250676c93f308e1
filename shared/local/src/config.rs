//! How a stack is made: ports, processes, time-outs and the functions' environment.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::Result;
use crate::project::Project;

/// How many stacks this process has made: each writes its own logs.
static STACKS: AtomicUsize = AtomicUsize::new(0);

/// The most messages SQS gives at once.
const LARGEST_BATCH: i32 = 10;

/// How a stack is made. Start from [`StackConfig::new`] and change what matters.
#[derive(Debug, Clone)]
pub struct StackConfig {
    /// The functions and their triggers.
    pub project: Project,
    /// The folder with the built function binaries.
    pub binaries: PathBuf,
    /// A database (`mysql://…`); it is migrated at the start.
    pub database_url: String,
    /// The gateway's port; `None` takes a free one.
    pub port: Option<u16>,
    /// Processes of each function that works off a queue.
    pub workers: usize,
    /// Processes of each function that answers HTTP requests: each serves one request at a time.
    pub http_processes: usize,
    /// How many messages an invocation gets at most (1 to 10).
    pub batch_size: i32,
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// How many receives until a message goes to the dead-letter queue.
    pub max_receive_count: u32,
    /// How long an invocation from a queue or a schedule may take.
    pub function_timeout: Duration,
    /// How often scheduled functions are invoked; `None` takes the project's own intervals. A very long time
    /// leaves it to [`Stack::invoke`](crate::Stack::invoke).
    pub schedule: Option<Duration>,
    /// More environment variables for every function; they win over the stack's own.
    pub environment: Vec<(String, String)>,
    /// The folder below `.local/log` for this stack's output.
    pub name: String,
}

impl StackConfig {
    /// The usual stack of this project's functions in `binaries`, on `database_url`.
    pub fn new(binaries: impl Into<PathBuf>, database_url: impl Into<String>) -> Result<Self> {
        Ok(Self {
            project: Project::read(&project_root())?,
            binaries: binaries.into(),
            database_url: database_url.into(),
            port: None,
            workers: 2,
            http_processes: 1,
            batch_size: LARGEST_BATCH,
            visibility_timeout: Duration::from_secs(10),
            max_receive_count: 5,
            function_timeout: Duration::from_secs(8),
            schedule: None,
            environment: Vec::new(),
            name: format!(
                "stack-{}-{}",
                std::process::id(),
                STACKS.fetch_add(1, Ordering::Relaxed)
            ),
        })
    }

    /// Sets an environment variable of the functions.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn tools(&self) -> PathBuf {
        self.project.root.join(".local/tools")
    }

    pub(crate) fn log(&self, part: &str) -> PathBuf {
        self.project
            .root
            .join(".local/log")
            .join(&self.name)
            .join(format!("{part}.log"))
    }
}

/// The folder of the root `Cargo.toml` this was built from.
#[must_use]
pub fn project_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
