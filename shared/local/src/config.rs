//! How a stack is made: ports, processes, time-outs and the functions' environment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::consumer::TaskQueue;
use crate::error::Result;
use crate::project::Project;

/// How many stacks this process has made: each writes its own logs.
static STACKS: AtomicUsize = AtomicUsize::new(0);

const README: &str = include_str!("../../../README.md");

/// The configuration of a stack. Start from [`StackConfig::new`] and change fields.
#[derive(Debug, Clone)]
pub struct StackConfig {
    /// The functions and their triggers.
    pub project: Project,
    /// The folder with the built function binaries.
    pub binaries: PathBuf,
    /// A database (`mysql://…`); it is migrated at the start.
    pub database_url: String,
    /// The HTTP front's port; `None` takes a free one.
    pub port: Option<u16>,
    /// Processes of each function that works off a queue.
    pub workers: usize,
    /// Processes of each function that answers HTTP requests: each serves one request at a time.
    pub http_processes: usize,
    /// How many messages an invocation gets at most (1 to 10); 1 as in the template.
    pub batch_size: usize,
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// How many receives until a message goes to the dead-letter queue.
    pub max_receive_count: u32,
    /// How long an invocation from a queue or a schedule may take.
    pub function_timeout: Duration,
    /// The pause between polls of a queue without new messages: failed messages come back by themselves.
    pub glance: Duration,
    /// How often scheduled functions are invoked; `None` takes the project's own intervals. A very long time
    /// leaves it to [`Stack::invoke`](crate::Stack::invoke).
    pub schedule: Option<Duration>,
    /// Origins whose web pages may use the stack (`https://panel.example`); none but its own by default.
    pub allowed_origins: Vec<String>,
    /// The task queues that may be in mode `sqs`.
    pub task_queues: Vec<TaskQueue>,
    /// More environment variables for every function; they win over the stack's own.
    pub environment: Vec<(String, String)>,
    /// The folder below `.local/log` for this stack's output.
    pub name: String,
}

impl StackConfig {
    /// Makes the usual stack of this project's functions in `binaries`, on `database_url`.
    pub fn new(binaries: impl Into<PathBuf>, database_url: impl Into<String>) -> Result<Self> {
        Ok(Self {
            project: Project::read(&project_root())?,
            binaries: binaries.into(),
            database_url: database_url.into(),
            port: None,
            workers: 2,
            http_processes: 1,
            batch_size: 1,
            visibility_timeout: Duration::from_secs(10),
            max_receive_count: 5,
            function_timeout: Duration::from_secs(8),
            glance: Duration::from_millis(200),
            schedule: None,
            allowed_origins: Vec::new(),
            task_queues: Vec::new(),
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

    /// Returns the names of the queues of jobs and of task queues.
    pub(crate) fn queues(&self) -> Vec<String> {
        let jobs = self.project.queues.keys().cloned();
        jobs.chain(self.task_queues.iter().map(TaskQueue::queue))
            .collect()
    }

    /// Returns how long an invocation of a function may take.
    pub(crate) fn timeout_of(&self, function: &str) -> Duration {
        let mut queues = self.project.queues.values();
        let own = queues.find(|queue| queue.worker == function);
        let seconds = own.and_then(|queue| queue.timeout);
        seconds.map_or(self.function_timeout, Duration::from_secs)
    }

    /// Returns the names of the functions: the project's, and the consumers of task queues.
    pub(crate) fn functions(&self) -> BTreeSet<String> {
        let own = self.project.functions.iter().cloned();
        own.chain(self.task_queues.iter().map(TaskQueue::function))
            .collect()
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

/// Returns the project's folder: the one this program lies in, so that a copied checkout is one of its own; else, where
/// programs are built elsewhere, the one we are in.
#[must_use]
pub fn project_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let program = std::env::current_exe().unwrap_or_default();
    let found = enclosing_project(&program).or_else(|| enclosing_project(&here));
    found.map_or_else(|| here.clone(), Path::to_owned)
}

/// Returns the folder of the built programs that this program or test lies beside.
#[must_use]
pub fn built_programs() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(&program);
    let is_test = folder.file_name().is_some_and(|name| name == "deps");
    let folder = folder.parent().filter(|_| is_test).unwrap_or(folder);
    folder.to_owned()
}

fn enclosing_project(path: &Path) -> Option<&Path> {
    let is_root = |folder: &&Path| folder.join("shared/local/mysql.sh").is_file();
    path.ancestors().find(is_root)
}

/// Returns the variables that the README's configuration table documents, which `make run` passes on to the functions; not
/// those that say where the database and the queues are, which are the stack's own.
pub(crate) fn passed_on() -> impl Iterator<Item = &'static str> {
    const OWN: [&str; 4] = [
        "DATABASE_URL",
        "GM_TASK_QUEUE",
        "TASK_QUEUES",
        "TASK_QUEUE_URL",
    ];
    let section = README
        .split("\n## Configuration\n")
        .nth(1)
        .unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = rows.filter_map(|row| row.split_once('`').map(|(name, _)| name));
    names.filter(|name| !OWN.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_found_from_any_place_inside_it_and_from_a_copy_of_it() {
        let copy = std::env::temp_dir().join(format!("copied-project-{}", std::process::id()));
        let script = copy.join("shared/local/mysql.sh");
        std::fs::create_dir_all(script.parent().unwrap()).unwrap();
        std::fs::write(&script, "").unwrap();
        let program = copy.join("target/local/task-local");
        assert_eq!(enclosing_project(&program), Some(&*copy));
        std::fs::remove_dir_all(&copy).unwrap();
        assert_eq!(enclosing_project(&program), None);
        assert!(project_root().join("template.yaml").is_file());
    }

    #[test]
    fn every_documented_variable_is_passed_on_but_where_things_are() {
        let names: Vec<_> = passed_on().collect();
        for name in [
            "STATION_CHUNKS",
            "DATABASE_CONNECTIONS",
            "METRICS_NAMESPACE",
            "LOG_LEVEL",
        ] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        assert!(!names.contains(&"DATABASE_URL") && !names.contains(&"GM_TASK_QUEUE"));
    }
}
